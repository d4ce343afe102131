/* See report.h. */
#include "supervisor/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "core/report_json.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/loaded.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/fifo.h"
#include "supervisor/sys/sealed.h"

#define STARTS_PER_TURN 4
#define LINE_BYTES      512

static const enum aide_kind kinds[] = {AIDE_ON_OOM, AIDE_ON_HOLD};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(sizeof(((struct slot *)0)->reports) == KINDS * sizeof(char *), "one of each kind");

/* --- what becomes of it ------------------------------------------------------------------- */

/* Into the member's own log; and into the journal. */
static void say(struct supervisor *supervisor, uint32_t member, enum aide_kind kind,
                const char *format, ...) __attribute__((format(printf, 4, 5)));
static void say(struct supervisor *supervisor, uint32_t member, enum aide_kind kind,
                const char *format, ...)
{
    const char *name = supervisor->roster.members[member].name;
    char what[LINE_BYTES - 128], line[LINE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    snprintf(line, sizeof(line), MARKER_PREFIX MARKER_HOOK "%s %s\n", aide_name(kind), what);
    if (fifo_write(supervisor->slots[member].errors, line, strlen(line)) == 0)
        journal_note(&supervisor->journal, "%s: hook %s %s", name, aide_name(kind), what);
    else
        supervisor_say(supervisor, "%s: hook %s %s", name, aide_name(kind), what);
}

static void say_late(struct supervisor *supervisor, const struct aide_process *aide)
{
    const struct aide *planned =
        roster_aide(&supervisor->roster, aide->member, aide->kind, aide->index);

    if (supervisor->finish_by.ns != INSTANT_NEVER.ns)
        say(supervisor, aide->member, aide->kind, "was killed: the stack has ended");
    else
        say(supervisor, aide->member, aide->kind, "was killed: it did not end within %lld ms",
            planned ? (long long)(planned->timeout_ns / NSEC_PER_MSEC) : 0LL);
}

void report_ended(struct supervisor *supervisor, const struct aide_process *aide)
{
    const char *abbreviation = aide->signal > 0 ? sigabbrev_np(aide->signal) : NULL;
    uint32_t member = aide->member;

    if (member == AIDE_NO_MEMBER)
        return;
    if (aide->step == SPAWN_STEP_TIMEOUT)
        say_late(supervisor, aide);
    else if (aide->step != SPAWN_STEP_NONE)
        say(supervisor, member, aide->kind, "could not be started: %s: %s",
            spawn_step_name(aide->step),
            aide->oom ? "its memory limit is too small" : strerrordesc_np(aide->error));
    else if (aide->oom)
        say(supervisor, member, aide->kind, "met its own memory limit");
    else if (!aide->known)
        say(supervisor, member, aide->kind, "ended, and its exit status is unknown");
    else if (aide->signal)
        say(supervisor, member, aide->kind, "was ended by %s%s", abbreviation ? "SIG" : "a signal",
            abbreviation ? abbreviation : "");
    else if (aide->code)
        say(supervisor, member, aide->kind, "exited with code %d", aide->code);
}

/* --- the start ---------------------------------------------------------------------------- */

static int start_with(struct supervisor *supervisor, uint32_t member, const struct aide *planned,
                      const struct launch *launch, int input, enum spawn_step *step)
{
    const char *name = supervisor->roster.members[member].name;
    char output[INSTANCE_NAME_MAX + 4], errors[INSTANCE_NAME_MAX + 4];
    const struct aide_order order = {
        .role = AIDE_ROLE_REPORT,
        .member = member,
        .generation = supervisor->slots[member].generation,
        .kind = (enum aide_kind)planned->kind,
        .client = -1,
        .launch = launch,
        .input = &input,
        .longest = span_ns(planned->timeout_ns),
        .output = output,
        .errors = errors,
    };

    stpcpy(stpcpy(output, name), ".out");
    stpcpy(stpcpy(errors, name), ".err");
    return aide_start(supervisor, &order, step);
}

static void start(struct supervisor *supervisor, uint32_t member, enum aide_kind kind,
                  const char *text)
{
    const struct aide *planned = roster_aide(&supervisor->roster, member, kind, 0);
    enum spawn_step step = SPAWN_STEP_STDIO;
    struct loaded loaded;
    int input, result;

    if (!planned) // the plan that came meanwhile does not have it
        return;
    result = loaded_read(HANDOVER_PLAN, planned->launch_offset, planned->launch_bytes, &loaded);
    if (result == 0) {
        input = result = sealed_make("bulkhead report", text, strlen(text));
        if (result >= 0) {
            result = start_with(supervisor, member, planned, &loaded.record.launch, input, &step);
            close(input);
        }
        loaded_finish(&loaded);
    }
    if (result < 0)
        say(supervisor, member, kind, "could not be started: %s: %s", spawn_step_name(step),
            strerrordesc_np(-result));
}

/* Behind the line about the death. */
static void say_skipped(struct supervisor *supervisor, uint32_t member, size_t kind)
{
    bool *skipped = &supervisor->slots[member].skipped[kind];

    if (*skipped)
        say(supervisor, member, kinds[kind], "was skipped: the one before is still running");
    *skipped = false;
}

/* At most `most`; false: there are more. */
static bool start_some(struct supervisor *supervisor, uint32_t most)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        for (size_t j = 0; j < KINDS; j++) {
            char *text = supervisor->slots[i].reports[j];
            say_skipped(supervisor, i, j);
            if (!text)
                continue;
            if (most-- == 0)
                return false;
            supervisor->slots[i].reports[j] = NULL;
            start(supervisor, i, kinds[j], text);
            free(text);
        }
    }
    return true;
}

