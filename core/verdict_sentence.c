/* A verdict in plain words; see verdict.h. */
#include "core/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/roster.h"

struct words {
    char *text;
    size_t size;
    size_t used;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *words, const char *format, ...)
{
    va_list arguments;
    int length;

    if (words->used >= words->size)
        return;
    va_start(arguments, format);
    length = vsnprintf(words->text + words->used, words->size - words->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        words->used += (size_t)length;
}

static void say_bytes(struct words *words, int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int64_t unit = 1;
    size_t i = 0;

    while (i + 1 < sizeof(units) / sizeof(units[0]) && bytes / unit >= 1024) {
        unit *= 1024;
        i++;
    }
    if (bytes % unit == 0 || i == 0)
        say(words, "%lld %s", (long long)(bytes / unit), units[i]);
    else
        say(words, "%lld.%lld %s", (long long)(bytes / unit),
            (long long)(bytes % unit / (unit / 10 + 1)), units[i]);
}

static void say_span(struct words *words, span length)
{
    int64_t ms = span_to_ms(length), sec = ms / 1000;

    if (ms < 1000)
        say(words, "%lld ms", (long long)ms);
    else if (sec < 60)
        say(words, "%lld.%lld s", (long long)sec, (long long)(ms % 1000 / 100));
    else if (sec < 3600)
        say(words, "%lld min %lld s", (long long)(sec / 60), (long long)(sec % 60));
    else
        say(words, "%lld h %lld min", (long long)(sec / 3600), (long long)(sec % 3600 / 60));
}

static void say_peak(struct words *words, const struct verdict *verdict)
{
    bool is_own = verdict->kind != VERDICT_OOM_GROUP; // the limit

    if (verdict->peak_bytes > 0) {
        say(words, ", peak ");
        say_bytes(words, verdict->peak_bytes);
        if (is_own && verdict->limit_bytes > 0) {
            say(words, " of ");
            say_bytes(words, verdict->limit_bytes);
        }
    } else if (is_own && verdict->limit_bytes > 0) {
        say(words, ", limit ");
        say_bytes(words, verdict->limit_bytes);
    }
}

static void say_signal(struct words *words, int32_t signal)
{
    const char *name = sigabbrev_np(signal);

    if (name)
        say(words, "SIG%s", name);
    else
        say(words, "signal %d", signal);
}

static void say_after(struct words *words, const struct verdict *verdict)
{
    say(words, " after ");
    say_span(words, verdict->uptime);
}

static void say_hook(struct words *words, const struct verdict *verdict)
{
    const char *why = verdict->error > 0 ? strerrordesc_np(verdict->error) : NULL;

    say(words, "its %s hook %u ", aide_name((enum aide_kind)verdict->hook),
        verdict->hook_index + 1);
    if (verdict->error == ETIMEDOUT) {
        say(words, "did not end in time");
    } else if (verdict->error) {
        say(words, "could not be started: %s", why ? why : "unknown error");
    } else if (verdict->signal) {
        say(words, "was ended by ");
        say_signal(words, verdict->signal);
    } else if (verdict->exit_code >= 0) {
        say(words, "exited with code %d", verdict->exit_code);
    } else {
        say(words, "failed, its exit status is unknown");
    }
}

/* How the main process ended by itself. */
static void say_end(struct words *words, const struct verdict *verdict)
{
    if (verdict->signal) {
        say(words, "ended by ");
        say_signal(words, verdict->signal);
        say(words, verdict->core_dumped ? " (core dumped)" : "");
    } else {
        say(words, "exited with code %d", verdict->exit_code);
    }
}

/* Of which group the limit was. */
static void say_group(struct words *words, const struct verdict *verdict)
{
    say(words, "the memory limit of ");
    if (verdict->enclosing < 0)
        say(words, "an enclosing group");
    else if (!*verdict->group)
        say(words, "the stack");
    else
        say(words, "its group %s", verdict->group);
    if (verdict->limit_bytes > 0) {
        say(words, " (");
        say_bytes(words, verdict->limit_bytes);
        say(words, ")");
    }
}

static void say_limit(struct words *words, const struct verdict *verdict)
{
    if (verdict->kind == VERDICT_OOM)
        say(words, "its own memory limit");
    else if (verdict->kind == VERDICT_OOM_GROUP)
        say_group(words, verdict);
    else
        say(words, "a limit above this stack or of the host");
}

static void say_oom(struct words *words, const struct verdict *verdict)
{
    const char *for_memory = verdict->kind == VERDICT_OOM_OUTSIDE ? "for memory, " : "";

    if (verdict->victims)
        say(words, "ended with all its processes: the kernel had killed %u of them %sat ",
            verdict->victims, for_memory);
    else
        say(words, "killed by the kernel %sat ", for_memory);
    say_limit(words, verdict);
}

static void say_child(struct words *words, const struct verdict *verdict)
{
    const char *whose =
        verdict->oom_kill > 1 ? "some of its processes were" : "one of its processes was";

    say(words, "%s killed by the kernel for memory, ", whose);
    if (verdict->enclosing >= 0) {
        say(words, "at ");
        say_group(words, verdict);
        say(words, ", ");
    }
    say(words, "it lives on");
}

static void say_cause(struct words *words, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_OOM:
    case VERDICT_OOM_GROUP:
    case VERDICT_OOM_OUTSIDE:
        say_oom(words, verdict);
        break;
    case VERDICT_OOM_USERSPACE:
        say(words, "killed by a userspace OOM killer (systemd-oomd or oomd)");
        break;
    case VERDICT_OOM_CHILD:
        say_child(words, verdict);
        break;
    case VERDICT_KILLED:
        say(words, "killed with SIGKILL by somebody else");
        break;
    case VERDICT_CRASHED:
        say_end(words, verdict);
        break;
    case VERDICT_FAILED:
        if (verdict->hook)
            say_hook(words, verdict);
        else if (verdict->confidence == CONFIDENCE_UNKNOWN)
            say(words, "ended, its exit status is unknown");
        else
            say_end(words, verdict);
        break;
    case VERDICT_DONE:
        say(words, "done, ");
        say_end(words, verdict);
        break;
    case VERDICT_STOPPED:
        say(words, "stopped as asked");
        if (verdict->confidence == CONFIDENCE_PROBABLE && verdict->signal == SIGKILL)
            say(words, ", and killed meanwhile: perhaps not by us");
        break;
    case VERDICT_UNHEALTHY:
        say(words, "stopped as unhealthy");
        break;
    case VERDICT_START_TIMEOUT:
        say(words, "killed: it was not there within its start_timeout");
        break;
    case VERDICT_UNKILLABLE:
        say(words, "cannot be killed: a process inside is stuck in the kernel");
        if (verdict->oom_kill > 0)
            say(words, ", after it was to be killed for memory");
        break;
    case VERDICT_SPAWN_FAILED:
    case VERDICT_NONE:
    case VERDICTS_COUNT:
        break;
    }
    say_after(words, verdict);
}

void verdict_sentence(const struct verdict *verdict, char *text, size_t size)
{
    struct words words = {text, size, 0};

    if (size == 0)
        return;
    text[0] = '\0';
    if (verdict->kind == VERDICT_SPAWN_FAILED) {
        const char *why = verdict->error > 0 ? strerrordesc_np(verdict->error) : NULL;
        say(&words, "could not be started: %s", spawn_step_name(verdict->step));
        if (why)
            say(&words, ": %s", why);
        return;
    }
    if (verdict_limit_too_small(verdict)) {
        say(&words, "limit too small: died %lld ms after start",
            (long long)span_to_ms(verdict->uptime));
        say_peak(&words, verdict);
        return;
    }
    say_cause(&words, verdict);
    if (verdict->kind == VERDICT_OOM || verdict->kind == VERDICT_OOM_GROUP ||
        verdict->kind == VERDICT_OOM_OUTSIDE)
        say_peak(&words, verdict);
}
