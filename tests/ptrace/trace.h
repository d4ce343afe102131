/* The system calls of a running process, one stop at a time: its entry, then its exit. It runs on
 * between the stops, and on its own when the caller ends (nothing kills it then).
 *
 *   trace_seize(pid, &trace);
 *   while ((got = trace_next(&trace, &call)) == 1)   // it stands still till the next turn
 *       if (call.stop == n)
 *           trace_kill(&trace);                      // or trace_fail(&trace, ENOMEM), and go on
 *
 * The caller has no children but these. All threads that there are when it is seized are followed,
 * its children never. Source: ptrace(2): PTRACE_SEIZE, PTRACE_GET_SYSCALL_INFO. */
#ifndef BULKHEAD_TESTS_PTRACE_TRACE_H
#define BULKHEAD_TESTS_PTRACE_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct trace {
    pid_t pid;
    uint64_t stops; // so far, of all threads
    uint64_t calls; // entries so far
    int status;     // as of waitpid(2), when trace_next() has said that it ended
    pid_t stopped;  // the thread of the last call handed out; 0: none
    bool entering;  // … and on which side of the call it stands
    pid_t failing;  // the thread whose call was not made; 0: none
    int failing_error;
    uint64_t failing_number;
};

struct trace_call {
    uint64_t stop; // of all stops, from 1
    uint64_t call; // of all entries, from 1; an exit has the number of the last entry
    bool entry;    // or exit
    uint64_t number;
    uint64_t arguments[6]; // entry
    int64_t result;        // exit; what the process will see
};

/* 0 or a negative errno. Some thread may already wait for trace_next(): call that soon. */
int trace_seize(pid_t pid, struct trace *ret);

/* Waits until `parent` (of one thread) makes a child, and follows that one from its first call on;
 * the parent goes on alone. `ready` is called when no child can be missed any more. 0, also when
 * there was none but a signal handler has run and ret->pid is 0; or a negative errno. */
int trace_seize_child(pid_t parent, void (*ready)(void), struct trace *ret);

/* Waits for the next stop. 1 with *ret; 0: the process has ended; -EINTR when a signal handler of
 * the caller's has run (call it again), or another negative errno. */
int trace_next(struct trace *trace, struct trace_call *ret);

/* At an entry: the call is not made (a seccomp filter sees the number -1 instead, which it has to
 * let pass). At an exit: it was made. Either way it is said to have failed with `error`. 0 or a
 * negative errno. */
int trace_fail(struct trace *trace, int error);

/* Kills it where it stands: at an entry the call is not made, at an exit its result is never seen.
 * Comes back when it is dead. 0 or a negative errno. */
int trace_kill(struct trace *trace);

/* "openat"; "?" for a number that has no name here. */
const char *trace_call_name(uint64_t number);

#endif
