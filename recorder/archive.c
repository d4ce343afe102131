/* See archive.h. */
#include "recorder/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/paths.h"

#define COPY_NAME ".archive"

/* All of `from` to `to`. 0 or a negative errno. */
static int copy_bytes(int from, int to)
{
    char bytes[16 * 1024];

    for (;;) {
        ssize_t got = read(from, bytes, sizeof(bytes));
        ssize_t done = 0;

        if (got == 0)
            return 0;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        while (done < got) {
            ssize_t written = write(to, bytes + done, (size_t)(got - done));

            if (written < 0 && errno != EINTR)
                return -errno;
            done += written > 0 ? written : 0;
        }
    }
}

static int copy_file(int from_dir, int to_dir, const char *name)
{
    int from = openat(from_dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int failed;
    int to;

    if (from < 0)
        return -errno;
    to = openat(to_dir, COPY_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    failed = to < 0 ? -errno : copy_bytes(from, to);
    close(from);
    if (to >= 0 && close(to) < 0 && failed == 0)
        failed = -errno;
    if (failed == 0 && renameat(to_dir, COPY_NAME, to_dir, name) < 0)
        failed = -errno;
    if (failed != 0)
        unlinkat(to_dir, COPY_NAME, 0);
    return failed;
}

static int remove_file(int dir, const char *name)
{
    return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* What cannot be copied must not stay there either: it would be of another run. Its place may be
 * just what a full disk lacks. */
static int mirror_file(int from_dir, int to_dir, const char *name)
{
    int failed = copy_file(from_dir, to_dir, name);
    int left = failed != 0 ? remove_file(to_dir, name) : 0;

    if (failed == -ENOENT)
        return left;
    return failed == -ENOSPC ? copy_file(from_dir, to_dir, name) : failed;
}

int archive_journal(int runtime, int state)
{
    int before = mirror_file(runtime, state, PATH_JOURNAL ".1");
    int failed = mirror_file(runtime, state, PATH_JOURNAL);

    return failed != 0 ? failed : before;
}
