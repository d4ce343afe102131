/* Control frames: what the command line and the supervisor say to each other over a SOCK_SEQPACKET
 * unix socket. One packet is one frame; both sides treat every byte of the other as hostile.
 *
 * A client sends one request. PS is answered by an INFO, a ROW a member, and DONE. WATCH is
 * answered the same way, and the connection stays: a ROW follows for every member that changed
 * (only the latest state of each is told, so a slow reader costs no memory), and BYE when the
 * supervisor ends. Every other verb is answered by DONE or ERROR as soon as the request is
 * accepted, not when it is fulfilled: who wants to know that WATCHes. */
#ifndef BULKHEAD_CORE_WIRE_H
#define BULKHEAD_CORE_WIRE_H

#include <stddef.h>

#include "core/limits.h"
#include "core/lifecycle.h"

#define WIRE_VERSION     1
#define WIRE_REQUEST_MAX ((size_t)32 * 1024) // a request's bytes
#define WIRE_REPLY_MAX   1024                // a reply frame's bytes
#define WIRE_NAMES_MAX   512                 // names in one request

#define WIRE_VERBS(X)     \
    X(PS, "ps")           \
    X(WATCH, "watch")     \
    X(START, "start")     \
    X(STOP, "stop")       \
    X(RESTART, "restart") \
    X(KILL, "kill")       \
    X(DOWN, "down")

enum wire_verb {
#define X(id, name) WIRE_##id,
    WIRE_VERBS(X)
#undef X
        WIRE_VERBS_COUNT
};

struct wire_request {
    enum wire_verb verb;
    int64_t grace_ns;     // STOP, RESTART, DOWN: EVENT_GRACE_POLICY or a length of time
    int32_t signal;       // KILL
    uint32_t names_count; // services ("web": all its instances) or members ("web-1"); 0: all
    const char *names[WIRE_NAMES_MAX]; // decoded: lead into the frame
};

enum wire_reply_kind {
    WIRE_INFO = 1,
    WIRE_ROW,
    WIRE_DONE,
    WIRE_ERROR,
    WIRE_BYE,
};

struct wire_info {
    int32_t supervisor_pid;
    int32_t keeper_pid;
    uint32_t members;
    uint32_t ending; // the stack is going down
    int64_t started_wall_ns;
    int64_t journal_lost; // journal lines that could not be kept
    char stack[NAME_BYTES_MAX + 1];
};

struct wire_row {
    uint32_t member;
    uint32_t service_length; // the service's name is the first service_length bytes of `name`
    uint32_t number;
    uint32_t state; // enum state
    uint32_t want;
    uint32_t generation;
    int32_t pid;
    int32_t exit_code; // of the last death; -1: by a signal or unknown
    int32_t signal;
    uint32_t verdict; // enum verdict_kind of the last death
    int32_t step;     // SPAWN_FAILED
    int32_t error;
    int64_t restarts;        // by policy, since ever
    int64_t started_wall_ns; // 0: never
    int64_t uptime_ns;       // running: of this one; else: of the last
    int64_t deadline_in_ns;  // BACKOFF, STOPPING: from now; -1: none
    int64_t peak_bytes;      // of the last death
    int64_t limit_bytes;     // memory.max of the policy, 0: none
    int64_t waits_for;       // WAITING: member index, else -1
    int64_t sequence;        // of its last change
    char name[INSTANCE_NAME_MAX];
};

struct wire_reply {
    enum wire_reply_kind kind;
    struct wire_info info;
    struct wire_row row;
    char message[512]; // ERROR
};

/* Encoders return the frame's length, 0 when it does not fit into `size`. */
size_t wire_request_encode(const struct wire_request *request, unsigned char *frame, size_t size);
size_t wire_reply_encode(const struct wire_reply *reply, unsigned char *frame, size_t size);

/* 0; 1: malformed, *ret_why a static text for the error reply. */
int wire_request_decode(const unsigned char *frame, size_t size, struct wire_request *ret,
                        const char **ret_why);
int wire_reply_decode(const unsigned char *frame, size_t size, struct wire_reply *ret,
                      const char **ret_why);

const char *wire_verb_name(enum wire_verb verb);

#endif
