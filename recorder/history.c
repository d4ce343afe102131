/* See history.h. */
#include "recorder/history.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "core/paths.h"
#include "history/follow_journal.h"
#include "history/follow_samples.h"

#define ROUND_MS    1000
#define RETRY_MS    10000
#define IDLE_MS     5000
#define STACK_BYTES ((size_t)512 * 1024)

struct history {
    pthread_t thread;
    bool running; // the thread
    int runtime;  // folder, borrowed
    char *state_dir;
    int notices;    // inotify of the runtime folder
    int bell;       // eventfd: come to an end
    bool open;      // history.db
    bool following; // journal and samples
    int said;       // why it cannot; 0: it can
    pthread_mutex_t lock;
    struct retention wanted; // under the lock
    struct keep keep;
    struct follow_journal journal;
    struct follow_samples samples;
};

static int64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Our stderr leads into the stack's own log, which the same disk may have no room for. */
static void say(struct history *history, int failed)
{
    if (history->said == 0)
        fprintf(stderr, "recorder: cannot write " PATH_HISTORY ": %s; it is tried again\n",
                strerror(-failed));
    history->said = failed;
}

/* --- rounds --------------------------------------------------------------------------------- */

static void close_file(struct history *history)
{
    if (history->open)
        keep_close(&history->keep);
    history->open = false;
}

static void close_all(struct history *history)
{
    if (history->following) {
        follow_journal_finish(&history->journal);
        follow_samples_finish(&history->samples);
    }
    history->following = false;
    close_file(history);
}

/* What is not a history that we can go on with is not lost, but out of the way. */
static int make_room(struct history *history, int failed)
{
    if (failed != 1 && failed != DATABASE_DAMAGED)
        return failed;
    fprintf(stderr,
            "recorder: " PATH_HISTORY " is %s: it is kept as " PATH_HISTORY
            ".aside, and a new one begins\n",
            failed == 1 ? "not of this version of bulkhead" : "damaged");
    return history_set_aside(history->state_dir);
}

static struct retention limits_of(struct history *history)
{
    struct retention limits;

    pthread_mutex_lock(&history->lock);
    limits = history->wanted;
    pthread_mutex_unlock(&history->lock);
    return (struct retention){
        .age_ns = limits.age_ns > 0 ? limits.age_ns : KEEP_AGE_NS,
        .bytes = limits.bytes > 0 ? limits.bytes : KEEP_BYTES,
    };
}

void history_limit(struct history *history, const struct retention *limits)
{
    if (!history)
        return;
    pthread_mutex_lock(&history->lock);
    history->wanted = *limits;
    pthread_mutex_unlock(&history->lock);
}

static int open_file(struct history *history)
{
    struct retention limits = limits_of(history);
    int failed = keep_open(&history->keep, history->state_dir, &limits);

    if (failed == 1 || failed == DATABASE_DAMAGED) {
        failed = make_room(history, failed);
        if (failed == 0)
            failed = keep_open(&history->keep, history->state_dir, &limits);
    }
    history->open = failed == 0;
    return failed;
}

static int open_all(struct history *history)
{
    int failed = history->open ? 0 : open_file(history);

    if (failed != 0 || history->following)
        return failed;
    failed = keep_forget_plans(&history->keep);
    if (failed == 0)
        failed = follow_journal_begin(&history->journal, history->runtime, &history->keep);
    if (failed != 0)
        return failed;
    follow_samples_begin(&history->samples);
    history->following = true;
    return 0;
}

static int take_in(struct history *history)
{
    int64_t now = wall_ns();
    struct retention limits = limits_of(history);
    int failed = keep_begin(&history->keep);

    if (failed != 0)
        return failed;
    keep_limit(&history->keep, &limits);
    failed = follow_journal_turn(&history->journal, &history->keep);
    if (failed == 0)
        failed = follow_samples_turn(&history->samples, history->runtime, &history->keep, now);
    if (failed == 0)
        failed = keep_retire(&history->keep, now);
    if (failed == 0)
        failed = keep_end(&history->keep);
    if (failed != 0)
        keep_give_up(&history->keep);
    return failed;
}

