/* The journal of a run, replayed line by line as it is written: it must tell the same. */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAIL (sizeof(((struct tale *)0)->tail) / sizeof(((struct tale *)0)->tail[0]))

static void tell_line(struct sim *sim, char *line)
{
    struct tale *tale = &sim->tale;
    char **kept = &tale->tail[tale->next++ % TAIL];
    const char *why = "";
    int result;

    line[strcspn(line, "\n")] = '\0';
    if (sim->verbose)
        puts(line);
    *kept = realloc(*kept, strlen(line) + 1);
    if (!*kept)
        abort();
    strcpy(*kept, line);
    tale->lines++;
    result = replay_line(tale->replay, line, &why);
    if (result != 0)
        break_rule(sim, "replay-tells-the-same", "replay_line gives %d: %s", result, why);
}

static void tell_head(struct sim *sim)
{
    char line[RECORD_LINE_MAX];
    const struct roster *roster = &sim->roster;

    if (replay_create(&sim->tale.replay) < 0)
        abort();
    record_write_head(roster, sim->seed, line);
    tell_line(sim, line);
    for (uint32_t i = 0; i < roster->groups_count; i++) {
        record_write_group(roster, i, line);
        tell_line(sim, line);
    }
    for (uint32_t i = 0; i < roster->members_count; i++) {
        record_write_member(roster, i, line);
        tell_line(sim, line);
    }
    for (uint32_t i = 0; i < roster->members_count; i++)
        for (uint32_t j = 0; j < roster->members[i].needs_count; j++) {
            record_write_need(roster, i, roster->members[i].first_need + j, line);
            tell_line(sim, line);
        }
}

void tale_begin(struct sim *sim)
{
    tell_head(sim);
}

void tale_event(struct sim *sim, const struct event *event)
{
    char line[RECORD_LINE_MAX];

    record_write_event(event, line);
    tell_line(sim, line);
}

void tale_outcome(struct sim *sim)
{
    char lines[2 * RECORD_LINE_MAX];

    for (uint32_t i = 0; i < sim->fleet.effects.count; i++) {
        char *second;
        record_write_outcome(&sim->fleet, i, lines);
        second = strchr(lines, '\n') + 1;
        tell_line(sim, lines);
        if (*second)
            tell_line(sim, second);
    }
}

/* A new journal that starts with how things stand. */
void tale_rotate(struct sim *sim)
{
    char line[RECORD_LINE_MAX];

    tale_end(sim);
    replay_destroy(sim->tale.replay);
    tell_head(sim);
    for (uint32_t i = 0; i < sim->roster.members_count; i++) {
        record_write_state(&sim->fleet, i, line);
        tell_line(sim, line);
    }
}

void tale_end(struct sim *sim)
{
    const char *why;
    int result = replay_end(sim->tale.replay, &why);

    if (result != 0)
        break_rule(sim, "replay-tells-the-same", "replay_end gives %d: %s", result, why);
}

void tale_finish(struct sim *sim)
{
    replay_destroy(sim->tale.replay);
    for (size_t i = 0; i < TAIL; i++)
        free(sim->tale.tail[i]);
}
