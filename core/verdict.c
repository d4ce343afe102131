/* See verdict.h. */
#include "core/verdict.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/roster.h"

#define NAMES(list)   \
    {                 \
        list(NAME_OF) \
    }
#define NAME_OF(id, name) name,

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = NAMES(VERDICTS);
    return kind < VERDICTS_COUNT ? names[kind] : "?";
}

enum verdict_kind verdict_from_name(const char *name)
{
    enum verdict_kind kind = VERDICT_NONE;

    while (kind < VERDICTS_COUNT && strcmp(verdict_name(kind), name) != 0)
        kind++;
    return kind;
}

const char *spawn_step_name(enum spawn_step step)
{
    static const char *const names[] = NAMES(SPAWN_STEPS);
    return step < SPAWN_STEPS_COUNT ? names[step] : "?";
}

const char *next_name(enum next next)
{
    static const char *const names[] = NAMES(NEXTS);
    return next < NEXTS_COUNT ? names[next] : "?";
}

const char *confidence_name(enum confidence confidence)
{
    switch (confidence) {
    case CONFIDENCE_CERTAIN:
        return "certain";
    case CONFIDENCE_PROBABLE:
        return "probable";
    case CONFIDENCE_UNKNOWN:
        return "unknown";
    }
    return "?";
}

bool verdict_is_oom(enum verdict_kind kind)
{
    return kind == VERDICT_OOM || kind == VERDICT_OOM_GROUP || kind == VERDICT_OOM_OUTSIDE ||
           kind == VERDICT_OOM_CHILD;
}

bool verdict_is_failure(enum verdict_kind kind)
{
    return kind != VERDICT_NONE && kind != VERDICT_DONE && kind != VERDICT_STOPPED &&
           kind != VERDICT_OOM_CHILD;
}

int verdict_exit_code(const struct verdict *verdict)
{
    return verdict->signal > 0 ? 128 + verdict->signal : verdict->exit_code;
}

bool verdict_is_own_end(const struct verdict *verdict)
{
    return !verdict->hook && (verdict->kind == VERDICT_DONE || verdict->kind == VERDICT_FAILED ||
                              verdict->kind == VERDICT_CRASHED || verdict->kind == VERDICT_KILLED);
}

bool verdict_limit_too_small(const struct verdict *verdict)
{
    bool tiny = verdict->limit_bytes > 0 && verdict->limit_bytes < LIMIT_TINY_BYTES;
    span early = tiny ? LIMIT_TINY_UPTIME : LIMIT_TOO_SMALL_UPTIME;

    return verdict->kind == VERDICT_OOM && verdict->uptime.ns < early.ns;
}

/* An enclosing group whose own limit was met since the base. */
struct hit {
    int32_t level;    // -1: none
    bool is_doubtful; // another one was met, too; or it was told as somebody else's death
};

/* The innermost one, and before it one that nobody else has died of. */
static struct hit enclosing_hit(const struct obituary *obituary)
{
    struct hit fresh = {-1, false}, paid = {-1, true};

    for (int32_t level = ENCLOSING_MAX - 1; level >= 0; level--) {
        int64_t now = obituary->now.enclosing_oom[level];
        if (now <= obituary->base.enclosing_oom[level])
            continue;
        if (now > obituary->paid.enclosing_oom[level])
            fresh = (struct hit){level, fresh.level >= 0};
        else
            paid.level = level;
    }
    return fresh.level >= 0 ? fresh : paid;
}

static int64_t since(int64_t now, int64_t base)
{
    return now > base ? now - base : 0;
}

/* Processes killed for memory in the compartment and in what the service made below it. */
static int64_t kills(const struct obituary *obituary)
{
    const struct reading *now = &obituary->now, *base = &obituary->base;
    int64_t here = since(now->oom_kill, base->oom_kill);
    int64_t tree = since(now->tree_oom_kill, base->tree_oom_kill);

    return here > tree ? here : tree;
}

/* Was the kill surely the main process's? Not when one of its children may have been meant, or when
 * it was ours, or the victim's cgroup was of the service's own making. */
static bool is_surely_for_memory(const struct obituary *obituary, const struct verdict *verdict)
{
    if (obituary->oom_seen)
        return true;
    if (obituary->oom_told || obituary->sent_signal == SIGKILL)
        return false;
    if (obituary->now.oom_kill <= obituary->base.oom_kill && verdict->oom_group_kill == 0)
        return verdict->oom_kill == 0; // the kernel answered ENOMEM
    return obituary->status_known || obituary->step != SPAWN_STEP_NONE ||
           verdict->oom_group_kill > 0;
}

/* Whose limit, when the kernel killed in this compartment for memory. */
static void decide_oom(const struct obituary *obituary, struct verdict *verdict)
{
    struct hit hit = enclosing_hit(obituary);

    verdict->confidence =
        is_surely_for_memory(obituary, verdict) ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE;
    if (verdict->oom > 0 || verdict->oom_kill == 0) {
        verdict->kind = VERDICT_OOM;
        /* Two limits met in one interval: the counters cannot tell which one killed. */
        if (hit.level >= 0)
            verdict->confidence = CONFIDENCE_PROBABLE;
    } else if (hit.level >= 0) {
        verdict->kind = VERDICT_OOM_GROUP;
        verdict->enclosing = hit.level;
        if (hit.is_doubtful)
            verdict->confidence = CONFIDENCE_PROBABLE;
    } else if (obituary->now.oom_kill > obituary->base.oom_kill) {
        verdict->kind = VERDICT_OOM_OUTSIDE;
    } else {
        verdict->kind = VERDICT_OOM; // most likely at a limit that the service set itself
    }
}

