/* See simulate_past.h. */
#include "cli/simulate_past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/history/chronicle.h"

static bool is_played(const struct death *death)
{
    return death->verdict.kind != VERDICT_STOPPED && death->verdict.kind != VERDICT_OOM_CHILD &&
           death->verdict.kind != VERDICT_NONE;
}

static struct life life_of(const struct death *death)
{
    return (struct life){
        .uptime = death->verdict.uptime,
        .kind = death->verdict.kind,
        .code = death->verdict.exit_code,
        .signal = death->verdict.signal,
        .peak_bytes = death->verdict.peak_bytes,
    };
}

static void take_member(const struct deaths *deaths, const char *name, struct trouble *trouble,
                        struct simulate_past *past)
{
    trouble->lives = past->lives + past->deaths;
    for (size_t i = 0; i < deaths->count; i++) {
        const struct death *death = &deaths->item[i];
        if (!is_played(death) || !death_is_of(death, name))
            continue;
        past->lives[past->deaths++] = life_of(death);
        past->restarts += death->verdict.next == NEXT_RESTART;
        trouble->lives_count++;
    }
}

static int take_deaths(const struct deaths *deaths, const struct roster *roster,
                       struct trouble *troubles, struct simulate_past *past)
{
    int64_t first = INT64_MAX, last = 0;
    uint32_t played = 0;

    past->lives = calloc(deaths->count + 1, sizeof(*past->lives));
    if (!past->lives)
        return -ENOMEM;
    for (uint32_t i = 0; i < roster->members_count; i++)
        take_member(deaths, roster->members[i].name, &troubles[i], past);
    for (size_t i = 0; i < deaths->count; i++) {
        const struct death *death = &deaths->item[i];
        int64_t born = death->wall_ns - death->verdict.uptime.ns;
        first = born < first ? born : first;
        last = death->wall_ns > last ? death->wall_ns : last;
        played += is_played(death);
    }
    past->passed = played - past->deaths;
    past->covered_ns = last - first > NSEC_PER_SEC ? last - first : NSEC_PER_SEC;
    return 0;
}

static int nothing_known(const struct command_context *context)
{
    return command_failed("stack \"%s\" has no history of deaths here: --history plays those that "
                          "journal and history.db tell of",
                          context->stack);
}

int simulate_past(const struct command_context *context, const struct roster *roster,
                  struct trouble *troubles, struct simulate_past *ret)
{
    struct chronicle chronicle;
    int failed = chronicle_open(context->runtime_dir, context->state_dir, &chronicle);

    *ret = (struct simulate_past){0};
    if (failed == -ENOENT)
        return nothing_known(context);
    if (failed == 0) {
        failed = chronicle_read(&chronicle, INT64_MAX);
        if (chronicle_past_trouble(chronicle.past_failed))
            command_note("history.db is not read: %s",
                         chronicle_past_trouble(chronicle.past_failed));
        if (failed == 0)
            failed = take_deaths(&chronicle.deaths, roster, troubles, ret);
        chronicle_close(&chronicle);
    }
    if (failed < 0)
        return command_failed("cannot read the history of %s: %s", context->stack,
                              strerror(-failed));
    if (ret->passed > 0)
        command_note("%u deaths are passed over: of members that are not there now", ret->passed);
    return ret->deaths > 0 ? 0 : nothing_known(context);
}

void simulate_past_finish(struct simulate_past *past)
{
    free(past->lives);
    *past = (struct simulate_past){0};
}
