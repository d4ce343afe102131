/* How the command line hands a stack to the keeper, and the keeper to the supervisor: open files at
 * agreed numbers. Everything else comes out of the plan file.
 *
 *   bulkhead --> bulkhead-keeper STACK LIBEXEC_DIR [HOW]  fds 0-2, PLAN, LOCK, READY, CGROUP
 *   keeper   --> bulkheadd STACK LIBEXEC_DIR [HOW]        the same and KEEPER
 *   bulkheadd -> bulkhead-recorder STACK                  fds 0-2, LOCK, RECORDER, BUFFER
 *
 * stdin is /dev/null; stdout and stderr are the FIFO fifo/bulkhead.err, opened read-write. HOW says
 * that the stack may be alive, and that what runs in its compartments is to be taken over: `adopt`;
 * or `upgrade`, from another build: the keeper has become another build's itself, with TABLE beside
 * the other files.
 *
 *   bulkhead --> bulkheadd --self-check RUNTIME_DIR       exits 0 if it could take that stack over
 */
#ifndef BULKHEAD_CORE_HANDOVER_H
#define BULKHEAD_CORE_HANDOVER_H

#include <stdint.h>

enum {
    HANDOVER_PLAN = 3,     // sealed memfd with the plan file; read with pread only
    HANDOVER_LOCK = 4,     // holds the stack's lock for as long as it is open anywhere
    HANDOVER_READY = 5,    // pipe: the supervisor writes "ready\n", or one line that says why not
    HANDOVER_CGROUP = 6,   // directory of the stack's cgroup
    HANDOVER_KEEPER = 7,   // SOCK_SEQPACKET: keeper <-> supervisor, struct keeper_message
    HANDOVER_TABLE = 7,    // keeper: memfd of what the one before it knew (keeper_table.h)
    HANDOVER_RECORDER = 5, // recorder: SOCK_SEQPACKET, struct recorder_message; see there
    HANDOVER_BUFFER = 6,   // recorder: memfd of what it has read and not written; outlives it
    HANDOVER_END = 8,
};

#define HANDOVER_ADOPT      "adopt"
#define HANDOVER_UPGRADE    "upgrade"
#define HANDOVER_SELF_CHECK "--self-check"

/* How a supervisor ends. Before it has said KEEPER_READY for the first time the keeper ends with
 * it, whatever it died of; afterwards it ends only with HANDOVER_DONE, and everything else is
 * followed by the next supervisor, which adopts. */
enum {
    HANDOVER_DONE = 0,   // the stack has ended
    HANDOVER_FAILED = 1, // it could not start, or not go on
    HANDOVER_LEFT = 3,   // it has made room for another build's
};

/* One message of the keeper's channel; both directions, fixed size, same machine.
 *
 * A new supervisor is told, in this order: every file that is held, one a message; every record
 * that was not acknowledged, oldest first; TOLD; and then what happens. Who is told twice of a
 * death that was accounted for finds nobody of that pid, and lets it be. */
enum keeper_message_kind {
    KEEPER_EXITED = 1,       // keeper -> supervisor, a record: a child ended
    KEEPER_SIGNALLED = 2,    // keeper -> supervisor, a record: `status` is the signal that came
    KEEPER_ACKNOWLEDGED = 3, // supervisor -> keeper: the oldest `count` records are accounted for
    KEEPER_HELD = 4,         // keeper -> supervisor, with a file: `tag` is held
    KEEPER_TOLD = 5,         // keeper -> supervisor, once: all that was before it has come
    KEEPER_READY = 6,        // supervisor -> keeper: it runs the stack
    KEEPER_HOLD = 7,         // supervisor -> keeper, with a file: in place of what has this `tag`
    KEEPER_DROP = 8,         // supervisor -> keeper: `tag` is needed no more
    KEEPER_PLAN = 9,         // supervisor -> keeper, with a file: what is HANDOVER_PLAN from now on
    KEEPER_UPGRADE = 10,     // supervisor -> keeper, with a folder: whose programs go on after it
};

/* Records that may wait for their acknowledgement; who ends beyond that stays a zombie till then,
 * and TOLD comes after the last of them: who waits for it has to acknowledge meanwhile. */
#define KEEPER_RECORDS_MAX 256

#define KEEPER_TABLE_VERSION 1

#define KEEPER_FILES_MAX 512 // that are held; what comes beyond is not
#define KEEPER_TAG_MAX   96  // text with its NUL; the rest is zeros, for it is compared as bytes

/* Tags: */
#define KEEPER_TAG_RING     "ring"      // the recorder's HANDOVER_BUFFER
#define KEEPER_TAG_RECORDER "recorder:" // and its pid: the supervisor's end of its channel
#define KEEPER_TAG_TTY      "tty:"      // and the member's name: our side of its terminal

struct keeper_message {
    uint32_t kind;
    union {
        struct {
            int32_t pid;    // KEEPER_EXITED; 0: KEEPER_SIGNALLED
            int32_t code;   // si_code of waitid(2): CLD_EXITED, CLD_KILLED, CLD_DUMPED
            int32_t status; // si_status: exit code or signal
        };
        uint32_t count;           // KEEPER_ACKNOWLEDGED
        char tag[KEEPER_TAG_MAX]; // KEEPER_HOLD, _DROP, _HELD
    };
};

/* The recorder's channel. What it is to record comes as open files, so that it needs no right to
 * any of them: first a plan without what members are launched with, then the FIFOs of all members
 * in the plan's order. After the last one it goes on with that plan.
 *
 * RECORDER_END: the stack has ended; drain all, archive, end. The end of file without it: the
 * supervisor is gone, and services may live. The recorder writes what it can within
 * RECORDER_LEAVES_MS, leaves the rest in the FIFOs and in its buffer, where another one finds it,
 * and ends. */
enum recorder_message_kind {
    RECORDER_PLAN = 1,  // one file: the plan, a sealed memfd
    RECORDER_FIFOS = 2, // files: stdout and stderr of `count` members from number `first` on
    RECORDER_ASKED = 3, // comes back as an answer
    RECORDER_END = 4,
};

#define RECORDER_MEMBERS_MAX 100 // of one message
#define RECORDER_LEAVES_MS   2000

struct recorder_message {
    uint32_t kind;
    uint32_t first; // RECORDER_ASKED: the number of the question
    uint32_t count; // RECORDER_ASKED: in an answer, reads so far: is there anything to do?
};

#endif
