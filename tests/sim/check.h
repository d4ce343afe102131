/* What must never happen: the invariants, and how much of the machine they have seen at work. */
#ifndef BULKHEAD_TESTS_SIM_CHECK_H
#define BULKHEAD_TESTS_SIM_CHECK_H

#include "core/fleet.h"
#include "core/health.h"
#include "tests/sim/check_restart.h"
#include "tests/sim/check_victims.h"

struct sim;
#define RESULTS_KEPT 16

/* Of one probe. */
struct result {
    bool is_good;
    int64_t up_ns; // how long the program ran when it began
};

/* What the checks know of the health of a program that runs. */
struct care_book {
    instant began;
    instant due; // the next probe
    bool is_watched, ever_good;
    bool is_ready; // its post_start hooks are done
    uint32_t results;
    struct result result[RESULTS_KEPT];
};

/* The aide that was started last. */
struct aide_book {
    uint32_t generation;
    uint32_t serial; // 0: it has ended, as far as was told
    uint32_t kind, index;
    instant began, late;
    bool is_ended;   // told to
    bool is_dropped; // and not listened to
};

/* What the checks remember of one member. */
struct shadow {
    enum state state; // as the effects so far have told
    struct care_book book;
    struct aide_book aide;
    bool is_vague; // its policy changed while it ran: nobody works out its health
    struct toll_book toll;
    bool is_late;         // this incarnation is killed because it was not there in time
    bool is_unhealthy;    // this incarnation is stopped because of its probes,
    uint32_t failed_hook; // or because of this hook
    uint32_t failed_index, told_health;
    int64_t failed_code;
    uint32_t hooks_begun[AIDE_KINDS];
    bool is_prepared; // came to its birth through PREPARING
    bool asked_alone; // since its last start
    uint32_t generation;
    uint32_t judged;     // generation whose death has its verdict
    uint32_t unkillable; // generation told to be so
    uint32_t buried;     // generation
    int64_t failures;
    int64_t restarts; // by policy since the last request
    struct decisions decisions[CAUSES_COUNT];
    int64_t budget;         // most restarts by the policy that decided the last
    instant told_at;        // of the last verdict
    struct verdict verdict; // of the last death
    instant announced;      // BACKOFF's deadline
    bool waited;            // came to its birth by a request: through WAITING or out of BACKOFF
    bool owed;              // a start was asked for and not revoked
    bool asked;             // this incarnation was asked to stop
    instant spawned;
    instant killing; // since when
    bool in_group;   // is restarted with others, or others with it
    bool by_policy;  // and it is the one, or one of those, that failed
    uint64_t spawns, burials;
    instant queued; // since when it waits for its turn; NONE: it does not
};

/* As much of a member as a step's judges need to know of the time before. */
struct earlier {
    int64_t state, want, again;
    int64_t deadline_ns; // the state's or the aide's
    int64_t own_ns;      // the state's
    int64_t grace_ns, alone;
    bool aide_ended;
};

void break_rule(struct sim *sim, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void check_before(struct sim *sim, const struct event *event);
void check_after(struct sim *sim, const struct event *event);
void check_end(struct sim *sim);
void check_verdict(struct sim *sim, const struct event *event, const struct effect *effect);
void note_group(struct sim *sim, uint32_t culprit);
void note_group_shift(struct sim *sim, const struct event *event, const struct effect *effect);
bool is_restarted_with(const struct sim *sim, uint32_t member); // because of a death in this step
int who_gathers(const struct sim *sim, uint32_t member); // it may not start before that one; -1
void check_others_stop(struct sim *sim);
bool stops_stack(const struct sim *sim); // somebody asks for it in this step
void check_stack_stopped(struct sim *sim);
void note_reload(struct sim *sim, const uint32_t *where); // the members' new places
void check_governor(struct sim *sim, const struct event *event);
const struct need *need_of(const struct sim *sim, uint32_t member, uint32_t index);
void note_request(struct sim *sim, const struct event *event);
void check_request(struct sim *sim, const struct event *event);
void note_aides(struct sim *sim, const struct event *event);
void note_program(struct sim *sim, uint32_t member);
enum health expected_health(const struct sim *sim, uint32_t member);
void check_aide(struct sim *sim, const struct event *event, const struct effect *effect);
void check_end_aide(struct sim *sim, const struct effect *effect);
void check_health(struct sim *sim, const struct effect *effect);
void check_aide_left(struct sim *sim, const struct effect *effect);
void check_stop_hooks(struct sim *sim, const struct event *event, const struct effect *effect);
void check_start_hooks(struct sim *sim, uint32_t member);
void check_aides_of(struct sim *sim, uint32_t member);
bool is_heard(const struct sim *sim, const struct event *event);
bool is_same(const struct incarnation *a, const struct incarnation *b);
bool is_stale(const struct sim *sim, const struct event *event);

#endif
