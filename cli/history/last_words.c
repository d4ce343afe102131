/* See last_words.h. */
#include "cli/history/last_words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/history/log_reader.h"
#include "core/nsec.h"
#include "core/paths.h"

#define MARKER_LATEST (60 * NSEC_PER_SEC) // after the death, when the recorder lagged behind

/* Copies what a terminal may see: colours and cursor movements of a service are not ours. */
static void copy_visible(const struct logline *line, char to[WHY_LINE_MAX])
{
    size_t used = 0;
    size_t i;

    for (i = 0; i < line->length && used + 8 < WHY_LINE_MAX; i++) {
        unsigned char byte = (unsigned char)line->text[i];

        if (byte == '\t' || (byte >= 0x20 && byte != 0x7f))
            to[used++] = (char)byte;
        else if (byte != '\r')
            used += (size_t)snprintf(to + used, WHY_LINE_MAX - used, "\\x%02x", byte);
    }
    if (i < line->length)
        used += (size_t)snprintf(to + used, WHY_LINE_MAX - used, "…");
    to[used] = '\0';
}

static void keep(struct last_words *words, const struct logline *line)
{
    if (words->count == WHY_LINES_MAX) {
        memmove(words->line[0], words->line[1], sizeof(words->line) - sizeof(words->line[0]));
        memmove(&words->error[0], &words->error[1], sizeof(words->error) - sizeof(bool));
        words->count--;
    }
    words->error[words->count] = line->error;
    copy_visible(line, words->line[words->count++]);
}

/* Forward, keeping the last lines: a marker before the death begins a new incarnation, the first
 * one after it ends the search. */
static int search(struct rotated *log, int64_t death_wall_ns, struct last_words *ret)
{
    struct logline line;
    int got;

    while ((got = log_reader_next(log, &line)) == 1) {
        bool marker = logline_is_marker(&line);

        if (logline_is_of_hook(&line))
            continue;
        if (line.wall_ns > death_wall_ns + MARKER_LATEST ||
            (marker && line.wall_ns >= death_wall_ns))
            return 0;
        if (marker)
            ret->count = 0;
        else
            keep(ret, &line);
    }
    return got;
}

int last_words_read(const char *state_dir, const char *member, int64_t death_wall_ns,
                    struct last_words *ret)
{
    char path[4096];
    struct rotated log;
    int folder;
    int failed;

    ret->count = 0;
    snprintf(path, sizeof(path), "%s/" PATH_LOGS, state_dir);
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder < 0)
        return errno == ENOENT ? 0 : -errno;
    log_reader_init(&log, folder, member);
    failed = search(&log, death_wall_ns, ret);
    rotated_finish(&log);
    close(folder);
    return failed;
}