/* 0, or a negative errno: then it is to be tried again. */
static int turn(struct history *history)
{
    int failed = open_all(history);

    if (failed == 0)
        failed = take_in(history);
    if (failed == 0) {
        if (history->said)
            fprintf(stderr, "recorder: " PATH_HISTORY " is written again; it could not be: %s\n",
                    strerror(-history->said));
        history->said = 0;
        return 0;
    }
    close_all(history);
    if (failed == DATABASE_DAMAGED)
        failed = make_room(history, failed);
    if (failed == 0)
        return -EAGAIN;
    say(history, failed);
    return failed;
}

/* --- the thread ----------------------------------------------------------------------------- */

enum news { NEWS_NONE, NEWS_CHANGED, NEWS_END };

/* Until something has changed, if that is to be waited for, or the time is over. */
static enum news wait_for_news(struct history *history, bool for_changes, int timeout_ms)
{
    struct pollfd files[] = {
        {.fd = history->bell, .events = POLLIN},
        {.fd = for_changes ? history->notices : -1, .events = POLLIN},
    };
    char bytes[4096];

    (void)poll(files, 2, timeout_ms);
    if (files[0].revents & POLLIN)
        return NEWS_END;
    if (!(files[1].revents & POLLIN))
        return NEWS_NONE;
    while (read(history->notices, bytes, sizeof(bytes)) > 0)
        ;
    return NEWS_CHANGED;
}

/* Between two rounds. An open database holds some hundred kilobytes: where nothing happens for a
 * while it is closed, and the memory given back. */
static enum news rest(struct history *history, bool failed)
{
    enum news news = wait_for_news(history, false, failed ? RETRY_MS : ROUND_MS);

    if (failed || news == NEWS_END)
        return news;
    news = wait_for_news(history, true, IDLE_MS);
    if (news != NEWS_NONE)
        return news;
    close_file(history);
    (void)malloc_trim(0);
    return wait_for_news(history, true, -1);
}

static void *run(void *context)
{
    struct history *history = context;
    int failed;

    do {
        failed = turn(history);
        if (failed == -EAGAIN)
            failed = turn(history);
    } while (rest(history, failed != 0) != NEWS_END);
    (void)turn(history);
    close_all(history);
    return NULL;
}

static int watch(int runtime)
{
    int notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    char path[64];

    if (notices < 0)
        return -errno;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", runtime);
    if (inotify_add_watch(notices, path, IN_MODIFY | IN_MOVED_TO | IN_ONLYDIR) < 0) {
        int error = errno;

        close(notices);
        return -error;
    }
    return notices;
}

/* 0 or a negative errno. */
static int start_thread(struct history *history)
{
    pthread_attr_t attributes;
    int error;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    error = pthread_create(&history->thread, &attributes, run, history);
    pthread_attr_destroy(&attributes);
    return -error;
}

static void destroy(struct history *history)
{
    if (history->notices >= 0)
        close(history->notices);
    if (history->bell >= 0)
        close(history->bell);
    pthread_mutex_destroy(&history->lock);
    free(history->state_dir);
    free(history);
}

static void say_none(int failed)
{
    fprintf(stderr, "recorder: there will be no history: %s\n", strerror(-failed));
}

static int open_notices(struct history *history, int runtime)
{
    history->runtime = runtime;
    history->bell = eventfd(0, EFD_CLOEXEC);
    if (history->bell < 0)
        return -errno;
    history->notices = watch(history->runtime);
    return history->notices < 0 ? history->notices : 0;
}

struct history *history_prepare(int runtime)
{
    struct history *history = calloc(1, sizeof(*history));
    int failed;

    if (!history)
        return NULL;
    history->notices = history->bell = -1;
    pthread_mutex_init(&history->lock, NULL);
    failed = open_notices(history, runtime);
    if (failed == 0)
        return history;
    say_none(failed);
    destroy(history);
    return NULL;
}

void history_start(struct history *history, const char *state_dir)
{
    int failed;

    if (!history)
        return;
    history->state_dir = strdup(state_dir);
    failed = history->state_dir ? start_thread(history) : -ENOMEM;
    history->running = failed == 0;
    if (failed != 0)
        say_none(failed);
}

void history_end(struct history *history)
{
    if (history)
        (void)eventfd_write(history->bell, 1);
}

void history_finish(struct history *history, int patience_ms)
{
    struct timespec until;

    if (!history)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += patience_ms / 1000;
    if (!history->running || pthread_timedjoin_np(history->thread, NULL, &until) == 0)
        destroy(history);
}