void report_turn(struct supervisor *supervisor)
{
    if (supervisor->births_waiting > 0 || !start_some(supervisor, STARTS_PER_TURN))
        supervisor_at_leisure(supervisor);
}

void report_rest(struct supervisor *supervisor)
{
    (void)start_some(supervisor, UINT32_MAX);
}

/* --- what it is told ---------------------------------------------------------------------- */

static void add_others(const struct supervisor *supervisor, uint32_t member, struct report *told)
{
    struct record_other others[LEVELS_TOLD_MAX];
    uint32_t count;

    if (told->verdict->kind != VERDICT_OOM_GROUP)
        return;
    count = levels_others(supervisor, member, others);
    for (uint32_t i = 0; i < count && i < REPORT_OTHERS_MAX; i++)
        told->others[told->others_count++] = (struct report_other){
            .name = supervisor->roster.members[others[i].member].name,
            .current_bytes = others[i].current_bytes,
            .peak_bytes = others[i].peak_bytes,
            .growth = others[i].growth,
        };
}

/* The line, malloc'ed; NULL: there is no memory for it. */
static char *write_report(const struct supervisor *supervisor, const struct effect *effect)
{
    struct report told = {
        .hook = (enum aide_kind)effect->hook,
        .stack = supervisor->roster.stack,
        .member = &supervisor->roster.members[effect->member],
        .generation = effect->generation,
        .wall_ns = supervisor->wall_ns,
        .verdict = &supervisor->fleet.members[effect->member].last,
    };
    char text[REPORT_JSON_MAX];

    add_others(supervisor, effect->member, &told);
    return report_json(&told, text) > 0 ? strdup(text) : NULL;
}

void report(struct supervisor *supervisor, const struct effect *effect)
{
    enum aide_kind kind = (enum aide_kind)effect->hook;
    struct slot *slot = &supervisor->slots[effect->member];
    char **place = &slot->reports[kind == AIDE_ON_HOLD];

    supervisor_at_leisure(supervisor);
    if (*place || aide_is_told_of(&supervisor->aides, effect->member, kind)) {
        slot->skipped[kind == AIDE_ON_HOLD] = true;
        return;
    }
    *place = write_report(supervisor, effect);
    if (!*place)
        say(supervisor, effect->member, kind, "could not be started: there is no memory");
}
