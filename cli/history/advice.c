/* See advice.h. */
#include "cli/history/advice.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/show/render.h"

#define SMALLEST_SENSIBLE (INT64_C(16) << 20) // bytes: an interpreter starts in it

static void __attribute__((format(printf, 2, 3)))
add(struct advice *advice, const char *format, ...)
{
    va_list arguments;

    if (advice->count == ADVICE_MAX)
        return;
    va_start(arguments, format);
    vsnprintf(advice->text[advice->count++], ADVICE_TEXT, format, arguments);
    va_end(arguments);
}

/* A size as a stack file has it: whole mebibytes, at least one. */
static char *limit_text(int64_t bytes, char text[RENDER_MAX])
{
    int64_t mebibytes = (bytes + (1 << 20) - 1) >> 20;

    snprintf(text, RENDER_MAX, "%lldm", (long long)mebibytes);
    return text;
}

static void too_small(const struct verdict *verdict, struct advice *ret)
{
    int64_t more = verdict->limit_bytes * 4;
    char limit[RENDER_MAX];
    char now[RENDER_MAX];

    if (more < SMALLEST_SENSIBLE)
        more = SMALLEST_SENSIBLE;
    add(ret,
        "Raise mem_limit: %s is less than the program needs to start. Try mem_limit: %s, look at "
        "the peak in \"bulkhead ps\" once it runs, and set the limit from that.",
        render_bytes(verdict->limit_bytes, now), limit_text(more, limit));
}

/* Again and again, each time after about as long: it grows steadily. */
static bool looks_like_a_leak(const struct death_history *history)
{
    return history->alike >= 3 && history->longest_ns <= 4 * history->shortest_ns;
}

static void leak(const struct verdict *verdict, const struct death_history *history,
                 struct advice *ret)
{
    int64_t mean_ns = history->shortest_ns / 2 + history->longest_ns / 2;
    char period[RENDER_MAX];
    char shortest[RENDER_MAX];
    char longest[RENDER_MAX];
    char rate[RENDER_MAX];

    add(ret,
        "Look for the leak: it died %zu times of memory within %s, after %s to %s. That is a "
        "growth "
        "of about %s a second, and a higher limit only puts it off.",
        history->alike, render_span(history->period_ns, period),
        render_span(history->shortest_ns, shortest), render_span(history->longest_ns, longest),
        render_bytes(mean_ns > 0 ? (int64_t)((double)verdict->limit_bytes * 1e9 / (double)mean_ns)
                                 : 0,
                     rate));
}

static void own_limit(const struct verdict *verdict, const struct death_history *history,
                      struct advice *ret)
{
    char limit[RENDER_MAX];

    if (verdict_limit_too_small(verdict)) {
        too_small(verdict, ret);
        return;
    }
    if (looks_like_a_leak(history))
        leak(verdict, history, ret);
    if (verdict->limit_bytes > 0)
        add(ret,
            "If it needs that much to do its work, raise mem_limit, to at least %s for a "
            "beginning; "
            "it stopped at the wall, so what it would have needed is not known.",
            limit_text(verdict->limit_bytes + verdict->limit_bytes / 2, limit));
    add(ret, "If the program can bound its own memory (heap size, caches, workers), set that bound "
             "to about three quarters of mem_limit.");
}

