/* Control frames: what the command line and the supervisor say to each other over a SOCK_SEQPACKET
 * unix socket. One packet is one frame; both sides treat every byte of the other as hostile.
 *
 * A client sends one request. PS is answered by an INFO, a ROW a member, a LEFT for each
 * incarnation that does not end, and DONE. WATCH is answered the same way but for those, and the
 * connection stays: a ROW follows for every member that changed (only the latest state of each is
 * told, so a slow reader costs no memory), and BYE when the supervisor ends. RELOAD and LIMITS are
 * answered by DONE or ERROR when it has happened, or not. Every other verb but EXEC is answered so
 * as soon as the request is accepted, not when it is fulfilled: who wants to know that WATCHes.
 *
 * EXEC bears a process beside a member, in a compartment of its own. It is answered by STARTED or
 * ERROR, and when the process has ended by EXITED, the last frame of the connection. In between the
 * client may send EXEC_SIGNAL, which is not answered. When the client goes away, everything in the
 * compartment is killed.
 *
 * UPGRADE is understood by every version: its frame and the answers to it (DONE, ERROR) are the
 * same for ever. The supervisor that is asked ends, and another build's takes over.
 *
 * Files travel with a request as SCM_RIGHTS (unix(7)): WIRE_*_FILES says how many, in what order.
 * What comes with any other request is closed unseen. */
#ifndef BULKHEAD_CORE_WIRE_H
#define BULKHEAD_CORE_WIRE_H

#include <stddef.h>

#include "core/wire_row.h"

#define WIRE_VERSION     4
#define WIRE_REQUEST_MAX ((size_t)32 * 1024) // a request's bytes
#define WIRE_REPLY_MAX   1024                // a reply frame's bytes
#define WIRE_NAMES_MAX   512                 // names in one request

#define WIRE_VERBS(X)             \
    X(PS, "ps")                   \
    X(WATCH, "watch")             \
    X(START, "start")             \
    X(STOP, "stop")               \
    X(RESTART, "restart")         \
    X(KILL, "kill")               \
    X(DOWN, "down")               \
    X(RELOAD, "reload")           \
    X(LIMITS, "limits")           \
    X(FORGET, "forget")           \
    X(EXEC, "exec")               \
    X(EXEC_SIGNAL, "exec-signal") \
    X(UPGRADE, "upgrade")

enum wire_verb {
#define X(id, name) WIRE_##id,
    WIRE_VERBS(X)
#undef X
        WIRE_VERBS_COUNT
};

/* RELOAD: a memfd, sealed against every change, with the new plan file. */
#define WIRE_RELOAD_FILES 1

/* UPGRADE: the folder of the other build's programs. */
#define WIRE_UPGRADE_FILES 1

/* EXEC: a memfd, sealed alike, with one launch record (planfile_launch_encode; its controls are the
 * limits of the compartment); then stdin, stdout and stderr of the process. When stdin is a
 * terminal it becomes the controlling terminal. */
enum wire_exec_file {
    WIRE_EXEC_LAUNCH,
    WIRE_EXEC_STDIN,
    WIRE_EXEC_STDOUT,
    WIRE_EXEC_STDERR,
    WIRE_EXEC_FILES,
};

#define WIRE_FILES_MAX WIRE_EXEC_FILES // with one request

struct wire_request {
    enum wire_verb verb;
    int64_t grace_ns; // STOP, RESTART, DOWN: EVENT_GRACE_POLICY or a length of time
    int32_t signal;   // KILL, EXEC_SIGNAL
    uint32_t table;   // UPGRADE: the highest KEEPER_TABLE_VERSION that the other build reads
    bool alone;       // START: gates do not hold it, and what it needs is not started
                      // RESTART: what depends on it is not restarted with it
    bool run;         // EXEC: it lives beside the service ("run-…") and not for it ("exec-…")
    uint32_t names_count; // services ("web": all its instances) or members ("web-1"); 0: all.
                          // EXEC: one member; RELOAD, DOWN, PS, WATCH, EXEC_SIGNAL: none counts
    const char *names[WIRE_NAMES_MAX]; // decoded: lead into the frame
};

enum wire_reply_kind {
    WIRE_INFO = 1,
    WIRE_ROW,
    WIRE_DONE,
    WIRE_ERROR,
    WIRE_BYE,
    WIRE_STARTED, // EXEC: the process is born and is the program
    WIRE_EXITED,  // EXEC: it has ended, and everything in its compartment with it
    WIRE_LEFT,    // PS: an incarnation that does not end
    WIRE_REPLIES_END,
};

struct wire_reply {
    enum wire_reply_kind kind;
    struct wire_info info;
    struct wire_row row;
    struct wire_exec exec;
    struct wire_left left;
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
