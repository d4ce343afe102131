/* See cgroup.h. */
#include "supervisor/sys/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core/memev.h"

#define TEXT_BYTES 1024 // more than any file that is read whole
#define PATH_BYTES 512

int cgroup_open(int parent, const char *name, int *ret_fd)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}

int cgroup_create(int parent, const char *name, int *ret_fd)
{
    int result;

    if (mkdirat(parent, name, 0755) < 0)
        return -errno;
    result = cgroup_open(parent, name, ret_fd);
    if (result < 0)
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    return result;
}

static int write_text(int fd, const char *text)
{
    size_t length = strlen(text);
    ssize_t written = write(fd, text, length);

    if (written < 0)
        return -errno;
    return (size_t)written == length ? 0 : -EIO;
}

static int write_file(int cgroup, const char *file, const char *text)
{
    int fd = openat(cgroup, file, O_WRONLY | O_CLOEXEC), result;

    if (fd < 0)
        return -errno;
    result = write_text(fd, text);
    close(fd);
    return result;
}

/* --- limits ------------------------------------------------------------------------------- */

/* Is what the kernel kept what was asked for? It rounds down to whole pages. */
static int verify_memory_max(int fd, const char *asked)
{
    char text[64];
    ssize_t length = pread(fd, text, sizeof(text), 0);
    int64_t want, kept, page = sysconf(_SC_PAGESIZE);

    if (length < 0)
        return -errno;
    if (memev_number(asked, strlen(asked), &want) != 0 ||
        memev_number(text, (size_t)length, &kept) != 0)
        return -EUCLEAN;
    return kept == (want < 0 ? want : want - want % page) ? 0 : -EUCLEAN;
}

static int write_memory_max(int cgroup, const char *value)
{
    int fd = openat(cgroup, "memory.max", O_RDWR | O_CLOEXEC), result;

    if (fd < 0)
        return -errno;
    result = write_text(fd, value);
    if (result == 0)
        result = verify_memory_max(fd, value);
    close(fd);
    return result;
}

int cgroup_limit(int cgroup, const struct control *controls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct control *control = &controls[i];
        int result = strcmp(control->file, "memory.max") == 0
                         ? write_memory_max(cgroup, control->value)
                         : write_file(cgroup, control->file, control->value);
        if (result == -ENOENT && control->optional)
            continue;
        if (result < 0)
            return result;
    }
    return 0;
}

/* --- counters ----------------------------------------------------------------------------- */

/* Evidence is there once: what fails for want of memory or files is tried a second time. */
static bool may_pass(int error)
{
    return error == ENOMEM || error == ENFILE || error == EINTR || error == EAGAIN;
}

/* "name/file", or -ENAMETOOLONG. */
static int join(char path[PATH_BYTES], const char *name, const char *file)
{
    if (strlen(name) + 1 + strlen(file) >= PATH_BYTES)
        return -ENAMETOOLONG;
    stpcpy(stpcpy(stpcpy(path, name), "/"), file);
    return 0;
}

