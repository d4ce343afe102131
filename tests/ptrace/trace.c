/* See trace.h. */
#include "tests/ptrace/trace.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#ifndef __x86_64__
#error "the registers of a system call are those of x86-64 here"
#endif

#define AT_A_CALL (SIGTRAP | 0x80) // PTRACE_O_TRACESYSGOOD

static const char *const call_names[] = {
#include <ptrace/calls.h> // made by ptrace.mk
};

const char *trace_call_name(uint64_t number)
{
    bool known = number < sizeof(call_names) / sizeof(call_names[0]) && call_names[number];

    return known ? call_names[number] : "?";
}

/* Who is gone meanwhile is told of by waitpid. */
static void resume(pid_t thread, int signal)
{
    (void)ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)signal);
}

/* --- begin ------------------------------------------------------------------------------------ */

static int seize_thread(pid_t thread)
{
    if (ptrace(PTRACE_SEIZE, thread, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD) < 0 ||
        ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0)
        return -errno;
    return 0;
}

int trace_seize(pid_t pid, struct trace *ret)
{
    struct trace trace = {.pid = pid};
    char path[32];
    struct dirent *entry;
    int failed = 0;
    DIR *threads;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    threads = opendir(path);
    if (!threads)
        return -errno;
    while ((entry = readdir(threads))) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        int result = thread > 0 ? seize_thread(thread) : 0;
        if (result != 0 && thread == pid) // another one may have ended by now
            failed = result;
    }
    closedir(threads);
    if (failed == 0)
        *ret = trace;
    return failed;
}

/* The child stands at its first stop and has its parent's options, which are to be its own. */
static int follow_child(pid_t child)
{
    int status;

    while (waitpid(child, &status, __WALL) < 0)
        if (errno != EINTR)
            return -errno;
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(intptr_t)PTRACE_O_TRACESYSGOOD) < 0)
        return -ESRCH;
    resume(child, 0);
    return 0;
}

/* The next stop of the parent: 1 with *ret_child, 0: another one, or a negative errno. */
static int await_child(pid_t parent, pid_t *ret_child)
{
    unsigned long child;
    int status;

    if (waitpid(parent, &status, __WALL) < 0)
        return -errno;
    if (!WIFSTOPPED(status))
        return -ESRCH;
    switch (status >> 16) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_CLONE:
        if (ptrace(PTRACE_GETEVENTMSG, parent, NULL, &child) < 0)
            return -errno;
        *ret_child = (pid_t)child;
        return 1;
    case PTRACE_EVENT_STOP:
        (void)ptrace(WSTOPSIG(status) == SIGTRAP ? PTRACE_CONT : PTRACE_LISTEN, parent, NULL, NULL);
        return 0;
    default:
        (void)ptrace(PTRACE_CONT, parent, NULL, (void *)(intptr_t)WSTOPSIG(status));
        return 0;
    }
}

int trace_seize_child(pid_t parent, void (*ready)(void), struct trace *ret)
{
    int options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;
    struct trace trace = {0};
    int got, failed;

    if (ptrace(PTRACE_SEIZE, parent, NULL, (void *)(intptr_t)options) < 0)
        return -errno;
    ready();
    while ((got = await_child(parent, &trace.pid)) == 0)
        ;
    failed = got < 0 && got != -EINTR ? got : got < 0 ? 0 : follow_child(trace.pid);
    if (got == 1)
        (void)ptrace(PTRACE_DETACH, parent, NULL, NULL);
    if (failed == 0)
        *ret = trace;
    return failed;
}

/* --- a stop ----------------------------------------------------------------------------------- */

/* Whatever else it has stopped for, it goes on with: a signal, the end of a stop by SIGSTOP. */
static void pass_on(pid_t thread, int status)
{
    int signal = WSTOPSIG(status);
    bool event = status >> 16 == PTRACE_EVENT_STOP;

    if (event && signal != SIGTRAP)
        (void)ptrace(PTRACE_LISTEN, thread, NULL, NULL); // stopped by a signal it stays stopped
    else
        resume(thread, status >> 16 != 0 ? 0 : signal);
}

