/* How the command line hands a stack to the keeper, and the keeper to the supervisor: open files at
 * agreed numbers. Everything else comes out of the plan file.
 *
 *   bulkhead --> bulkhead-keeper STACK LIBEXEC_DIR      fds 0-2, PLAN, LOCK, READY, CGROUP
 *   keeper   --> bulkheadd STACK LIBEXEC_DIR            the same and KEEPER
 *   bulkheadd -> bulkhead-recorder STACK                fds 0-2, LOCK, RECORDER, BUFFER
 *
 * stdin is /dev/null; stdout and stderr are the FIFO fifo/bulkhead.err, opened read-write. */
#ifndef BULKHEAD_CORE_HANDOVER_H
#define BULKHEAD_CORE_HANDOVER_H

#include <stdint.h>

enum {
    HANDOVER_PLAN = 3,     // sealed memfd with the plan file; read with pread only
    HANDOVER_LOCK = 4,     // holds the stack's lock for as long as it is open anywhere
    HANDOVER_READY = 5,    // pipe: the supervisor writes "ready\n", or one line that says why not
    HANDOVER_CGROUP = 6,   // directory of the stack's cgroup
    HANDOVER_KEEPER = 7,   // SOCK_SEQPACKET: keeper <-> supervisor, struct keeper_message
    HANDOVER_RECORDER = 5, // recorder: SOCK_SEQPACKET, struct recorder_message; see there
    HANDOVER_BUFFER = 6,   // recorder: memfd of what it has read and not written; outlives it
    HANDOVER_END = 8,
};

/* One message of the keeper's channel; both directions, fixed size, same machine. Records come in
 * the order in which children were reaped, so an acknowledgement needs no more than their number.
 */
enum keeper_message_kind {
    KEEPER_EXITED = 1,       // keeper -> supervisor: a child ended
    KEEPER_ACKNOWLEDGED = 2, // supervisor -> keeper: the oldest `count` records are accounted for
};

/* Records that may wait for their acknowledgement; who ends beyond that stays a zombie till then.
 */
#define KEEPER_RECORDS_MAX 64

struct keeper_message {
    uint32_t kind;
    union {
        int32_t pid;    // KEEPER_EXITED
        uint32_t count; // KEEPER_ACKNOWLEDGED
    };
    int32_t code;   // si_code of waitid(2): CLD_EXITED, CLD_KILLED, CLD_DUMPED
    int32_t status; // si_status: exit code or signal
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
#define RECORDER_LEAVES_MS   500

struct recorder_message {
    uint32_t kind;
    uint32_t first; // RECORDER_ASKED: the number of the question
    uint32_t count; // RECORDER_ASKED: in an answer, reads so far: is there anything to do?
};

#endif
