/* See facts.h. */
#include "supervisor/facts.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "core/memev.h"
#include "core/paths.h"
#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/sys/cgroup.h"

/* From a change of memory.events to a look at it: an OOM kill is mostly followed by an exit record,
 * which tells more and is not to be held up by this. The kernel tells of changes as often. */
#define LOOK_AFTER  span_ms(10)
#define DOUBT_FOR   span_ms(50) // the one who kills may have lost its processor meanwhile
#define AGAIN_AFTER span_ms(20) // what the kernel had no memory or file for

/* A service whose page cache meets its limit changes memory.events for ever: each time without a
 * kill it is left alone for twice as long, up to this. Not at once: before a kill it changes, too.
 */
#define MUTE_MAX span_sec(1)

static void close_watched(struct supervisor *supervisor, int *fd)
{
    if (*fd < 0)
        return;
    loop_remove(&supervisor->loop, *fd);
    close(*fd);
    *fd = -1;
}

/* What is only there as long as the main process lives. */
static void close_main(struct supervisor *supervisor, struct slot *slot)
{
    slot->pid = 0;
    terminal_end(supervisor, slot);
    if (slot->pidfd >= 0 && (slot->foreign || supervisor->reaper.channel < 0))
        loop_remove(&supervisor->loop, slot->pidfd);
    if (slot->pidfd >= 0)
        close(slot->pidfd);
    slot->pidfd = -1;
    slot->look_at = INSTANT_NEVER;
    sampling_end(&slot->sampling);
    close_watched(supervisor, &slot->report);
    close_watched(supervisor, &slot->memory);
}

void facts_close_incarnation(struct supervisor *supervisor, struct slot *slot)
{
    close_main(supervisor, slot);
    slot->unkilled = slot->unwatched = false;
    close_watched(supervisor, &slot->populated);
}

static void read_through(const struct supervisor *supervisor, uint32_t index, uint32_t generation,
                         int events, struct reading *ret)
{
    int levels[ENCLOSING_MAX];
    uint32_t count = levels_around(&supervisor->levels, &supervisor->roster, index, levels);
    char name[COMPARTMENT_NAME_MAX];

    compartment_name(&supervisor->roster, index, generation, name);
    cgroup_read(supervisor->services, name, events, levels, count, ret);
}

void facts_read(const struct supervisor *supervisor, uint32_t index, uint32_t generation,
                struct reading *ret)
{
    read_through(supervisor, index, generation, -1, ret);
}

static void read_counters(const struct supervisor *supervisor, uint32_t index, struct reading *ret)
{
    const struct slot *slot = &supervisor->slots[index];

    read_through(supervisor, index, slot->generation, slot->memory, ret);
}

static struct event fact(const struct supervisor *supervisor, enum event_kind kind, uint32_t index)
{
    return (struct event){
        .kind = kind,
        .member = index,
        .generation = supervisor->slots[index].generation,
    };
}

/* --- the newborn's pipe ------------------------------------------------------------------- */

void facts_report(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct event event = fact(supervisor, EVENT_EXECED, index);
    struct spawn_report failure;
    int result;

    if (slot->report < 0)
        return;
    result = spawn_report(slot->report, &failure);
    if (result == -EAGAIN)
        return;
    if (result == 1) {
        event.kind = EVENT_SPAWN_FAILED;
        event.step = failure.step;
        event.error = failure.error;
        event.born = 1;
    }
    /* The end of file says "the program, or dead", and only of the living is its pid certain. */
    slot->silent = result == 0 && (!spawn_is_program(slot->pid) || spawn_is_dead(slot->pidfd));
    if (!slot->silent)
        queue_push(&supervisor->events, &event);
    close_watched(supervisor, &slot->report);
}

/* Of one whose pipe did not tell. A newborn ends by itself only after saying why, and before the
 * program nothing but SIGKILL comes to it unasked. */
static bool was_program(const struct event *death)
{
    return death->known && death->signal != SIGKILL;
}

/* --- memory ------------------------------------------------------------------------------- */

static void look_later(struct supervisor *supervisor, struct slot *slot, span length)
{
    slot->look_at = instant_min(slot->look_at, instant_add(supervisor->now, length));
    supervisor->look_at = instant_min(supervisor->look_at, slot->look_at);
}

/* Tells of kills since the last look; false when there were none. */
static bool tell_kills(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct event event = fact(supervisor, EVENT_MEMORY, index);
    int64_t kills;

    if (cgroup_oom_kills(slot->memory, &kills) < 0 || kills == slot->oom_kills)
        return false;
    slot->oom_kills = kills;
    /* When the main process is dead, its exit record is on the way and tells the same. */
    if (!spawn_is_dead(slot->pidfd)) {
        read_counters(supervisor, index, &event.reading);
        event.dying = spawn_is_doomed(slot->pid);
        queue_push(&supervisor->events, &event);
    }
    return true;
}