static int set_result(pid_t thread, int64_t result)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) < 0)
        return -errno;
    registers.rax = (unsigned long long)result;
    return ptrace(PTRACE_SETREGS, thread, NULL, &registers) < 0 ? -errno : 0;
}

static void read_entry(struct trace *trace, const struct __ptrace_syscall_info *info,
                       struct trace_call *call)
{
    call->entry = true;
    call->number = info->entry.nr;
    for (size_t i = 0; i < sizeof(call->arguments) / sizeof(call->arguments[0]); i++)
        call->arguments[i] = info->entry.args[i];
    trace->calls++;
}

static bool read_exit(struct trace *trace, pid_t thread, const struct __ptrace_syscall_info *info,
                      struct trace_call *call)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, NULL, &registers) < 0)
        return false;
    call->number = registers.orig_rax;
    call->result = info->exit.rval;
    if (trace->failing != thread)
        return true;
    trace->failing = 0;
    call->number = trace->failing_number;
    call->result = -trace->failing_error;
    return set_result(thread, call->result) == 0;
}

/* False: it is no call, or the thread is gone. */
static bool read_call(struct trace *trace, pid_t thread, struct trace_call *ret)
{
    struct __ptrace_syscall_info info;
    struct trace_call call = {0};

    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof(info), &info) <= 0)
        return false;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        read_entry(trace, &info, &call);
    else if (info.op != PTRACE_SYSCALL_INFO_EXIT || !read_exit(trace, thread, &info, &call))
        return false;
    call.stop = ++trace->stops;
    call.call = trace->calls;
    *ret = call;
    return true;
}

int trace_next(struct trace *trace, struct trace_call *ret)
{
    if (trace->stopped != 0)
        resume(trace->stopped, 0);
    trace->stopped = 0;
    for (;;) {
        int status;
        pid_t thread = waitpid(-1, &status, __WALL);

        if (thread < 0)
            return errno == ECHILD ? 0 : -errno;
        if (!WIFSTOPPED(status)) {
            trace->status = status;
            if (thread == trace->pid) // the last of them, says ptrace(2)
                return 0;
        } else if (WSTOPSIG(status) != AT_A_CALL) {
            pass_on(thread, status);
        } else if (read_call(trace, thread, ret)) {
            trace->stopped = thread;
            trace->entering = ret->entry;
            return 1;
        } else {
            resume(thread, 0);
        }
    }
}

/* --- what is done to it ----------------------------------------------------------------------- */

int trace_fail(struct trace *trace, int error)
{
    struct user_regs_struct registers;

    if (trace->stopped == 0 || (trace->entering && trace->failing != 0))
        return -EINVAL;
    if (!trace->entering)
        return set_result(trace->stopped, -error);
    if (ptrace(PTRACE_GETREGS, trace->stopped, NULL, &registers) < 0)
        return -errno;
    trace->failing_number = registers.orig_rax;
    registers.orig_rax = (unsigned long long)-1; // no call has that number
    if (ptrace(PTRACE_SETREGS, trace->stopped, NULL, &registers) < 0)
        return -errno;
    trace->failing = trace->stopped;
    trace->failing_error = error;
    return 0;
}

int trace_kill(struct trace *trace)
{
    int status;
    pid_t thread;

    if (kill(trace->pid, SIGKILL) < 0)
        return -errno;
    trace->stopped = 0;
    do
        thread = waitpid(-1, &status, __WALL);
    while ((thread < 0 && errno == EINTR) ||
           (thread >= 0 && (thread != trace->pid || WIFSTOPPED(status))));
    if (thread >= 0)
        trace->status = status;
    return thread < 0 ? -errno : 0;
}
