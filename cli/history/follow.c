/* See follow.h. */
#include "cli/history/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/history/log_printer.h"
#include "cli/history/log_reader.h"
#include "core/paths.h"

#define NOTICE_BYTES 16384

/* A member's log, with the line that comes next out of it. */
struct track {
    struct rotated reader;
    char name[INSTANCE_NAME_MAX];
    struct logline line;
    int64_t since_ns; // older ones are left out
    int64_t order_ns; // of the line; one without a head stands where the one before it stood
    bool has_line;
    bool changed; // since its end was reached
};

struct follow {
    struct follow_options options;
    struct log_printer printer;
    int folder;
    int notices; // inotify
    size_t count;
    struct track *tracks;
    size_t *by_name; // indices, sorted by name
    size_t *heap;    // indices of tracks with a line, the oldest line first
    size_t heap_count;
};

static int open_logs(const char *state_dir, int *ret)
{
    int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int failed = state < 0 ? -errno : 0;

    if (failed == 0) {
        mkdirat(state, PATH_LOGS, 0700);
        *ret = openat(state, PATH_LOGS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        failed = *ret < 0 ? -errno : 0;
        close(state);
    }
    return failed;
}

static int watch_folder(struct follow *follow)
{
    char path[64];

    follow->notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (follow->notices < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", follow->folder);
    if (inotify_add_watch(follow->notices, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) <
        0)
        return -errno;
    return 0;
}

static int compare_names(const void *left, const void *right, void *context)
{
    const struct follow *follow = context;

    return strcmp(follow->tracks[*(const size_t *)left].name,
                  follow->tracks[*(const size_t *)right].name);
}

static int make_room(struct follow *follow, size_t count)
{
    struct track *tracks = realloc(follow->tracks, (count + 1) * sizeof(*tracks));
    size_t *by_name = realloc(follow->by_name, (count + 1) * sizeof(*by_name));
    size_t *heap = realloc(follow->heap, (count + 1) * sizeof(*heap));

    follow->tracks = tracks ? tracks : follow->tracks;
    follow->by_name = by_name ? by_name : follow->by_name;
    follow->heap = heap ? heap : follow->heap;
    return tracks && by_name && heap ? 0 : -ENOMEM;
}

static struct track *add_track(struct follow *follow, const char *name, int64_t since_ns)
{
    size_t index = follow->count++;
    struct track *track = &follow->tracks[index];
    int width = (int)strlen(name);

    *track = (struct track){.since_ns = since_ns, .changed = true};
    log_reader_init(&track->reader, follow->folder, name);
    snprintf(track->name, sizeof(track->name), "%s", name);
    if (width > follow->printer.width)
        follow->printer.width = width;
    follow->by_name[index] = index;
    return track;
}

static int make_tracks(struct follow *follow, const char *const *names, size_t count)
{
    const struct follow_options *options = &follow->options;
    int failed = make_room(follow, count);

    for (size_t i = 0; failed == 0 && i < count; i++) {
        struct track *track = add_track(follow, names[i], options->since_ns);
        if (options->tail != FOLLOW_ALL)
            failed = log_reader_tail(&track->reader, options->tail, options->until_ns);
    }
    qsort_r(follow->by_name, follow->count, sizeof(*follow->by_name), compare_names, follow);
    return failed;
}

int follow_create(const struct follow_options *options, const char *const *names, size_t count,
                  struct follow **ret)
{
    struct follow *follow = calloc(1, sizeof(*follow));
    int failed;

    if (!follow)
        return -ENOMEM;
    follow->options = *options;
    follow->options.state_dir = NULL;
    follow->folder = follow->notices = -1;
    follow->printer.prefix = options->prefix;
    follow->printer.timestamps = options->timestamps;
    follow->printer.colour[0] = options->colour_out;
    follow->printer.colour[1] = options->colour_err;
    failed = open_logs(options->state_dir, &follow->folder);
    if (failed == 0)
        failed = watch_folder(follow);
    if (failed == 0)
        failed = make_tracks(follow, names, count);
    if (failed != 0) {
        follow_destroy(follow);
        return failed;
    }
    *ret = follow;
    return 0;
}

struct follow *follow_destroy(struct follow *follow)
{
    size_t i;

    if (!follow)
        return NULL;
    for (i = 0; i < follow->count; i++)
        rotated_finish(&follow->tracks[i].reader);
    if (follow->notices >= 0)
        close(follow->notices);
    if (follow->folder >= 0)
        close(follow->folder);
    log_printer_finish(&follow->printer);
    free(follow->tracks);
    free(follow->by_name);
    free(follow->heap);
    free(follow);
    return NULL;
}

int follow_fd(const struct follow *follow)
{
    return follow->notices;
}

/* The next line that is asked for. 0, also when there is none; or a negative errno. */
static int advance(struct follow *follow, struct track *track)
{
    track->has_line = false;
    for (;;) {
        int got = log_reader_next(&track->reader, &track->line);

        if (got <= 0)
            return got;
        if (track->line.wall_ns > 0)
            track->order_ns = track->line.wall_ns;
        if (track->order_ns >= track->since_ns && track->order_ns <= follow->options.until_ns) {
            track->has_line = true;
            return 0;
        }
    }
}

/* Oldest line first; of the same time, the member that comes first. */
static bool goes_before(const struct follow *follow, size_t left, size_t right)
{
    int64_t left_ns = follow->tracks[left].order_ns;
    int64_t right_ns = follow->tracks[right].order_ns;

    return left_ns < right_ns || (left_ns == right_ns && left < right);
}

/* Puts `track` into the heap's free place `at` or deeper, moving smaller ones up. */
static void sift_down(struct follow *follow, size_t at, size_t track)
{
    for (;;) {
        size_t child = 2 * at + 1;

        if (child >= follow->heap_count)
            break;
        if (child + 1 < follow->heap_count &&
            goes_before(follow, follow->heap[child + 1], follow->heap[child]))
            child++;
        if (!goes_before(follow, follow->heap[child], track))
            break;
        follow->heap[at] = follow->heap[child];
        at = child;
    }
    follow->heap[at] = track;
}

/* Takes a line of every log that has changed. */
static int fill_heap(struct follow *follow)
{
    size_t i;
    size_t at;

    follow->heap_count = 0;
    for (i = 0; i < follow->count; i++) {
        struct track *track = &follow->tracks[i];
        int failed = track->changed ? advance(follow, track) : 0;

        if (failed != 0)
            return failed;
        track->changed = false;
        if (track->has_line)
            follow->heap[follow->heap_count++] = i;
    }
    for (at = follow->heap_count / 2; at > 0; at--)
        sift_down(follow, at - 1, follow->heap[at - 1]);
    return 0;
}

/* Prints everything that the changed logs have, merged by time. */
static int print_changed(struct follow *follow)
{
    int failed = fill_heap(follow);

    while (failed == 0 && follow->heap_count > 0) {
        size_t first = follow->heap[0];
        struct track *track = &follow->tracks[first];

        failed = log_printer_print(&follow->printer, first, track->name, &track->line);
        if (failed == 0)
            failed = advance(follow, track);
        if (!track->has_line)
            first = follow->heap[--follow->heap_count];
        if (follow->heap_count > 0)
            sift_down(follow, 0, first);
    }
    return failed;
}

int follow_past(struct follow *follow)
{
    int failed = print_changed(follow);

    return failed != 0 ? failed : fflush(stdout) != 0 ? -errno : 0;
}

static const size_t *find_track(const struct follow *follow, const char *name)
{
    size_t low = 0;
    size_t high = follow->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, follow->tracks[follow->by_name[middle]].name);

        if (order == 0)
            return &follow->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* "web-1.log" has changed: only the current file is appended to. */
static void mark_changed(struct follow *follow, const struct inotify_event *event)
{
    char name[INSTANCE_NAME_MAX];
    const char *end = event->len > 0 ? strrchr(event->name, '.') : NULL;
    const size_t *found;
    size_t i;

    if (event->mask & IN_Q_OVERFLOW)
        for (i = 0; i < follow->count; i++)
            follow->tracks[i].changed = true;
    if (!end || strcmp(end, ".log") != 0 || (size_t)(end - event->name) >= sizeof(name))
        return;
    memcpy(name, event->name, (size_t)(end - event->name));
    name[end - event->name] = '\0';
    found = find_track(follow, name);
    if (found)
        follow->tracks[*found].changed = true;
}

static int read_notices(struct follow *follow)
{
    char buffer[NOTICE_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));

    for (;;) {
        ssize_t got = read(follow->notices, buffer, sizeof(buffer));
        ssize_t at = 0;

        if (got < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        while (at < got) {
            const struct inotify_event *event = (const void *)(buffer + at);

            mark_changed(follow, event);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}

int follow_add(struct follow *follow, const char *name, int64_t since_ns)
{
    if (find_track(follow, name))
        return 0;
    if (make_room(follow, follow->count + 1) != 0)
        return -ENOMEM;
    add_track(follow, name, since_ns);
    qsort_r(follow->by_name, follow->count, sizeof(*follow->by_name), compare_names, follow);
    return 0;
}

int follow_turn(struct follow *follow)
{
    int failed = read_notices(follow);

    return failed != 0 ? failed : follow_past(follow);
}

int follow_drain(struct follow *follow)
{
    size_t i;
    int failed;

    for (i = 0; i < follow->count; i++)
        follow->tracks[i].changed = true;
    failed = print_changed(follow);
    return failed != 0 ? failed : log_printer_flush(&follow->printer);
}
