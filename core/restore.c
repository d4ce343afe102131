/* See restore.h. */
#include "core/restore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD        "journal "
#define MISSING_MAX ((size_t)1 << 20) // bytes of one step's lines

static const char too_big[] = "the journal is larger than a journal can be";
static const char no_head[] = "there is no whole head";
static const char other[] = "a line is not what its writer can have written";

/* The beginning of the last head in front of `end`, or SIZE_MAX. */
static size_t find_head(const char *text, size_t end)
{
    const size_t length = sizeof(HEAD) - 1;

    for (size_t at = end; at-- > 0;)
        if ((at == 0 || text[at - 1] == '\n') && end - at >= length &&
            memcmp(text + at, HEAD, length) == 0)
            return at;
    return SIZE_MAX;
}

/* One reading of what is between a head and an end. */
struct reading_on {
    struct replay *replay;
    size_t head_bytes;
    bool differs; // it was decided otherwise
};

/* Lines of the last step are not what we would decide: a later build does. What has happened counts
 * all the same. */
static void forgive(struct reading_on *reading)
{
    while (replay_missing(reading->replay))
        ;
    reading->differs = true;
}

/* 0, 1 or -ENOMEM. */
static int take_line(struct reading_on *reading, const char *line)
{
    const char *why;
    int result = replay_line(reading->replay, line, &why);

    if (result != 2)
        return result;
    forgive(reading);
    if (strncmp(line, "event ", 6) != 0)
        return 0;
    result = replay_line(reading->replay, line, &why);
    return result == 2 ? 1 : result;
}

static bool is_of_head(const char *line)
{
    static const char *const words[] = {HEAD, "group ", "member ", "need ", "state "};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(line, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* Whole lines only. */
static int take_lines(struct reading_on *reading, char *text, size_t start, size_t end)
{
    int result = 0;

    for (size_t at = start; result == 0 && at < end;) {
        char *newline = memchr(text + at, '\n', end - at);
        size_t next;

        if (!newline)
            break;
        next = (size_t)(newline - text) + 1;
        *newline = '\0';
        result = strlen(text + at) + 1 == next - at ? take_line(reading, text + at) : 1;
        if (is_of_head(text + at))
            reading->head_bytes = next - start;
        *newline = '\n';
        at = next;
    }
    return result;
}

/* What the last step still has to say. */
static int gather_missing(struct replay *replay, char **ret)
{
    char *text = NULL, *longer;
    size_t used = 0;
    const char *line;

    while ((line = replay_missing(replay))) {
        size_t length = strlen(line);

        longer = used + length < MISSING_MAX ? realloc(text, used + length + 2) : NULL;
        if (!longer) {
            free(text);
            return -ENOMEM;
        }
        text = longer;
        memcpy(text + used, line, length);
        memcpy(text + used + length, "\n", 2);
        used += length + 1;
    }
    *ret = text;
    return 0;
}

static int hand_over(struct reading_on *reading, bool is_last, struct restored *ret)
{
    int result = is_last ? gather_missing(reading->replay, &ret->missing) : 0;

    if (result == 0)
        result = replay_hand_over(reading->replay, &ret->roster, &ret->fleet);
    ret->head_bytes = reading->head_bytes;
    ret->needs_head = !is_last || reading->differs;
    if (result == 0 && !is_last)
        ret->fleet.effects.count = 0; // a head is written when all of them were run
    return result;
}

/* From that head to `end`. 0; 1; 2: the head is not whole; -ENOMEM. */
static int read_from(char *text, size_t start, size_t end, bool is_last, struct restored *ret,
                     const char **ret_why)
{
    struct reading_on reading = {0};
    int result = replay_create(&reading.replay);

    if (result < 0)
        return result;
    *ret_why = other;
    result = take_lines(&reading, text, start, end);
    if (result == 0 && !replay_is_placed(reading.replay, start > 0))
        result = 2;
    if (result == 0)
        result = hand_over(&reading, is_last, ret);
    if (result != 0)
        restored_finish(ret);
    replay_destroy(reading.replay);
    return result;
}

int restore_fleet(char *text, size_t size, struct restored *ret, const char **ret_why)
{
    const char *newline = size > 0 ? memrchr(text, '\n', size) : NULL;
    size_t whole = newline ? (size_t)(newline - text) + 1 : 0, end = whole;
    int result = 2;

    *ret = (struct restored){0};
    *ret_why = too_big;
    if (size > RESTORE_BYTES_MAX)
        return 1;
    while (result == 2) {
        size_t start = find_head(text, end);

        *ret_why = no_head;
        if (start == SIZE_MAX)
            return 1;
        result = read_from(text, start, end, end == whole, ret, ret_why);
        end = start;
    }
    ret->whole = whole;
    return result;
}

void restored_finish(struct restored *restored)
{
    fleet_finish(&restored->fleet);
    roster_finish(&restored->roster);
    free(restored->missing);
    *restored = (struct restored){0};
}
