/* killer PID N [PID...]: kills PID at the N-th of its stops at system calls, which are the entries
 * and the exits from now on, and the others in the same moment.
 * killer child PID N [PID...]: the same with the next child of PID, from its birth on.
 *
 * Says "ready" when it follows, and at the end where it was: "killed at entry of openat", with
 * status 0; "ended" when PID has ended before, and "not reached, M stops" on SIGTERM, with status
 * 1: then nothing was done to it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ptrace/trace.h"

static volatile sig_atomic_t asked_to_end;

static void on_term(int signal)
{
    (void)signal;
    asked_to_end = 1;
}

static int strike(struct trace *trace, const struct trace_call *call, char *const *others)
{
    int failed;

    for (; *others; others++)
        (void)kill((pid_t)strtol(*others, NULL, 10), SIGKILL);
    failed = trace_kill(trace);
    if (failed != 0)
        printf("cannot kill: %s\n", strerror(-failed));
    else
        printf("killed at %s of %s\n", call->entry ? "entry" : "exit",
               trace_call_name(call->number));
    return failed != 0;
}

static int follow(struct trace *trace, uint64_t n, char *const *others)
{
    struct trace_call call;
    int got;

    while (!asked_to_end) {
        got = trace_next(trace, &call);
        if (got == 1 && call.stop == n)
            return strike(trace, &call, others);
        if (got == 0 || (got < 0 && got != -EINTR)) {
            printf("%s\n", got == 0 ? "ended" : strerror(-got));
            return 1;
        }
    }
    printf("not reached, %llu stops\n", (unsigned long long)trace->stops);
    return 1;
}

static void say_ready(void)
{
    puts("ready");
    fflush(stdout);
}

static int begin(pid_t pid, bool child, struct trace *ret)
{
    int failed = child ? trace_seize_child(pid, say_ready, ret) : trace_seize(pid, ret);

    if (failed == 0 && !child)
        say_ready();
    return failed;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term}; // without SA_RESTART: waiting ends
    bool child = argc > 1 && strcmp(argv[1], "child") == 0;
    char **words = argv + (child ? 2 : 1);
    pid_t pid = argc > 2 + child ? (pid_t)strtol(words[0], NULL, 10) : 0;
    uint64_t n = argc > 2 + child ? strtoull(words[1], NULL, 10) : 0;
    struct trace trace;
    int failed;

    if (pid <= 1 || n == 0) {
        fprintf(stderr, "usage: killer [child] PID N [PID...]\n");
        return 2;
    }
    sigaction(SIGTERM, &action, NULL);
    failed = begin(pid, child, &trace);
    if (failed != 0) {
        fprintf(stderr, "killer: %d: %s\n", pid, strerror(-failed));
        return 2;
    }
    return follow(&trace, n, words + 2);
}
