/* See outcome.h. */
#include "cli/stack/outcome.h"

#include <errno.h>
#include <stdio.h>

#include "cli/host/command.h"
#include "cli/stack/progress.h"
#include "cli/show/render.h"
#include "cli/show/row.h"
#include "core/health.h"

static bool has_failed(const struct wire_row *row)
{
    return row->state == STATE_HELD ||
           (row->state == STATE_EXITED && verdict_is_failure((enum verdict_kind)row->verdict));
}

/* Waits for somebody who is at rest himself, so nothing will open the gate. */
static bool waits_in_vain(const struct watch *watch, const struct wire_row *row)
{
    const struct wire_row *other;

    if (row->state != STATE_WAITING || row->waits_for < 0 || row->waits_for >= watch->rows_count)
        return false;
    other = &watch->rows[row->waits_for];
    return other->state == STATE_HELD || other->state == STATE_EXITED ||
           other->state == STATE_WAITING;
}

static bool rests(const struct watch *watch, const struct wire_row *row, bool asked)
{
    return row->state == STATE_EXITED || row->state == STATE_HELD || waits_in_vain(watch, row) ||
           (row->state == STATE_CREATED && !asked);
}

bool outcome_asked_at_rest(const struct watch *watch, const bool *asked)
{
    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (asked[i] && !rests(watch, &watch->rows[i], true))
            return false;
    return true;
}

bool outcome_others_at_rest(const struct watch *watch, const bool *asked)
{
    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (!asked[i] && !rests(watch, &watch->rows[i], false))
            return false;
    return true;
}

bool outcome_at_rest(const struct watch *watch, const bool *asked)
{
    return outcome_asked_at_rest(watch, asked) && outcome_others_at_rest(watch, asked);
}

static bool is_well(const struct wire_row *row)
{
    return row->state == STATE_RUNNING &&
           (row->health == HEALTH_NONE || row->health == HEALTH_HEALTHY);
}

bool outcome_all_running(const struct watch *watch, const bool *asked)
{
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        const struct wire_row *row = &watch->rows[i];
        bool done = row->state == STATE_EXITED && row->verdict == VERDICT_DONE;
        if (asked[i] && !is_well(row) && !done)
            return false;
    }
    return true;
}

static bool cannot_come_up(const struct watch *watch, const struct wire_row *row)
{
    if (has_failed(row) || row->state == STATE_QUARANTINED ||
        (row->state == STATE_RUNNING && row->health == HEALTH_UNHEALTHY))
        return true;
    if (row->state == STATE_BACKOFF)
        return verdict_is_failure((enum verdict_kind)row->verdict);
    if (row->state == STATE_EXITED)
        return row->verdict != VERDICT_DONE;
    return row->state == STATE_WAITING && row->waits_for >= 0 &&
           row->waits_for < watch->rows_count && has_failed(&watch->rows[row->waits_for]);
}

ptrdiff_t outcome_first_failed(const struct watch *watch, const bool *asked)
{
    ptrdiff_t waiting = -1;

    for (uint32_t i = 0; i < watch->rows_count; i++) {
        if (!asked[i] || !cannot_come_up(watch, &watch->rows[i]))
            continue;
        if (watch->rows[i].state != STATE_WAITING)
            return (ptrdiff_t)i; // the cause rather than who waits for it
        if (waiting < 0)
            waiting = (ptrdiff_t)i;
    }
    return waiting;
}

int outcome_tell(const struct watch *watch, const bool *asked, bool colour)
{
    char words[400];
    int status = STATUS_DONE;

    fflush(stdout);
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        const struct wire_row *row = &watch->rows[i];
        if (!asked[i] || (!has_failed(row) && row->state != STATE_WAITING))
            continue;
        progress_words(watch, row, words, sizeof(words));
        fprintf(stderr, "bulkhead: %s%s%s: %s%s\n", render_style(colour, STYLE_RED), row->name,
                render_style(colour, STYLE_OFF),
                row->state == STATE_WAITING ? "was never started: " : "", words);
        status = STATUS_FAILED;
    }
    return status;
}

static bool has_come_to_rest(const struct wire_row *row)
{
    return row->state == STATE_EXITED || row->state == STATE_HELD;
}

bool outcome_has_ended(const struct wire_row *before, const struct wire_row *row, bool failures)
{
    bool news = !has_come_to_rest(before) || before->generation != row->generation;

    return news && has_come_to_rest(row) && (!failures || has_failed(row));
}

int outcome_exit_code(const struct wire_row *row)
{
    if (row->verdict == VERDICT_SPAWN_FAILED)
        return row->error == ENOENT ? 127 : 126;
    if (row->verdict == VERDICT_NONE)
        return STATUS_FAILED;
    return row_exit_code(row) >= 0 ? row_exit_code(row) : STATUS_FAILED;
}