static int open_below(int parent, const char *name, const char *file, int flags)
{
    char path[PATH_BYTES];
    int result = join(path, name, file), fd;

    if (result < 0)
        return result;
    fd = openat(parent, path, flags | O_CLOEXEC);
    if (fd < 0 && may_pass(errno))
        fd = openat(parent, path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The length, or negative errno. */
static ssize_t read_text(int fd, char text[TEXT_BYTES])
{
    ssize_t length = pread(fd, text, TEXT_BYTES, 0);

    if (length < 0 && may_pass(errno))
        length = pread(fd, text, TEXT_BYTES, 0);
    return length < 0 ? -errno : length;
}

static ssize_t read_below(int parent, const char *name, const char *file, char text[TEXT_BYTES])
{
    int fd = open_below(parent, name, file, O_RDONLY);
    ssize_t length;

    if (fd < 0)
        return fd;
    length = read_text(fd, text);
    close(fd);
    return length;
}

/* The same from a file that may be open already. */
static ssize_t read_below_or(int fd, int parent, const char *name, const char *file,
                             char text[TEXT_BYTES])
{
    return fd >= 0 ? read_text(fd, text) : read_below(parent, name, file, text);
}

int cgroup_watch(int parent, const char *name, const char *file, int *ret_fd)
{
    int fd = open_below(parent, name, file, O_RDONLY);

    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}

bool cgroup_hands_down(int cgroup, const char *controller)
{
    char text[TEXT_BYTES];
    char *rest = text;
    const char *word;
    ssize_t length = read_below(cgroup, ".", "cgroup.subtree_control", text);

    if (length <= 0)
        return false;
    text[length - 1] = '\0'; // the newline
    while ((word = strsep(&rest, " ")))
        if (strcmp(word, controller) == 0)
            return true;
    return false;
}

static int read_events(int fd, struct memev *ret)
{
    char text[TEXT_BYTES];
    ssize_t length = read_text(fd, text);

    if (length < 0)
        return (int)length;
    (void)memev_parse(text, (size_t)length, ret); // what is not understood counts as 0
    return 0;
}

int cgroup_oom_kills(int events, int64_t *ret)
{
    struct memev counts;
    int result = read_events(events, &counts);

    if (result == 0)
        *ret = counts.oom_kill + counts.oom_group_kill;
    return result;
}

int cgroup_populated(int events, int64_t *ret)
{
    char text[TEXT_BYTES];
    ssize_t length = read_text(events, text);

    if (length == -ENODEV) { // somebody has removed it, which he can do to an empty one
        *ret = 0;
        return 0;
    }
    if (length < 0)
        return (int)length;
    return memev_keyed(text, (size_t)length, "populated", ret) == 0 ? 0 : -EBADMSG;
}

static void read_local(int parent, const char *name, struct reading *reading)
{
    char text[TEXT_BYTES];
    struct memev counts;
    ssize_t length = read_below(parent, name, "memory.events.local", text);

    if (length < 0)
        return;
    (void)memev_parse(text, (size_t)length, &counts);
    reading->known = 1;
    reading->max = counts.max;
    reading->high = counts.high;
    reading->oom = counts.oom;
    reading->oom_kill = counts.oom_kill;
    reading->oom_group_kill = counts.oom_group_kill;
}

static void read_enclosing(const int *enclosing, size_t count, struct reading *reading)
{
    struct memev counts;

    for (size_t i = 0; i < count && i < ENCLOSING_MAX; i++)
        if (enclosing[i] >= 0 && read_events(enclosing[i], &counts) == 0)
            reading->enclosing_oom[i] = counts.oom;
}

static int64_t read_mark(int folder, const char *name)
{
    char text[24];
    int64_t value;
    ssize_t length = fgetxattr(folder, name, text, sizeof(text));

    if (length <= 0 || memev_number(text, (size_t)length, &value) != 0 || value < 0)
        return 0;
    return value;
}

/* What a userspace OOM killer has left on it; whoever owns the folder could have written that. */
static void read_marks(int parent, const char *name, struct reading *reading)
{
    int folder = open_below(parent, name, ".", O_RDONLY | O_DIRECTORY);

    if (folder < 0)
        return;
    reading->oomd_ooms = read_mark(folder, "user.oomd_ooms");
    reading->oomd_kills = read_mark(folder, "user.oomd_kill");
    close(folder);
}

void cgroup_read_new(const int *enclosing, size_t enclosing_count, bool known, struct reading *ret)
{
    struct reading reading = {.known = known};

    read_enclosing(enclosing, enclosing_count, &reading);
    *ret = reading;
}

void cgroup_read(int parent, const char *name, int events, const int *enclosing,
                 size_t enclosing_count, struct reading *ret)
{
    struct reading reading = {0};
    struct memev counts;
    char text[TEXT_BYTES];
    ssize_t length;

    read_local(parent, name, &reading);
    read_marks(parent, name, &reading);
    /* One file of the controller absent: all are. */
    length = reading.known ? read_below_or(events, parent, name, "memory.events", text) : -ENOENT;
    if (length >= 0) {
        (void)memev_parse(text, (size_t)length, &counts);
        reading.tree_oom_kill = counts.oom_kill;
    }
    read_enclosing(enclosing, enclosing_count, &reading);
    length = reading.known ? read_below(parent, name, "memory.peak", text) : -ENOENT;
    if (length >= 0)
        (void)memev_number(text, (size_t)length, &reading.peak_bytes);
    length = read_below(parent, name, "cgroup.events", text);
    if (length >= 0)
        (void)memev_keyed(text, (size_t)length, "populated", &reading.populated);
    *ret = reading;
}

int cgroup_memory(int parent, const char *name, int64_t *ret_current_bytes, int64_t *ret_peak_bytes)
{
    char text[TEXT_BYTES];
    int64_t current, peak = 0;
    ssize_t length = read_below(parent, name, "memory.current", text);

    if (length < 0)
        return (int)length;
    if (memev_number(text, (size_t)length, &current) != 0)
        return -EBADMSG;
    length = read_below(parent, name, "memory.peak", text);
    if (length >= 0)
        (void)memev_number(text, (size_t)length, &peak);
    *ret_current_bytes = current;
    *ret_peak_bytes = peak;
    return 0;
}
