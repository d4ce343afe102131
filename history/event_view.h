/* Journal records to the events that people and programs follow: each thing that happened to a
 * service once, in Compose's words. Pure. */
#ifndef BULKHEAD_HISTORY_EVENT_VIEW_H
#define BULKHEAD_HISTORY_EVENT_VIEW_H

#include "core/health.h"
#include "core/record.h"

/* X(id, name) */
#define ACTIONS(X)                                                                                 \
    X(CREATE, "create")         /* an incarnation begins: its compartment is made */               \
    X(START, "start")           /* its process is born */                                          \
    X(READY, "ready")           /* it has become the program; dependents may start */              \
    X(OOM, "oom")               /* the kernel killed in it for memory; `die` follows if it died */ \
    X(DIE, "die")               /* once a death */                                                 \
    X(KILL, "kill")             /* we sent a signal to it while it lived */                        \
    X(STOP, "stop")             /* it has ended because it was asked to */                         \
    X(RESTART, "restart")       /* it begins again, by policy or on request; `create` follows */   \
    X(HOLD, "hold")             /* its restarts are used up */                                     \
    X(QUARANTINE, "quarantine") /* it will not end: left behind */                                 \
    X(HEALTH, "health_status")  /* what its probes say has changed */                              \
    X(ADOPT, "adopt")           /* of the stack: another supervisor goes on with all of it */

enum action {
#define X(id, name) ACTION_##id,
    ACTIONS(X)
#undef X
        ACTIONS_COUNT
};

/* A member as the view knows it. */
struct view_member {
    char name[INSTANCE_NAME_MAX];
    uint32_t service_length;
    uint32_t number;
    uint32_t generation;
    uint32_t judged; // the generation whose death has been told
    bool alive;
    bool asked;      // a restart was requested
    bool will_again; // the last verdict said so
    uint64_t restarts;
};

#define VIEW_OF_STACK UINT32_MAX

struct user_event {
    enum action action;
    uint32_t index; // of the member; VIEW_OF_STACK: `member` is the stack itself
    int64_t wall_ns;
    instant at;
    const struct view_member *member; // valid until the next record, as is
    const struct policy *policy;      // the member's; NULL where the view keeps none
    int64_t pid;                      // START; ADOPT: the supervisor's
    uint32_t generation;
    int32_t signal;         // KILL
    enum health health;     // HEALTH: from now on
    bool requested;         // RESTART: on request
    struct verdict verdict; // OOM, DIE, QUARANTINE
};

#define EVENT_VIEW_MAX 3 // events of one record

struct event_view {
    char stack[NAME_BYTES_MAX + 1];
    struct view_member whole;    // the stack, where something happens to all of it
    struct view_member *members; // owned
    struct policy *policies;     // owned, of the same members; NULL: not kept
    uint32_t members_count;
    uint32_t members_capacity;
    bool lean;       // without policies: for who stays and does not need them
    int64_t wall_ns; // of the last event record
    instant at;
    bool finished; // the supervisor said that it ends
};

void event_view_init(struct event_view *view, bool lean);
void event_view_finish(struct event_view *view);

/* What the record means. Returns how many events are in `events`, or -ENOMEM. */
int event_view_feed(struct event_view *view, const struct record *record,
                    struct user_event events[EVENT_VIEW_MAX]);

const char *action_name(enum action action);
enum action action_from_name(const char *name); // ACTIONS_COUNT: unknown

/* Is the member one of the words: services ("web") or members ("web-1")? No words: yes. */
bool view_member_is(const struct view_member *member, char *const *words, size_t count);
bool view_name_is(const char *name, size_t service_length, char *const *words, size_t count);

#endif
