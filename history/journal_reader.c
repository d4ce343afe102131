/* See journal_reader.h. */
#include "history/journal_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "core/paths.h"

/* The folder, when a journal is in it. The descriptor or a negative errno. */
static int open_folder_with_journal(const char *dir)
{
    int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0)
        return -errno;
    if (faccessat(folder, PATH_JOURNAL, R_OK, AT_EACCESS) < 0) {
        int error = errno;

        close(folder);
        return -error;
    }
    return folder;
}

static int watch_folder(int folder)
{
    int notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char path[64];

    if (notices < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", folder);
    if (inotify_add_watch(notices, path,
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) < 0) {
        int error = errno;

        close(notices);
        return -error;
    }
    return notices;
}

int journal_reader_open(const char *runtime_dir, const char *state_dir, bool follow,
                        struct journal_reader *ret)
{
    bool archived = false;
    int notices = -1;
    int folder = open_folder_with_journal(runtime_dir);

    if (folder == -ENOENT) {
        folder = open_folder_with_journal(state_dir);
        archived = true;
    }
    if (folder < 0)
        return folder;
    if (follow && !archived) {
        notices = watch_folder(folder);
        if (notices < 0) {
            close(folder);
            return notices;
        }
    }
    journal_reader_begin(ret, folder);
    ret->notices = notices;
    ret->archived = archived;
    return 0;
}

void journal_reader_begin(struct journal_reader *reader, int folder)
{
    memset(reader, 0, sizeof(*reader));
    rotated_init(&reader->file, folder, PATH_JOURNAL);
    reader->folder = folder;
    reader->notices = -1;
}

void journal_reader_close(struct journal_reader *reader)
{
    rotated_finish(&reader->file);
    if (reader->notices >= 0)
        close(reader->notices);
    close(reader->folder);
}

int journal_reader_next(struct journal_reader *reader, struct record *ret)
{
    for (;;) {
        const char *line;
        const char *why;
        size_t length;
        int got = rotated_next(&reader->file, &line, &length);

        if (got <= 0)
            return got;
        if (length < sizeof(reader->line) && !memchr(line, '\0', length)) {
            memcpy(reader->line, line, length);
            reader->line[length] = '\0';
            if (record_read(reader->line, ret, &why) == 0)
                return 1;
        }
        reader->malformed++;
    }
}

int journal_reader_fd(const struct journal_reader *reader)
{
    return reader->notices;
}

void journal_reader_notice(struct journal_reader *reader)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got;

    while ((got = read(reader->notices, buffer, sizeof(buffer))) > 0) {
        ssize_t at = 0;

        while (at < got) {
            const struct inotify_event *event = (const void *)(buffer + at);

            if (event->mask & (IN_DELETE_SELF | IN_IGNORED))
                reader->dropped = true;
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}
