/* See journal.h. */
#include "supervisor/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"
#include "supervisor/sys/memory.h"

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

/* Gives up the file: what follows a gap would not replay. No line and no head is kept in part. */
static void break_off(struct journal *journal, int error)
{
    (void)!ftruncate(journal->fd, journal->whole);
    (void)fchmod(journal->fd, 0440); // for whoever would go on with it
    lose_buffer(journal);
    close(journal->fd);
    journal->fd = -1;
    journal->error = error;
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
        break_off(journal, written < 0 ? -errno : -ENOSPC);
        return;
    }
    journal->size += written;
    if (!journal->in_head)
        journal->whole = journal->size;
    journal->buffer_lines = 0;
    journal->buffer_used = 0;
}

void journal_relax(struct journal *journal)
{
    if (journal->buffer_used == 0)
        memory_give_back(journal->buffer, sizeof(journal->buffer));
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

void journal_other(struct journal *journal, uint32_t member, uint32_t generation,
                   const struct record_other *other)
{
    char *line = make_room(journal, RECORD_LINE_MAX);

    keep(journal, record_write_other(member, generation, other, line), 1);
}

void journal_kept(struct journal *journal, const struct fleet *fleet, uint32_t member)
{
    keep(journal, record_write_kept(fleet, member, make_room(journal, RECORD_LINE_MAX)), 1);
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
    for (uint32_t i = 0; i < roster->groups_count; i++)
        keep(journal, record_write_group(roster, i, make_room(journal, RECORD_LINE_MAX)), 1);
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

static void plan_head(struct journal *journal, int64_t head_bytes)
{
    int64_t most = 2 * head_bytes > JOURNAL_READ_MAX ? 2 * head_bytes : JOURNAL_READ_MAX;

    journal->head_bytes = head_bytes;
    journal->next_head = journal->size + most;
}

/* A head at the end of the file. On failure nothing of it is there, and no file to write into. */
static int write_head(struct journal *journal, const struct fleet *fleet, uint64_t seed,
                      bool with_states)
{
    uint64_t lost = journal->lost;
    int64_t begin = journal->size;

    journal->error = 0;
    journal->in_head = true;
    write_roster(journal, fleet->roster, seed);
    if (with_states)
        write_states(journal, fleet);
    if (lost > journal->lost_told)
        journal_note(journal, "%llu lines before this one could not be kept",
                     (unsigned long long)(lost - journal->lost_told));
    journal_flush(journal);
    journal->in_head = false;
    journal->lost = lost; // the lines of a head are not lost: the next attempt writes them again
    if (journal->error < 0)
        return journal->error;
    journal->whole = journal->size;
    plan_head(journal, journal->size - begin);
    return 0;
}

/* Writes the head into a new file and makes it the journal. On failure everything is as it was, but
 * that there is no file to write into. */
static int begin_file(struct journal *journal, const struct fleet *fleet, uint64_t seed,
                      bool with_states)
{
    int result;

    (void)unlinkat(journal->dir, PATH_NEW, 0);
    journal->fd =
        openat(journal->dir, PATH_NEW,
               O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (journal->fd < 0)
        return -errno;
    (void)fchmod(journal->fd, 0640); // the recorder reads it; others do not reach the folder
    journal->size = journal->whole = 0;
    result = write_head(journal, fleet, seed, with_states);
    if (result == 0)
        result = put_in_place(journal->dir);
    if (result < 0) {
        if (journal->fd >= 0)
            break_off(journal, result);
        (void)unlinkat(journal->dir, PATH_NEW, 0);
        return result;
    }
    journal->lost_told = journal->lost;
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

int journal_begin_anew(struct journal *journal, int dir, const struct fleet *fleet)
{
    journal->dir = dir;
    journal->fd = -1;
    journal->buffer_used = 0;
    return begin_file(journal, fleet, fleet->random, true);
}

int journal_mend(int dir)
{
    if (faccessat(dir, PATH_JOURNAL, F_OK, 0) == 0)
        return unlinkat(dir, PATH_NEW, 0) < 0 && errno != ENOENT ? -errno : 0;
    /* Between two renames: the new one is whole. */
    if (renameat(dir, PATH_NEW, dir, PATH_JOURNAL) == 0)
        return 0;
    return renameat(dir, PATH_OLD, dir, PATH_JOURNAL) < 0 && errno != ENOENT ? -errno : 0;
}

/* The file in place, behind its whole lines. Descriptor or negative errno. */
static int reopen(int dir, int64_t whole)
{
    int fd = openat(dir, PATH_JOURNAL, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int error;

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, whole) == 0)
        return fd;
    error = errno;
    close(fd);
    return -error;
}

int journal_continue(struct journal *journal, int dir, const struct restored *restored)
{
    const char *missing = restored->missing ? restored->missing : "";
    size_t length = strlen(missing);
    ssize_t written;
    int fd = reopen(dir, (int64_t)restored->whole);

    if (fd < 0)
        return fd;
    written = write(fd, missing, length);
    if (written < 0 || (size_t)written != length) {
        int error = written < 0 ? errno : ENOSPC;
        (void)!ftruncate(fd, (int64_t)restored->whole);
        close(fd);
        return -error;
    }
    journal->dir = dir;
    journal->fd = fd;
    journal->buffer_used = 0;
    journal->size = journal->whole = (int64_t)(restored->whole + length);
    plan_head(journal, (int64_t)restored->head_bytes);
    journal->size_max = JOURNAL_BYTES_MAX + journal->head_bytes;
    return 0;
}

void journal_close(struct journal *journal)
{
    journal_flush(journal);
    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
}

/* No file to write into: the trouble is handed out once, and the next attempt waits. */
static int wait_for_room(struct journal *journal, instant now)
{
    int error = journal->error;

    journal->error = 0;
    journal->retry = instant_add(now, RETRY_AFTER);
    return error;
}

static int next_file(struct journal *journal, const struct fleet *fleet, instant now)
{
    int result;

    if (journal->fd >= 0)
        close(journal->fd);
    journal->fd = -1;
    result = begin_file(journal, fleet, fleet->random, true);
    if (result < 0)
        (void)wait_for_room(journal, now);
    return result;
}

int journal_reloaded(struct journal *journal, const struct fleet *fleet, instant now)
{
    journal_flush(journal);
    if (journal->fd >= 0 && journal->size < journal->size_max &&
        write_head(journal, fleet, fleet->random, true) == 0)
        return 0;
    return next_file(journal, fleet, now);
}

int journal_move(struct journal *journal, int dir, const struct fleet *fleet, instant now)
{
    journal_flush(journal);
    journal->dir = dir;
    return next_file(journal, fleet, now);
}

int journal_turn(struct journal *journal, const struct fleet *fleet, instant now)
{
    journal_flush(journal);
    if (journal->fd >= 0 && journal->size >= journal->size_max)
        return next_file(journal, fleet, now);
    if (journal->fd >= 0 && journal->size >= journal->next_head)
        (void)write_head(journal, fleet, fleet->random, true); // what fails is seen below
    if (journal->fd >= 0)
        return 0;
    if (journal->error < 0)
        return wait_for_room(journal, now);
    if (instant_reached(journal->retry, now))
        (void)next_file(journal, fleet, now);
    return 0;
}