static void birth(const struct verdict *verdict, struct advice *ret)
{
    switch (verdict->step) {
    case SPAWN_STEP_EXEC:
        if (verdict->error == ENOENT)
            add(ret,
                "Check that the program of `command` or `entrypoint` is there, and for a script "
                "the interpreter after its #!.");
        else if (verdict->error == EACCES)
            add(ret, "Check that the program is executable for the service's user, and that its "
                     "file system is not mounted noexec.");
        else if (verdict->error == ENOEXEC)
            add(ret,
                "The file is no program for this machine; a script needs #!/bin/sh or the like "
                "as its first line.");
        else
            add(ret, "Check the program of `command` or `entrypoint`.");
        break;
    case SPAWN_STEP_CHDIR:
        add(ret, "Check `working_dir`: it must be there and open to the service's user.");
        break;
    case SPAWN_STEP_GROUPS:
    case SPAWN_STEP_USER:
        add(ret, "`user` can be set by root only: start the stack as root, or leave `user` out.");
        break;
    case SPAWN_STEP_RLIMIT:
        add(ret, "`ulimits` above the hard limit can be set by root only: lower them, or raise the "
                 "hard limit of who starts the stack.");
        break;
    case SPAWN_STEP_OOM_SCORE:
        add(ret,
            "Lowering `oom_score_adj` needs CAP_SYS_RESOURCE: start the stack as root, or raise "
            "the value.");
        break;
    case SPAWN_STEP_CLONE:
        add(ret, "No process could be made: raise `pids_limit`, the pids.max of a cgroup above, or "
                 "the user's nproc limit.");
        break;
    case SPAWN_STEP_TIMEOUT:
        add(ret, "The program did not begin within 30 s: is its file system hanging (NFS, FUSE)?");
        break;
    case SPAWN_STEP_CGROUP:
    case SPAWN_STEP_LIMIT:
        add(ret,
            "\"bulkhead doctor\" checks whether this host lets us make cgroups and set limits.");
        break;
    case SPAWN_STEP_PIPE:
        add(ret,
            "No file could be opened: raise the limit of open files (nofile) of who starts the "
            "stack.");
        break;
    case SPAWN_STEP_NONE:
    case SPAWN_STEP_SESSION:
    case SPAWN_STEP_STDIO:
    case SPAWN_STEP_SIGNALS:
    case SPAWN_STEPS_COUNT:
        break;
    }
}

static void crashed(const struct verdict *verdict, struct advice *ret)
{
    if (verdict->core_dumped)
        add(ret, "Look into the core dump: \"coredumpctl info\", or the path in "
                 "/proc/sys/kernel/core_pattern.");
    else if (verdict->signal == SIGSEGV || verdict->signal == SIGABRT ||
             verdict->signal == SIGBUS || verdict->signal == SIGILL || verdict->signal == SIGFPE)
        add(ret, "This is a fault of the program. For a core dump of the next one set "
                 "`ulimits: {core: -1}` and look at /proc/sys/kernel/core_pattern.");
    else
        add(ret, "Somebody sent the signal, or the program raised it itself: its last output may "
                 "tell.");
}

static void hook_failed(const struct verdict *verdict, struct advice *ret)
{
    const char *name = aide_name((enum aide_kind)verdict->hook);

    if (verdict->error == ETIMEDOUT)
        add(ret,
            "A hook may take 10 minutes: what waits longer belongs into a service of its own.");
    else if (verdict->error)
        add(ret, "Check its `command`, `user` and `working_dir`.");
    else
        add(ret,
            "Its output is in the service's log. Each start runs all of %s anew: a hook must bear "
            "that.",
            name);
}

static void failed(const struct verdict *verdict, struct advice *ret)
{
    if (verdict->hook)
        hook_failed(verdict, ret);
    else if (verdict->confidence == CONFIDENCE_UNKNOWN)
        add(ret, "Nobody was there to take its exit status.");
    else if (verdict->exit_code == 127)
        add(ret,
            "127 is what a shell exits with when it finds no such command: check `command` and "
            "PATH.");
    else if (verdict->exit_code == 126)
        add(ret, "126 is what a shell exits with when a command is not executable.");
    else if (verdict->exit_code > 128 && verdict->exit_code < 128 + NSIG)
        add(ret,
            "%d is what a shell exits with when its command died of signal %d: the program "
            "itself is a child of the main process.",
            verdict->exit_code, verdict->exit_code - 128);
    else
        add(ret, "The program ended itself; its last output says why, most times.");
}

static void stopped(const struct death *death, struct advice *ret)
{
    const struct verdict *verdict = &death->verdict;
    char signal[RENDER_MAX];

    if (verdict->signal == SIGKILL && death->policy.stop_signal != SIGKILL)
        add(ret,
            "It had to be killed: have the program act on %s, or give it more time with "
            "`stop_grace_period`.",
            render_signal((int)death->policy.stop_signal, signal));
}

