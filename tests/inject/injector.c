/* injector [child] PID: tells each system call that PID makes from now on, a line each.
 * injector [child] PID CALL K ERRNO: the K-th call of that name is not made, and has failed with
 * that errno (a number); PID goes on.
 *
 * "child": not PID itself, but the next child that it makes, from its birth on.
 *
 * Says "ready" when it follows, "failed" when it has happened, and "ended STATUS" (as of
 * waitpid(2), in hex) when the process has. Ended itself, it leaves the process as it is. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "tests/ptrace/trace.h"

struct order {
    const char *call; // NULL: tell
    uint64_t times;   // that it is still to be let through, and this one
    int error;
    bool done; // at its entry; the exit is still to come
};

static volatile sig_atomic_t asked_to_end;

static void on_term(int signal)
{
    (void)signal;
    asked_to_end = 1;
}

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void say_ready(void)
{
    say("ready");
}

/* brk(2) fails by changing nothing: it says where the end is, not that it could not be moved. */
static int fail_brk(const struct trace *trace)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, trace->stopped, NULL, &registers) < 0)
        return -errno;
    registers.rdi = 0;
    return ptrace(PTRACE_SETREGS, trace->stopped, NULL, &registers) < 0 ? -errno : 0;
}

static void enter(struct trace *trace, const struct trace_call *call, struct order *order)
{
    const char *name = trace_call_name(call->number);
    int failed;

    if (!order->call) {
        say(name);
        return;
    }
    if (order->times == 0 || strcmp(order->call, name) != 0 || --order->times > 0)
        return;
    if (call->number == SYS_brk)
        failed = fail_brk(trace);
    else
        failed = call->number == SYS_close ? 0 : trace_fail(trace, order->error);
    order->done = failed == 0;
    if (failed != 0)
        say("cannot fail");
}

/* Only now it is sure that the process goes on with the failure. close(2) has always closed. */
static void leave(struct trace *trace, const struct trace_call *call, struct order *order)
{
    if (!order->done)
        return;
    order->done = false;
    say(call->number == SYS_close && trace_fail(trace, order->error) != 0 ? "cannot fail"
                                                                          : "failed");
}

static int follow(struct trace *trace, struct order *order)
{
    struct trace_call call;
    int got;

    while (!asked_to_end) {
        got = trace_next(trace, &call);
        if (got == 1 && call.entry)
            enter(trace, &call, order);
        else if (got == 1)
            leave(trace, &call, order);
        if (got == 0)
            printf("ended %x\n", (unsigned int)trace->status);
        if (got == 0 || (got < 0 && got != -EINTR))
            return got == 0 ? 0 : 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_term}; // without SA_RESTART: waiting ends
    bool child = argc > 1 && strcmp(argv[1], "child") == 0;
    char **words = argv + 1 + child;
    int count = argc - 1 - child, failed;
    struct order order = {0};
    struct trace trace;

    if (count != 1 && count != 4) {
        fprintf(stderr, "usage: injector [child] PID [CALL K ERRNO]\n");
        return 2;
    }
    if (count == 4)
        order = (struct order){.call = words[1],
                               .times = strtoull(words[2], NULL, 10),
                               .error = (int)strtol(words[3], NULL, 10)};
    sigaction(SIGTERM, &action, NULL);
    failed = child ? trace_seize_child((pid_t)strtol(words[0], NULL, 10), say_ready, &trace)
                   : trace_seize((pid_t)strtol(words[0], NULL, 10), &trace);
    if (failed != 0 || trace.pid == 0) {
        fprintf(stderr, "injector: %s\n", strerror(-failed));
        return 1;
    }
    if (!child)
        say_ready();
    return follow(&trace, &order);
}
