/* See journal.h. */
#include "supervisor/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/paths.h"

#define PATH_OLD    PATH_JOURNAL ".1"
#define PATH_NEW    PATH_JOURNAL ".new"
#define RETRY_AFTER span_sec(1)

/* --- lines -------------------------------------------------------------------------------- */

static void lose_buffer(struct journal *journal)
{
    journal->lost += journal->buffer_lines;
    journal->buffer_lines = 0;
    journal->buffer_used = 0;
}

/* Gives up the file: what follows a gap would not replay. */
static void break_off(struct journal *journal)
{
    lose_buffer(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    journal->retry = INSTANT_NONE;
}

void journal_flush(struct journal *journal)
{
    ssize_t written;

    if (journal->buffer_used == 0)
        return;
    if (journal->fd < 0) {
        lose_buffer(journal);
        return;
    }
    written = write(journal->fd, journal->buffer, journal->buffer_used);
    if (written < 0 || (size_t)written != journal->buffer_used) {
        (void)!ftruncate(journal->fd, journal->size); // no line is kept in part
        break_off(journal);
        return;
    }
    journal->size += written;
    journal->buffer_lines = 0;
    journal->buffer_used = 0;
}

/* Room for `bytes` more, at the returned place. */
static char *make_room(struct journal *journal, size_t bytes)
{
    if (sizeof(journal->buffer) - journal->buffer_used < bytes)
        journal_flush(journal);
    return journal->buffer + journal->buffer_used;
}

static void keep(struct journal *journal, size_t length, uint32_t lines)
{
    journal->buffer_used += length;
    journal->buffer_lines += lines;
}

void journal_event(struct journal *journal, const struct event *event)
{
    keep(journal, record_write_event(event, make_room(journal, RECORD_LINE_MAX)), 1);
}

void journal_outcomes(struct journal *journal, const struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->effects.count; i++) {
        size_t length =
            record_write_outcome(fleet, i, make_room(journal, (size_t)2 * RECORD_LINE_MAX));
        keep(journal, length, fleet->effects.item[i].kind == EFFECT_VERDICT ? 2 : 1);
    }
}

void journal_note(struct journal *journal, const char *format, ...)
{
    char *line = make_room(journal, RECORD_LINE_MAX);
    va_list arguments;
    size_t length = (size_t)(stpcpy(line, "note ") - line);

    va_start(arguments, format);
    vsnprintf(line + length, RECORD_LINE_MAX - length - 1, format, arguments);
    va_end(arguments);
    length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < ' ')
            line[i] = '?';
    line[length++] = '\n';
    keep(journal, length, 1);
}

/* --- files -------------------------------------------------------------------------------- */

static void write_roster(struct journal *journal, const struct roster *roster, uint64_t seed)
{
    keep(journal, record_write_head(roster, seed, make_room(journal, RECORD_LINE_MAX)), 1);
    for (uint32_t i = 0; i < roster->members_count; i++)
        keep(journal, record_write_member(roster, i, make_room(journal, RECORD_LINE_MAX)), 1);
    for (uint32_t i = 0; i < roster->members_count; i++) {
        const struct member *member = &roster->members[i];
        for (uint32_t j = 0; j < member->needs_count; j++) {
            char *line = make_room(journal, RECORD_LINE_MAX);
            keep(journal, record_write_need(roster, i, member->first_need + j, line), 1);
        }
    }
}

static void write_states(struct journal *journal, const struct fleet *fleet)
{
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        keep(journal, record_write_state(fleet, i, make_room(journal, RECORD_LINE_MAX)), 1);
}

/* Puts the finished head in its place; the file before it becomes journal.1. */
static int put_in_place(int dir)
{
    if (renameat(dir, PATH_JOURNAL, dir, PATH_OLD) < 0 && errno != ENOENT)
        return -errno;
    return renameat(dir, PATH_NEW, dir, PATH_JOURNAL) < 0 ? -errno : 0;
}

/* Writes the head into a new file and makes it the journal. On failure everything is as it was, but
 * that there is no file to write into. */
static int begin_file(struct journal *journal, const struct fleet *fleet, uint64_t seed,
                      bool with_states)
{
    uint64_t lost = journal->lost;
    int result = 0;

    (void)unlinkat(journal->dir, PATH_NEW, 0);
    journal->fd =
        openat(journal->dir, PATH_NEW,
               O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (journal->fd < 0)
        return -errno;
    journal->size = 0;
    write_roster(journal, fleet->roster, seed);
    if (with_states)
        write_states(journal, fleet);
    if (lost > journal->lost_told)
        journal_note(journal, "%llu lines before this one could not be kept",
                     (unsigned long long)(lost - journal->lost_told));
    journal_flush(journal);
    if (journal->lost != lost)
        result = -ENOSPC;
    else
        result = put_in_place(journal->dir);
    journal->lost = lost; // the lines of a head are not lost: the next attempt writes them again
    if (result < 0) {
        break_off(journal);
        (void)unlinkat(journal->dir, PATH_NEW, 0);
        return result;
    }
    journal->lost_told = lost;
    journal->size_max = journal->size + JOURNAL_BYTES_MAX;
    return 0;
}

int journal_open(struct journal *journal, int dir, const struct fleet *fleet, uint64_t seed)
{
    journal->dir = dir;
    journal->fd = -1;
    journal->buffer_used = 0;
    return begin_file(journal, fleet, seed, false);
}

void journal_close(struct journal *journal)
{
    journal_flush(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

int journal_next(struct journal *journal, const struct fleet *fleet, instant now)
{
    int result;

    journal_flush(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    result = begin_file(journal, fleet, fleet->random, true);
    if (result < 0)
        journal->retry = instant_add(now, RETRY_AFTER);
    return result;
}

int journal_turn(struct journal *journal, const struct fleet *fleet, instant now)
{
    bool again;
    int result;

    journal_flush(journal);
    if (journal->fd >= 0 && journal->size < journal->size_max)
        return 0;
    again = journal->fd < 0 && journal->retry.ns != INSTANT_NONE.ns;
    if (again && !instant_reached(journal->retry, now))
        return 0;
    result = journal_next(journal, fleet, now);
    return again ? 0 : result;
}