/* Was the main process itself ended for memory? With oom.group the kernel kills all, and a main
 * process that exits by itself meanwhile is the exception; a child alone killed leaves an exit
 * status that is not SIGKILL. */
static bool died_for_memory(const struct obituary *obituary, const struct verdict *verdict)
{
    if (verdict->oom_kill == 0 && verdict->oom_group_kill == 0)
        return false;
    /* Our own SIGKILL says enough about a main process; of the kernel's victims it need not be one
     * unless the kernel killed them all. */
    if (obituary->sent_signal == SIGKILL && !obituary->oom_seen && verdict->oom_group_kill == 0)
        return false;
    return obituary->oom_seen || !obituary->status_known || obituary->signal == SIGKILL;
}

/* A step on the way to the program failed because the limit was met: the kernel may answer ENOMEM
 * instead of killing. */
static bool starved_at_birth(const struct obituary *obituary, const struct verdict *verdict)
{
    if (obituary->step == SPAWN_STEP_NONE)
        return false;
    return verdict->oom_kill > 0 || (obituary->error == ENOMEM &&
                                     (verdict->oom > 0 || obituary->now.max > obituary->base.max));
}

static void decide_exit(const struct obituary *obituary, struct verdict *verdict)
{
    if (!obituary->status_known) {
        verdict->kind = VERDICT_FAILED;
        verdict->confidence = CONFIDENCE_UNKNOWN;
    } else if (obituary->success &&
               exits_has(obituary->success, verdict->exit_code, verdict->signal)) {
        verdict->kind = VERDICT_DONE;
    } else if (obituary->signal == SIGKILL) {
        verdict->kind = VERDICT_KILLED;
    } else if (obituary->signal != 0) {
        verdict->kind = VERDICT_CRASHED;
    } else {
        verdict->kind = obituary->exit_code == 0 ? VERDICT_DONE : VERDICT_FAILED;
    }
}

/* It was asked to stop before it was born: nothing failed. */
static bool called_off(const struct obituary *obituary)
{
    return obituary->stopping && obituary->error == ECANCELED;
}

static void decide_hook(const struct hook_failure *hook, struct verdict *verdict)
{
    verdict->kind = VERDICT_FAILED;
    verdict->hook = hook->hook;
    verdict->hook_index = hook->index;
    verdict->exit_code = hook->exit_code;
    verdict->signal = hook->signal;
    verdict->core_dumped = false;
    verdict->error = hook->error;
}

static bool is_ours(const struct obituary *obituary)
{
    return obituary->hook.hook || obituary->unhealthy || obituary->stopping;
}

/* Why it was us who ended it. */
static void decide_ours(const struct obituary *obituary, struct verdict *verdict)
{
    if (obituary->hook.hook)
        decide_hook(&obituary->hook, verdict);
    else
        verdict->kind = obituary->unhealthy ? VERDICT_UNHEALTHY : VERDICT_STOPPED;
    /* Our SIGKILL and the kernel's for memory look the same. */
    if (verdict->oom_kill > 0 && obituary->sent_signal == SIGKILL)
        verdict->confidence = CONFIDENCE_PROBABLE;
}

struct verdict verdict_decide(const struct obituary *obituary)
{
    const struct reading *now = &obituary->now, *base = &obituary->base;
    struct verdict verdict = {
        .confidence = CONFIDENCE_CERTAIN,
        .exit_code = obituary->status_known && obituary->signal == 0 ? obituary->exit_code : -1,
        .signal = obituary->signal,
        .core_dumped = obituary->core_dumped,
        .oom = since(now->oom, base->oom),
        .oom_kill = kills(obituary),
        .oom_group_kill = since(now->oom_group_kill, base->oom_group_kill),
        .enclosing = -1,
        .peak_bytes = now->peak_bytes,
    };

    if (obituary->main_alive) {
        verdict.kind = VERDICT_OOM_CHILD;
    } else if (obituary->step != SPAWN_STEP_NONE && !called_off(obituary) &&
               !starved_at_birth(obituary, &verdict)) {
        verdict.kind = VERDICT_SPAWN_FAILED;
        verdict.step = obituary->step;
        verdict.error = obituary->error;
    } else if (died_for_memory(obituary, &verdict) || starved_at_birth(obituary, &verdict)) {
        decide_oom(obituary, &verdict);
    } else if (is_ours(obituary)) {
        decide_ours(obituary, &verdict);
    } else {
        decide_exit(obituary, &verdict);
        /* A SIGKILL while we could not read the counters may have been the kernel's. */
        if (verdict.kind == VERDICT_KILLED && !now->known)
            verdict.confidence = CONFIDENCE_PROBABLE;
    }
    return verdict;
}

/* --- words -------------------------------------------------------------------------------- */

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

static void say_group(struct words *words, const struct verdict *verdict)
{
    say(words, "killed by the kernel at the memory limit of ");
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

static void say_cause(struct words *words, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_OOM:
        say(words, "killed by the kernel at its own memory limit");
        break;
    case VERDICT_OOM_GROUP:
        say_group(words, verdict);
        break;
    case VERDICT_OOM_OUTSIDE:
        say(words, "killed by the kernel for memory, at a limit above this stack or of the host");
        break;
    case VERDICT_OOM_CHILD:
        say(words, "one of its processes was killed by the kernel for memory, it lives on");
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
        break;
    case VERDICT_UNHEALTHY:
        say(words, "stopped as unhealthy");
        break;
    case VERDICT_UNKILLABLE:
        say(words, "cannot be killed: a process inside is stuck in the kernel");
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