/* Killed for memory, and not, or not as a whole, at its own limit. */
static void others_memory(const struct verdict *verdict, struct advice *ret)
{
    switch (verdict->kind) {
    case VERDICT_OOM_GROUP:
        add(ret, "Its own limit was not met: the services together met that of the group around "
                 "them. See in \"bulkhead ps\" who has grown, and give that one a mem_limit.");
        break;
    case VERDICT_OOM_OUTSIDE:
        add(ret, "No limit of this stack was met: a slice or container around it is too small, or "
                 "the host is out of memory (\"free -m\", the kernel log).");
        add(ret,
            "Give the services mem_limits that fit together: then the one that grows dies, and "
            "not the one that is at hand.");
        break;
    case VERDICT_OOM_CHILD:
        add(ret,
            "The service lives, one of its processes does not: raise %s, or run fewer workers.",
            verdict->enclosing >= 0 ? "the limit of the group" : "mem_limit");
        break;
    default:
        break;
    }
}

static void held(const struct death *death, struct advice *ret)
{
    const struct verdict *verdict = &death->verdict;

    if (verdict->next == NEXT_HOLD || verdict->next == NEXT_STOP_STACK)
        add(ret,
            "It is held, for its restarts are used up: \"bulkhead start %.*s\" starts it again.",
            (int)death->service_length, death->name);
    else if (verdict->next == NEXT_OOM_STOP)
        add(ret, "It is held, as x-bulkhead.oom asks: \"bulkhead start %.*s\" starts it again.",
            (int)death->service_length, death->name);
}

static void left_behind(struct advice *ret)
{
    add(ret, "A process of it is stuck inside the kernel, as a rule on a disk or a network file "
             "system: mend that. It goes when the kernel lets it go (\"bulkhead ps -a\"), and what "
             "it held of ports and locks is free then.");
}

void advice_give(const struct death *death, const struct death_history *history, struct advice *ret)
{
    const struct verdict *verdict = &death->verdict;

    ret->count = 0;
    switch (verdict->kind) {
    case VERDICT_OOM:
        own_limit(verdict, history, ret);
        break;
    case VERDICT_OOM_GROUP:
    case VERDICT_OOM_OUTSIDE:
    case VERDICT_OOM_CHILD:
        others_memory(verdict, ret);
        break;
    case VERDICT_KILLED:
        add(ret, "Neither the kernel for memory nor bulkhead sent the SIGKILL: look for an "
                 "administrator, a script, or a user-space OOM killer (earlyoom, systemd-oomd).");
        break;
    case VERDICT_CRASHED:
        crashed(verdict, ret);
        break;
    case VERDICT_FAILED:
        failed(verdict, ret);
        break;
    case VERDICT_SPAWN_FAILED:
        birth(verdict, ret);
        break;
    case VERDICT_STOPPED:
        stopped(death, ret);
        break;
    case VERDICT_OOM_USERSPACE:
        add(ret,
            "No limit was met: a program that watches the memory of the host chose it "
            "(\"oomctl\", \"journalctl -u systemd-oomd\"). Give the services mem_limits that fit "
            "together, or exempt the stack (ManagedOOMPreference=).");
        break;
    case VERDICT_START_TIMEOUT:
        add(ret,
            "Its program and its post_start hooks have to be there within start_timeout: see its "
            "last output for what it waited for, or raise it.");
        break;
    case VERDICT_UNHEALTHY:
        add(ret, "Its probe failed too often in a row: run the healthcheck's test by hand "
                 "(\"bulkhead exec\"), and see whether timeout, retries and start_period fit it.");
        break;
    case VERDICT_UNKILLABLE: // left_behind
    case VERDICT_NONE:
    case VERDICT_DONE:
    case VERDICTS_COUNT:
        break;
    }
    if (death->is_left || verdict->kind == VERDICT_UNKILLABLE)
        left_behind(ret);
    held(death, ret);
}

void advice_of_memory(const struct death *death, const struct sample *last, struct advice *ret)
{
    char bytes[RENDER_MAX];

    if (!verdict_is_oom(death->verdict.kind) || last->generation == 0 || last->current_bytes <= 0)
        return;
    if (last->shmem_bytes > last->current_bytes / 2)
        add(ret,
            "Most of its memory was shared or in a tmpfs (%s of shmem: /dev/shm, memfd, a /tmp of "
            "memory), which counts for the limit: bound that, or put the files on a disk.",
            render_bytes(last->shmem_bytes, bytes));
    else if (last->kernel_bytes > last->current_bytes / 2)
        add(ret,
            "Most of its memory was the kernel's own for it (%s: sockets, pipes, open files, page "
            "tables): look for connections or files that are never closed.",
            render_bytes(last->kernel_bytes, bytes));
}