/* EPOLLONESHOT: from here on it is silent until it was looked at. */
void facts_memory(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];

    if (slot->memory < 0)
        return;
    look_later(supervisor, slot, LOOK_AFTER);
}

/* The kernel counts before it sends its signal: that a kill was meant for a child, and not for the
 * main process that seems to live on, is believed at a second look only. */
static bool doubt(struct supervisor *supervisor, struct slot *slot)
{
    int64_t kills;

    if (slot->doubted || cgroup_oom_kills(slot->memory, &kills) < 0 || kills == slot->oom_kills ||
        spawn_is_dead(slot->pidfd) || spawn_is_doomed(slot->pid)) {
        slot->doubted = false;
        return false;
    }
    slot->doubted = true;
    look_later(supervisor, slot, DOUBT_FOR);
    return true;
}

/* It changed for no kill, and again if it was quiet for no longer than we may leave it alone. */
static void mute(struct supervisor *supervisor, struct slot *slot)
{
    bool again = slot->mute.ns > 0 &&
                 !instant_reached(instant_add(slot->watched_at, MUTE_MAX), supervisor->now);
    span longer = span_ns(2 * slot->mute.ns);

    slot->mute = !again ? LOOK_AFTER : longer.ns < MUTE_MAX.ns ? longer : MUTE_MAX;
    slot->muted = true;
    look_later(supervisor, slot, slot->mute);
}

static void watch(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];

    slot->muted = false;
    slot->watched_at = supervisor->now;
    (void)loop_change(&supervisor->loop, slot->memory, EPOLLPRI | EPOLLONESHOT, SOURCE_MEMORY,
                      index);
}

/* --- nobody is left ----------------------------------------------------------------------- */

static void tell_empty(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct event event = fact(supervisor, EVENT_EMPTY, index);

    read_counters(supervisor, index, &event.reading);
    close_watched(supervisor, &slot->populated);
    queue_push(&supervisor->events, &event);
}

void facts_empty(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    int64_t populated;

    if (slot->populated >= 0 && cgroup_populated(slot->populated, &populated) == 0 && !populated)
        tell_empty(supervisor, index);
}

void facts_await_empty(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    char name[COMPARTMENT_NAME_MAX];
    bool again = slot->unwatched;
    int result;

    slot->unwatched = false;
    compartment_name(&supervisor->roster, index, slot->generation, name);
    result = cgroup_watch(supervisor->services, name, "cgroup.events", &slot->populated);
    if (result == -ENOENT) { // somebody has removed it, which he can do to an empty one
        tell_empty(supervisor, index);
        return;
    }
    if (result == 0)
        result = loop_add(&supervisor->loop, slot->populated, EPOLLPRI, SOURCE_EMPTY, index);
    if (result == 0) {
        facts_empty(supervisor, index); // it may have happened between
        return;
    }
    close_watched(supervisor, &slot->populated);
    slot->unwatched = true;
    facts_again(supervisor, slot);
    if (!again)
        supervisor_say(supervisor, "%s: cannot watch %s/cgroup.events: %s; it is tried again",
                       supervisor->roster.members[index].name, name, strerrordesc_np(-result));
}

/* --- looking ------------------------------------------------------------------------------ */

void facts_again(struct supervisor *supervisor, struct slot *slot)
{
    look_later(supervisor, slot, AGAIN_AFTER);
}

static void try_again(struct supervisor *supervisor, uint32_t index)
{
    const struct slot *slot = &supervisor->slots[index];

    if (slot->unkilled)
        act_kill(supervisor, index, slot->generation);
    if (slot->unwatched)
        facts_await_empty(supervisor, index);
}

static void look(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];

    slot->look_at = INSTANT_NEVER;
    try_again(supervisor, index);
    if (slot->memory < 0)
        return;
    if (slot->muted) {
        watch(supervisor, index);
    } else if (doubt(supervisor, slot)) {
        return;
    } else if (tell_kills(supervisor, index)) {
        slot->mute = span_ns(0);
        watch(supervisor, index);
    } else {
        mute(supervisor, slot);
    }
}

void facts_look(struct supervisor *supervisor)
{
    instant next = INSTANT_NEVER;

    if (!instant_reached(supervisor->look_at, supervisor->now))
        return;
    supervisor->look_at = INSTANT_NEVER;
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        const struct slot *slot = &supervisor->slots[i];
        if (instant_reached(slot->look_at, supervisor->now))
            look(supervisor, i);
        next = instant_min(next, slot->look_at);
    }
    supervisor->look_at = next;
}

