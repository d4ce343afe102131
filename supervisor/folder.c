/* See folder.h. */
#include "supervisor/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/supervisor.h"

#define FOLDER      (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
#define CHANGES     (IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_ONLYDIR)
#define LOOK_AFTER  span_ms(50) // whoever removes it is to be done
#define AGAIN_AFTER span_sec(1)

/* --- watching ----------------------------------------------------------------------------- */

/* One that cannot be watched is not, and nothing else suffers. */
static void watch(struct supervisor *supervisor)
{
    if (supervisor->folder.watch < 0)
        return;
    (void)inotify_add_watch(supervisor->folder.watch, ".", CHANGES);
    (void)inotify_add_watch(supervisor->folder.watch, PATH_PLAN, IN_MODIFY); // it may be cut short
}

void folder_open(struct supervisor *supervisor)
{
    struct folder *folder = &supervisor->folder;

    *folder =
        (struct folder){.watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .look = INSTANT_NEVER};
    if (folder->watch >= 0 &&
        loop_add(&supervisor->loop, folder->watch, EPOLLIN, SOURCE_FOLDER, 0) < 0) {
        close(folder->watch);
        folder->watch = -1;
    }
    watch(supervisor);
}

/* What has changed is looked at, not read: a list of changes may be cut. */
void folder_changed(struct supervisor *supervisor)
{
    struct folder *folder = &supervisor->folder;
    char events[1024];

    if (folder->watch < 0)
        return;
    while (read(folder->watch, events, sizeof(events)) > 0)
        ;
    folder->look = instant_min(folder->look, instant_add(supervisor->now, LOOK_AFTER));
}

/* --- what is in it ------------------------------------------------------------------------ */

static bool is_missing(const struct supervisor *supervisor, const char *name)
{
    return faccessat(supervisor->runtime, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

static int make_fifos(struct supervisor *supervisor)
{
    int fifos;

    if (mkdirat(supervisor->runtime, PATH_FIFO, 0700) < 0 && errno != EEXIST)
        return -errno;
    fifos = openat(supervisor->runtime, PATH_FIFO, FOLDER);
    if (fifos < 0)
        return -errno;
    close(supervisor->fifos);
    supervisor->fifos = fifos;
    return 0;
}

/* Whole: it may be cut short. */
static bool has_plan(const struct supervisor *supervisor)
{
    struct stat ours, there;

    return fstatat(supervisor->runtime, PATH_PLAN, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(HANDOVER_PLAN, &ours) == 0 && ours.st_size == there.st_size;
}

/* What is not there is made anew. 0, or the last failure. */
static int fill(struct supervisor *supervisor)
{
    struct sample_ring *ring = &supervisor->sampler.ring;
    int result = 0, failed = 0;

    if (is_missing(supervisor, PATH_FIFO) && (result = make_fifos(supervisor)) < 0)
        failed = result;
    if (!has_plan(supervisor) && (result = reload_keep_plan(supervisor, HANDOVER_PLAN)) < 0)
        failed = result;
    (void)inotify_add_watch(supervisor->folder.watch, PATH_PLAN, IN_MODIFY);
    if (supervisor->journal.fd >= 0 && is_missing(supervisor, PATH_JOURNAL) &&
        (result = journal_move(&supervisor->journal, supervisor->runtime, &supervisor->fleet,
                               supervisor->now)) < 0)
        failed = result;
    if (ring->file >= 0 && is_missing(supervisor, PATH_SAMPLES)) {
        sample_ring_close(ring);
        (void)sample_ring_make(ring, supervisor->runtime, (uint64_t)supervisor->wall_ns);
    }
    if (is_missing(supervisor, PATH_CONTROL) && (result = control_reopen(supervisor)) < 0)
        failed = result;
    return failed;
}

/* --- the folder itself -------------------------------------------------------------------- */

static bool is_there(const struct supervisor *supervisor)
{
    struct stat ours, named;

    return fstat(supervisor->runtime, &ours) == 0 &&
           stat(supervisor->roster.runtime_dir, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

/* What is missing above it. */
static int make_above(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; path[i] && i < sizeof(part); i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0755) == 0)
            (void)chmod(part, 0755); // whatever our umask is
        else if (errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* As the old one was. Descriptor or negative errno. */
static int open_new(const struct supervisor *supervisor)
{
    const char *path = supervisor->roster.runtime_dir;
    struct stat old = {0}, status = {0};
    int fd, result = make_above(path);

    if (result == 0 && mkdir(path, 0700) < 0 && errno != EEXIST)
        result = -errno;
    if (result < 0)
        return result;
    fd = open(path, FOLDER);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0 || fstat(supervisor->runtime, &old) < 0)
        result = -errno;
    else if (status.st_uid != geteuid())
        result = -EPERM;
    if (result == 0) {
        (void)!fchown(fd, (uid_t)-1, old.st_gid);
        result = fchmod(fd, old.st_mode & 07777) < 0 ? -errno : 0;
    }
    if (result == 0)
        return fd;
    close(fd);
    return result;
}

/* -EWOULDBLOCK: another stack of that name is there by now. */
static int take_lock(int folder)
{
    int fd = openat(folder, PATH_LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = 0;

    if (fd < 0)
        return -errno;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || dup3(fd, HANDOVER_LOCK, O_CLOEXEC) < 0)
        result = -errno;
    close(fd);
    return result;
}

/* The recorder's group, to which the state folder belongs, finds its way in it. */
int folder_make(const struct supervisor *supervisor)
{
    const struct roster *roster = &supervisor->roster;
    struct stat state;
    int fd, result = make_above(roster->runtime_dir);

    if (result == 0 && mkdir(roster->runtime_dir, 0700) < 0 && errno != EEXIST)
        result = -errno;
    fd = result == 0 ? open(roster->runtime_dir, FOLDER) : -1;
    if (fd < 0)
        return result < 0 ? result : -errno;
    if (geteuid() == 0 && stat(roster->state_dir, &state) == 0 && state.st_gid != 0 &&
        fchown(fd, (uid_t)-1, state.st_gid) == 0)
        (void)fchmod(fd, 02710);
    result = take_lock(fd);
    close(fd);
    return result;
}

static int make_anew(struct supervisor *supervisor)
{
    int fd = open_new(supervisor), result;

    if (fd < 0)
        return fd;
    result = take_lock(fd);
    if (result == 0 && fchdir(fd) < 0)
        result = -errno;
    if (result < 0) {
        close(fd);
        return result;
    }
    close(supervisor->runtime);
    supervisor->runtime = fd;
    watch(supervisor);
    result = fill(supervisor);
    recording_kill(supervisor); // the next one opens this folder
    supervisor_say(supervisor,
                   "the runtime folder %s was lost and is made anew; the journal begins again",
                   supervisor->roster.runtime_dir);
    return result;
}

void folder_turn(struct supervisor *supervisor)
{
    struct folder *folder = &supervisor->folder;
    int result;

    if (!instant_reached(folder->look, supervisor->now))
        return;
    folder->look = INSTANT_NEVER;
    result = is_there(supervisor) ? fill(supervisor) : make_anew(supervisor);
    if (result < 0)
        folder->look = instant_add(supervisor->now, AGAIN_AFTER);
    if (result < 0 && !folder->said)
        supervisor_say(supervisor, "the runtime folder %s was lost, and cannot be made anew: %s",
                       supervisor->roster.runtime_dir, strerrordesc_np(-result));
    folder->said = result < 0;
}
