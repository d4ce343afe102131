/* See row.h. */
#include "cli/show/row.h"

#include <stdio.h>
#include <string.h>

#include "core/health.h"

bool row_is_at_rest(const struct wire_row *row)
{
    return row->state == STATE_CREATED || row->state == STATE_EXITED || row->state == STATE_HELD;
}

bool row_is(const struct wire_row *row, const char *word)
{
    return strcmp(row->name, word) == 0 || (strlen(word) == row->service_length &&
                                            memcmp(row->name, word, row->service_length) == 0);
}

int row_exit_code(const struct wire_row *row)
{
    if (row->verdict == VERDICT_NONE)
        return 0;
    return row->signal > 0 ? 128 + row->signal : row->exit_code;
}

const char *row_state_word(const struct wire_row *row)
{
    if (row->state == STATE_RUNNING && row->health != HEALTH_NONE)
        return health_name((enum health)row->health);
    return state_name((enum state)row->state);
}

enum render_style row_style(const struct wire_row *row)
{
    switch ((enum state)row->state) {
    case STATE_RUNNING:
        return row->health == HEALTH_UNHEALTHY  ? STYLE_RED
               : row->health == HEALTH_STARTING ? STYLE_YELLOW
                                                : STYLE_GREEN;
    case STATE_HELD:
    case STATE_QUARANTINED:
        return STYLE_RED;
    case STATE_EXITED:
        return verdict_is_failure((enum verdict_kind)row->verdict) ? STYLE_RED : STYLE_DIM;
    case STATE_CREATED:
        return STYLE_DIM;
    case STATE_WAITING:
    case STATE_PREPARING:
    case STATE_STARTING:
    case STATE_LEAVING:
    case STATE_STOPPING:
    case STATE_KILLING:
    case STATE_BACKOFF:
    case STATES_COUNT:
        break;
    }
    return STYLE_YELLOW;
}

void row_death(const struct wire_row *row, char text[ROW_TEXT_MAX])
{
    const char *verdict = verdict_name((enum verdict_kind)row->verdict);
    const char *error = row->error > 0 ? strerrordesc_np(row->error) : NULL;
    char signal[RENDER_MAX];

    if (row->verdict == VERDICT_NONE)
        snprintf(text, ROW_TEXT_MAX, "%s", "-");
    else if (row->verdict == VERDICT_SPAWN_FAILED)
        snprintf(text, ROW_TEXT_MAX, "%s: %s: %s", verdict,
                 spawn_step_name((enum spawn_step)row->step), error ? error : "unknown error");
    else if (row->verdict == VERDICT_CRASHED)
        snprintf(text, ROW_TEXT_MAX, "%s (%s)", verdict, render_signal(row->signal, signal));
    else if (row->verdict == VERDICT_FAILED && row->hook)
        snprintf(text, ROW_TEXT_MAX, "%s (%s hook %u)", verdict,
                 aide_name((enum aide_kind)row->hook), row->hook_index + 1);
    else if (row->verdict == VERDICT_FAILED && row->exit_code >= 0)
        snprintf(text, ROW_TEXT_MAX, "%s (code %d)", verdict, row->exit_code);
    else
        snprintf(text, ROW_TEXT_MAX, "%s", verdict);
}
