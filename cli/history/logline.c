/* See logline.h. */
#include "cli/history/logline.h"

#include <string.h>

#include "cli/show/render.h"
#include "core/paths.h"

int64_t logline_time(const char *head)
{
    char text[LOGLINE_TIME_BYTES + 1];
    int64_t wall_ns = 0;

    if (head[10] != 'T' || head[LOGLINE_TIME_BYTES - 1] != 'Z')
        return 0;
    memcpy(text, head, LOGLINE_TIME_BYTES);
    text[LOGLINE_TIME_BYTES] = '\0';
    return render_parse_time(text, 0, &wall_ns) == 0 ? wall_ns : 0;
}

struct logline logline_read(const char *line, size_t length)
{
    struct logline read = {.text = line, .length = length};
    const char *kind = line + LOGLINE_KIND_COLUMN;
    const char *stream = line + LOGLINE_TIME_BYTES;
    int64_t wall_ns;

    if (length < LOGLINE_HEAD_BYTES || kind[1] != ' ' || (kind[0] != 'F' && kind[0] != 'P') ||
        (memcmp(stream, " stdout ", 8) != 0 && memcmp(stream, " stderr ", 8) != 0))
        return read;
    wall_ns = logline_time(line);
    if (wall_ns <= 0)
        return read;
    read.wall_ns = wall_ns;
    read.time = line;
    read.error = stream[4] == 'e';
    read.part = kind[0] == 'P';
    read.text = line + LOGLINE_HEAD_BYTES;
    read.length = length - LOGLINE_HEAD_BYTES;
    return read;
}

static bool begins_with(const struct logline *line, const char *text)
{
    const size_t length = strlen(text);

    return line->error && line->length >= length && memcmp(line->text, text, length) == 0;
}

bool logline_is_marker(const struct logline *line)
{
    return begins_with(line, MARKER_TEXT);
}

bool logline_is_of_hook(const struct logline *line)
{
    return begins_with(line, MARKER_TEXT MARKER_HOOK);
}
