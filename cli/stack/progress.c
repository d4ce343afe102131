/* See progress.h. */
#include "cli/stack/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/show/render.h"

/* Rows of the terminal; 0: not one. */
static unsigned int terminal_rows(FILE *to)
{
    struct winsize size;

    return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

static unsigned int terminal_columns(FILE *to)
{
    struct winsize size;

    return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static bool is_chosen(const struct progress *progress, const struct wire_row *row)
{
    return !progress->chosen || progress->chosen[row->member];
}

void progress_init(struct progress *progress, const struct watch *watch, const bool *chosen,
                   enum progress_mode mode, bool colour)
{
    unsigned int count = 0;

    *progress = (struct progress){stderr, mode, colour, chosen, 0, 0};
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        int width = (int)strlen(watch->rows[i].name);
        if (!is_chosen(progress, &watch->rows[i]))
            continue;
        count++;
        if (width > progress->width)
            progress->width = width;
    }
    if (mode == PROGRESS_LIVE && (!isatty(fileno(stderr)) || count + 2 > terminal_rows(stderr)))
        progress->mode = PROGRESS_LINES;
}

struct verdict progress_verdict(const struct wire_row *row)
{
    struct verdict verdict = {
        .kind = row->verdict < VERDICTS_COUNT ? (enum verdict_kind)row->verdict : VERDICT_NONE,
        .confidence = CONFIDENCE_CERTAIN,
        .exit_code = row->exit_code,
        .signal = row->signal,
        .step = row->step > 0 && row->step < SPAWN_STEPS_COUNT ? (enum spawn_step)row->step
                                                               : SPAWN_STEP_NONE,
        .error = row->error,
        .hook = row->hook,
        .hook_index = row->hook_index,
        .enclosing = (int32_t)row->enclosing,
        .peak_bytes = row->peak_bytes,
        .limit_bytes = row->verdict == VERDICT_OOM_GROUP ? 0 : row->limit_bytes,
        .uptime = span_ns(row->uptime_ns),
    };

    memcpy(verdict.group, row->group, sizeof(verdict.group));
    return verdict;
}

static void say_death(const struct wire_row *row, char *text, size_t size)
{
    struct verdict verdict = progress_verdict(row);

    verdict_sentence(&verdict, text, size);
}

void progress_words(const struct watch *watch, const struct wire_row *row, char *text, size_t size)
{
    char death[256], delay[RENDER_MAX];
    const char *other = "its turn";

    if (row->waits_for >= 0 && row->waits_for < watch->rows_count)
        other = watch->rows[row->waits_for].name;
    say_death(row, death, sizeof(death));
    switch ((enum state)row->state) {
    case STATE_WAITING:
        snprintf(text, size, "waiting for %s", other);
        return;
    case STATE_RUNNING:
        snprintf(text, size, "running (pid %d)", row->pid);
        return;
    case STATE_BACKOFF:
        if (row->deadline_in_ns > 0)
            snprintf(text, size, "%s; again in %s", death, render_span(row->deadline_in_ns, delay));
        else
            snprintf(text, size, "%s; again now", death);
        return;
    case STATE_HELD:
        if (row->budget > 0)
            snprintf(text, size, "held, too many restarts (%s): %s",
                     budget_key((enum cause)(row->budget - 1)), death);
        else
            snprintf(text, size, "held, its restarts are used up: %s", death);
        return;
    case STATE_EXITED:
        snprintf(text, size, "%s", row->verdict == VERDICT_NONE ? "stopped" : death);
        return;
    case STATE_QUARANTINED:
        snprintf(text, size,
                 "quarantined: the kernel does not let go of it, and it holds what the "
                 "next one may need");
        return;
    case STATE_CREATED:
    case STATE_PREPARING:
    case STATE_STARTING:
    case STATE_LEAVING:
    case STATE_STOPPING:
    case STATE_KILLING:
    case STATES_COUNT:
        break;
    }
    snprintf(text, size, "%s",
             row->state < STATES_COUNT ? state_name((enum state)row->state) : "?");
}

static enum render_style style_of(const struct wire_row *row)
{
    switch ((enum state)row->state) {
    case STATE_RUNNING:
        return STYLE_GREEN;
    case STATE_HELD:
    case STATE_QUARANTINED:
        return STYLE_RED;
    case STATE_BACKOFF:
        return STYLE_YELLOW;
    case STATE_EXITED:
        return verdict_is_failure((enum verdict_kind)row->verdict) ? STYLE_RED : STYLE_DIM;
    case STATE_CREATED:
    case STATE_WAITING:
    case STATE_PREPARING:
    case STATE_STARTING:
    case STATE_LEAVING:
    case STATE_STOPPING:
    case STATE_KILLING:
    case STATES_COUNT:
        break;
    }
    return STYLE_DIM;
}

/* Between logs a name has the colour that it has there. */
static const char *name_colour(const struct progress *progress, const struct watch *watch,
                               const struct wire_row *row)
{
    size_t index = 0;

    if (progress->mode != PROGRESS_STORY)
        return render_style(progress->colour, STYLE_BOLD);
    for (uint32_t i = 0; i < row->member && i < watch->rows_count; i++)
        index += is_chosen(progress, &watch->rows[i]);
    return render_name_colour(progress->colour, index);
}

static void put_row(const struct progress *progress, const struct watch *watch,
                    const struct wire_row *row, FILE *to)
{
    char words[400];
    const char *off = render_style(progress->colour, STYLE_OFF);
    int room = (int)terminal_columns(progress->to) - progress->width - 4;

    progress_words(watch, row, words, sizeof(words));
    if (progress->mode != PROGRESS_LIVE || room < 10)
        room = (int)sizeof(words);
    fprintf(to, "%s%-*s", name_colour(progress, watch, row), progress->width, row->name);
    fprintf(to, progress->mode == PROGRESS_STORY ? " |%s bulkhead: " : "%s  ", off);
    fprintf(to, "%s%.*s%s", render_style(progress->colour, style_of(row)), room, words, off);
}

/* Between logs, deaths are told by the log's own marker lines. */
static bool is_worth_a_line(const struct progress *progress, const struct wire_row *before,
                            const struct wire_row *row)
{
    if (before->state == row->state && before->generation == row->generation)
        return false;
    switch ((enum state)row->state) {
    case STATE_CREATED:
    case STATE_KILLING:
    case STATES_COUNT:
        return false;
    case STATE_STARTING: // after PREPARING and LEAVING, which look the same
        return progress->mode == PROGRESS_LINES && before->state != STATE_PREPARING;
    case STATE_STOPPING:
        return progress->mode == PROGRESS_LINES && before->state != STATE_LEAVING;
    case STATE_PREPARING:
    case STATE_LEAVING:
    case STATE_BACKOFF:
    case STATE_HELD:
    case STATE_EXITED:
        return progress->mode == PROGRESS_LINES;
    case STATE_WAITING:
    case STATE_RUNNING:
    case STATE_QUARANTINED:
        break;
    }
    return true;
}

void progress_row(struct progress *progress, const struct watch *watch,
                  const struct wire_row *before, const struct wire_row *row)
{
    if (!is_chosen(progress, row) || progress->mode == PROGRESS_LIVE ||
        !is_worth_a_line(progress, before, row))
        return;
    fflush(stdout);
    put_row(progress, watch, row, progress->to);
    fputc('\n', progress->to);
}

void progress_flush(struct progress *progress, const struct watch *watch)
{
    char *block = NULL;
    size_t size = 0;
    FILE *to = progress->mode == PROGRESS_LIVE ? open_memstream(&block, &size) : NULL;

    if (!to)
        return;
    if (progress->drawn > 0)
        fprintf(to, "\x1b[%uA", progress->drawn);
    progress->drawn = 0;
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        if (!is_chosen(progress, &watch->rows[i]))
            continue;
        put_row(progress, watch, &watch->rows[i], to);
        fputs("\x1b[K\n", to);
        progress->drawn++;
    }
    if (fclose(to) == 0)
        fwrite(block, 1, size, progress->to); // in one piece: no half-drawn screen
    free(block);
}