/* --- birth -------------------------------------------------------------------------------- */

static void begin(struct supervisor *supervisor, uint32_t index, uint32_t generation, pid_t pid,
                  int pidfd)
{
    struct slot *slot = &supervisor->slots[index];

    slot->generation = generation;
    slot->pid = pid;
    slot->pidfd = pidfd;
    slot->silent = slot->unheard = slot->own = slot->foreign = false;
    slot->oom_kills = 0;
    slot->mute = span_ns(0);
    slot->muted = slot->doubted = false;
}

static int watch_memory(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    char name[COMPARTMENT_NAME_MAX];
    int result;

    compartment_name(&supervisor->roster, index, slot->generation, name);
    result = cgroup_watch(supervisor->services, name, "memory.events", &slot->memory);
    if (result < 0)
        return result;
    (void)tell_kills(supervisor, index); // the first look; changes from here on wake us
    return loop_add(&supervisor->loop, slot->memory, EPOLLPRI | EPOLLONESHOT, SOURCE_MEMORY, index);
}

int facts_born(struct supervisor *supervisor, uint32_t index, uint32_t generation,
               const struct newborn *newborn)
{
    struct slot *slot = &supervisor->slots[index];
    int result;

    begin(supervisor, index, generation, newborn->pid, newborn->pidfd);
    slot->report = newborn->report;
    slot->own = supervisor->reaper.channel < 0;
    sampler_born(supervisor, index);
    result = loop_add(&supervisor->loop, slot->report, EPOLLIN, SOURCE_REPORT, index);
    return result < 0 || !supervisor->counted ? result : watch_memory(supervisor, index);
}

int facts_adopted(struct supervisor *supervisor, uint32_t index, uint32_t generation,
                  const struct fact_adopted *adopted)
{
    struct slot *slot = &supervisor->slots[index];
    int result = 0;

    begin(supervisor, index, generation, adopted->pid, adopted->pidfd);
    slot->unheard = adopted->unheard;
    slot->foreign = adopted->foreign;
    if (adopted->pidfd < 0)
        return 0;
    sampler_born(supervisor, index);
    if (slot->foreign)
        result = loop_add(&supervisor->loop, slot->pidfd, EPOLLIN, SOURCE_PIDFD, index);
    return result < 0 || !supervisor->counted ? result : watch_memory(supervisor, index);
}

bool facts_heard(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct event event = fact(supervisor, EVENT_EXECED, index);

    if (!slot->unheard || spawn_is_dead(slot->pidfd))
        return true; // its death tells
    if (!spawn_is_program(slot->pid) || spawn_is_dead(slot->pidfd))
        return false;
    slot->unheard = false;
    queue_push(&supervisor->events, &event);
    return true;
}

/* --- death -------------------------------------------------------------------------------- */

/* Of one that nobody listened to. What it had to say on its way to the program it could not: it
 * ended with SPAWN_FAILED_STATUS, or by writing into a pipe that nobody read. */
static void tell_unheard(struct supervisor *supervisor, uint32_t index, const struct event *death)
{
    struct event event = fact(supervisor, EVENT_EXECED, index);

    if (death->known &&
        (death->signal == SIGPIPE || (death->signal == 0 && death->code == SPAWN_FAILED_STATUS))) {
        event.kind = EVENT_SPAWN_FAILED;
        event.step = SPAWN_STEP_EXEC;
        event.error = EOWNERDEAD;
        event.born = 1;
    } else if (!was_program(death)) {
        return;
    }
    queue_push(&supervisor->events, &event);
}

void facts_dead(struct supervisor *supervisor, uint32_t index, struct event *event)
{
    struct slot *slot = &supervisor->slots[index];
    const struct event execed = fact(supervisor, EVENT_EXECED, index);

    event->kind = EVENT_DEAD;
    event->member = index;
    event->generation = slot->generation;
    facts_report(supervisor, index);
    if (slot->unheard)
        tell_unheard(supervisor, index, event);
    else if (slot->silent && was_program(event))
        queue_push(&supervisor->events, &execed);
    read_counters(supervisor, index, &event->reading);
    queue_push(&supervisor->events, event);
    close_main(supervisor, slot);
    aides_end_of(supervisor, index);
    if (event->reading.populated)
        facts_await_empty(supervisor, index);
    if (slot->unkilled)
        facts_again(supervisor, slot);
}

void facts_lost(struct supervisor *supervisor, uint32_t index)
{
    struct event event = {0};

    facts_dead(supervisor, index, &event);
}

/* Of those that are nobody's child any more: how it ended is not known. */
void facts_pidfd(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    struct event event = {0};

    if (slot->pid && !slot->own && spawn_is_dead(slot->pidfd))
        facts_dead(supervisor, index, &event);
}
