/* See verdict.h. */
#include "core/verdict.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

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
           kind == VERDICT_OOM_CHILD || kind == VERDICT_OOM_USERSPACE;
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
 * it was ours, or the victim's cgroup was of the service's own making. Our SIGKILL is everybody's
 * in the compartment, and who has one already is not counted: where the kernel has killed all, it
 * was faster. */
static bool is_surely_for_memory(const struct obituary *obituary, const struct verdict *verdict)
{
    bool is_whole = verdict->oom_group_kill > 0 && verdict->oom_kill > 0;
    bool is_here = obituary->now.oom_kill > obituary->base.oom_kill || verdict->oom_group_kill > 0;

    if (obituary->oom_seen && obituary->victims == 0) // and it did not end by itself, just before
        return is_here && (!obituary->status_known || obituary->signal == SIGKILL);
    if (obituary->oom_seen)
        return true;
    if (obituary->oom_told || (obituary->sent_signal == SIGKILL && !is_whole))
        return false;
    if (!is_here)
        return verdict->oom_kill == 0; // the kernel answered ENOMEM
    return obituary->status_known || obituary->step != SPAWN_STEP_NONE ||
           verdict->oom_group_kill > 0;
}

/* Whose limit, when the kernel killed in this compartment for memory. */
static void decide_oom(const struct obituary *obituary, struct verdict *verdict)
{
    struct hit hit = enclosing_hit(obituary);
    bool refused = verdict->oom_kill == 0; // and not killed
    bool met = verdict->oom > 0 || (refused && obituary->now.max > obituary->base.max);

    verdict->confidence =
        is_surely_for_memory(obituary, verdict) ? CONFIDENCE_CERTAIN : CONFIDENCE_PROBABLE;
    if (met || (refused && hit.level < 0)) {
        verdict->kind = VERDICT_OOM;
        /* Two limits met in one interval: the counters cannot tell which one killed. */
        if (hit.level >= 0)
            verdict->confidence = CONFIDENCE_PROBABLE;
    } else if (hit.level >= 0) {
        verdict->kind = VERDICT_OOM_GROUP;
        verdict->enclosing = hit.level;
        if (hit.is_doubtful || refused)
            verdict->confidence = CONFIDENCE_PROBABLE;
    } else if (obituary->now.oom_kill > obituary->base.oom_kill) {
        verdict->kind = VERDICT_OOM_OUTSIDE;
    } else {
        verdict->kind = VERDICT_OOM; // most likely at a limit that the service set itself
    }
}

/* Was the main process itself ended for memory? With oom.group the kernel kills all, and a main
 * process that exits by itself meanwhile is the exception; a child alone killed leaves an exit
 * status that is not SIGKILL. An oom_group_kill without an oom_kill killed nobody: the kernel chose
 * one that was on its way out already, by another's SIGKILL. */
static bool died_for_memory(const struct obituary *obituary, const struct verdict *verdict)
{
    if (verdict->oom_kill == 0)
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
    return verdict->oom_kill > 0 ||
           (obituary->error == ENOMEM && (verdict->oom > 0 || enclosing_hit(obituary).level >= 0 ||
                                          obituary->now.max > obituary->base.max));
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

/* Killed by us, that is by SIGKILL: who ended otherwise had been faster. */
static bool was_too_late(const struct obituary *obituary)
{
    return obituary->start_timeout && (!obituary->status_known || obituary->signal == SIGKILL);
}

static bool is_ours(const struct obituary *obituary)
{
    return obituary->hook.hook || obituary->unhealthy || was_too_late(obituary) ||
           obituary->stopping;
}

/* A program that watches memory set out to kill it and said so before. */
static bool died_of_a_watcher(const struct obituary *obituary, const struct verdict *verdict)
{
    return verdict->oomd > 0 && obituary->sent_signal != SIGKILL &&
           (!obituary->status_known || obituary->signal == SIGKILL);
}

static void decide_watcher(const struct obituary *obituary, struct verdict *verdict)
{
    verdict->kind = VERDICT_OOM_USERSPACE;
    if (!obituary->status_known || verdict->oom_kill > 0)
        verdict->confidence = CONFIDENCE_PROBABLE;
}

/* Why it was us who ended it. */
static void decide_ours(const struct obituary *obituary, struct verdict *verdict)
{
    if (obituary->hook.hook)
        decide_hook(&obituary->hook, verdict);
    else if (was_too_late(obituary))
        verdict->kind = VERDICT_START_TIMEOUT;
    else
        verdict->kind = obituary->unhealthy ? VERDICT_UNHEALTHY : VERDICT_STOPPED;
    /* Our SIGKILL and others' look the same; and one that we did not send was somebody else's. */
    if ((verdict->oom_kill > 0 || verdict->oomd > 0) && obituary->sent_signal == SIGKILL)
        verdict->confidence = CONFIDENCE_PROBABLE;
    if (obituary->signal == SIGKILL && obituary->sent_signal != SIGKILL)
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
        .oomd = since(now->oomd_ooms + now->oomd_kills, base->oomd_ooms + base->oomd_kills),
        .enclosing = -1,
        .victims = obituary->victims,
        .peak_bytes = now->peak_bytes,
    };

    if (obituary->main_alive) {
        verdict.kind = VERDICT_OOM_CHILD;
        if (verdict.oom == 0)
            verdict.enclosing = enclosing_hit(obituary).level;
    } else if (obituary->step != SPAWN_STEP_NONE && !called_off(obituary) &&
               !starved_at_birth(obituary, &verdict)) {
        verdict.kind = VERDICT_SPAWN_FAILED;
        verdict.step = obituary->step;
        verdict.error = obituary->error;
    } else if (died_for_memory(obituary, &verdict) || starved_at_birth(obituary, &verdict)) {
        decide_oom(obituary, &verdict);
        if (verdict.oomd > 0) // two killers in one interval
            verdict.confidence = CONFIDENCE_PROBABLE;
    } else if (died_of_a_watcher(obituary, &verdict)) {
        decide_watcher(obituary, &verdict);
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
