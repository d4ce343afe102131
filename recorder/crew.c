/* See crew.h. */
#include "recorder/crew.h"

#include <errno.h>
#include <time.h>

#include "recorder/store.h"
#include "recorder/writer.h"

#define NOBODY      (-1)
#define TRY_AGAIN   span_sec(2)  // to tell what was lost, while the disk takes nothing
#define REST        span_sec(1)  // without work, before the memory of a burst is given back
#define STUCK_AFTER span_sec(10) // of a processor, for one record

static instant monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (instant){(int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec};
}

static void lock(struct store *store)
{
    pthread_mutex_lock(&store->ring.lock);
}

static void unlock(struct store *store)
{
    pthread_mutex_unlock(&store->ring.lock);
}

static int own_number(const struct crew *crew)
{
    return pthread_equal(pthread_self(), crew->threads[0]) ? 0 : 1;
}

static bool has_work(const struct store *store)
{
    return ring_used(&store->ring) > 0 || store->losing > 0;
}

static void write_all(struct store *store)
{
    store->crew.turns++;
    store->crew.writing = true;
    while (has_work(store))
        writer_turn(store);
    store->crew.writing = false;
}

bool crew_write(struct store *store)
{
    struct crew *crew = &store->crew;
    bool reads = true;

    lock(store);
    if (has_work(store) && !crew->writing) {
        if (!crew->watched && !crew->called) {
            crew->called = true;
            pthread_cond_signal(&store->ring.work);
        }
        write_all(store);
        reads = crew->reader == own_number(crew);
    }
    unlock(store);
    return reads;
}

/* --- who does not read ------------------------------------------------------------------------ */

/* 0, or ETIMEDOUT after `patience`; SPAN_MAX: there is no end of it. */
static int wait_for_work(struct store *store, span patience)
{
    instant until = instant_add(monotonic(), patience);
    struct timespec time = {until.ns / NSEC_PER_SEC, until.ns % NSEC_PER_SEC};

    if (patience.ns == INT64_MAX)
        return pthread_cond_wait(&store->ring.work, &store->ring.lock);
    return pthread_cond_clockwait(&store->ring.work, &store->ring.lock, CLOCK_MONOTONIC, &time);
}

/* Nothing is written. The memory of a burst is kept for the next one for a while: to give it back
 * and to take it again costs more than to write what is in it. */
static void sleep_long(struct store *store)
{
    span patience = {INT64_MAX};

    if (store->untold)
        patience = TRY_AGAIN;
    else if (ring_is_large(&store->ring))
        patience = REST;
    if (wait_for_work(store, patience) != ETIMEDOUT)
        return;
    if (store->untold)
        store->losing++;
    else
        ring_shrink(&store->ring);
}

/* Looks again and again while the other one writes. It is relieved when it is in the same turn of
 * writing at two looks. */
static void watch(struct store *store)
{
    struct crew *crew = &store->crew;
    uint64_t turns;
    int woken;

    crew->watched = true;
    crew->called = false;
    do {
        turns = crew->turns;
        woken = wait_for_work(store, CREW_LOOK);
    } while (woken == ETIMEDOUT && crew->turns != turns);
    crew->watched = false;
    if (woken == ETIMEDOUT && crew->writing && crew->reader != NOBODY)
        crew->reader = own_number(crew);
}

/* --- both ------------------------------------------------------------------------------------- */

static void read_on(struct store *store)
{
    struct crew *crew = &store->crew;
    int result;

    unlock(store);
    result = crew->read(crew->context);
    lock(store);
    if (result == CREW_RELIEVED)
        return;
    crew->result = result;
    crew->reader = NOBODY;
    store->ending = true;
    store->losing++; // what was lost is told now
    pthread_cond_broadcast(&store->ring.work);
}

static void *serve(void *context)
{
    struct store *store = context;
    struct crew *crew = &store->crew;
    int number = own_number(crew);

    lock(store);
    for (;;) {
        if (crew->reader == number)
            read_on(store);
        else if (has_work(store) && !crew->writing)
            write_all(store);
        else if (crew->writing || crew->called)
            watch(store);
        else if (crew->reader != NOBODY)
            sleep_long(store);
        else
            break;
    }
    unlock(store);
    return NULL;
}

int crew_run(struct store *store, crew_read_fn *read, void *context, int *ret_result)
{
    struct crew *crew = &store->crew;
    int error;

    *crew = (struct crew){.threads = {pthread_self()}, .read = read, .context = context};
    error = pthread_create(&crew->threads[1], NULL, serve, store);
    if (error != 0)
        return -error;
    (void)serve(store);
    pthread_join(crew->threads[1], NULL);
    *ret_result = crew->result;
    return 0;
}

bool crew_is_stuck(struct store *store)
{
    struct crew *crew = &store->crew;
    int other = 1 - own_number(crew);
    struct crew_look look = {.other = other};
    struct timespec used;
    clockid_t clock;
    bool writes;

    lock(store);
    writes = crew->writing;
    look.progress = store->progress;
    unlock(store);
    if (pthread_getcpuclockid(crew->threads[other], &clock) != 0 || clock_gettime(clock, &used) < 0)
        return false;
    look.used_ns = used.tv_sec * NSEC_PER_SEC + used.tv_nsec;
    if (writes && look.progress == crew->look.progress && other == crew->look.other)
        return look.used_ns - crew->look.used_ns >= STUCK_AFTER.ns;
    crew->look = look;
    return false;
}
