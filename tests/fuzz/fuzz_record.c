/* Journals: each line alone, and all of them replayed. A line that was told to be an event is
 * written again and read again: it must be the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_again(const char *line)
{
    static struct record record, twice;
    static char text[RECORD_LINE_MAX], again[RECORD_LINE_MAX];
    const char *why = NULL;

    if (record_read(line, &record, &why) != 0) {
        if (!why)
            abort();
        return;
    }
    if (record.kind != RECORD_EVENT)
        return;
    record_write_event(&record.event, text);
    text[strcspn(text, "\n")] = '\0';
    if (record_read(text, &twice, &why) != 0)
        abort();
    record_write_event(&twice.event, again);
    again[strcspn(again, "\n")] = '\0';
    if (strcmp(text, again) != 0)
        abort();
}

/* No fuzzer guesses what the fleet decides: after an event that it takes, it is told so itself. */
static void replay_outcome(struct replay *replay)
{
    static char lines[2 * RECORD_LINE_MAX];
    const struct fleet *fleet = replay_fleet(replay);
    const char *why;

    for (uint32_t i = 0; i < fleet->effects.count; i++) {
        record_write_outcome(fleet, i, lines);
        for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n"))
            if (replay_line(replay, line, &why) != 0)
                abort();
    }
    if (replay_end(replay, &why) != 0)
        abort();
}

static void replay_one(struct replay *replay, const char *line)
{
    static struct record record;
    static char text[RECORD_LINE_MAX];
    const char *why;

    if (record_read(line, &record, &why) != 0 || record.kind != RECORD_EVENT) {
        (void)replay_line(replay, line, &why);
        return;
    }
    record_write_event(&record.event, text);
    text[strcspn(text, "\n")] = '\0';
    if (replay_line(replay, text, &why) == 0)
        replay_outcome(replay);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *line, *rest;
    struct replay *replay;
    const char *why;

    if (!text || replay_create(&replay) < 0)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    for (line = text; line; line = rest) {
        rest = strchr(line, '\n');
        if (rest)
            *rest++ = '\0';
        read_again(line);
        replay_one(replay, line);
    }
    (void)replay_end(replay, &why);
    replay_destroy(replay);
    free(text);
    return 0;
}
