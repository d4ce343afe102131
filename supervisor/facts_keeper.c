/* See facts.h: what the keeper tells. */
#include "supervisor/facts.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "supervisor/aide_bonds.h"

/* The slot of the main process that the record is about, or -1. What has the pid and lives has it
 * from the one before; should two be dead that had it, the older one was reaped first. */
static ptrdiff_t find_dead(const struct supervisor *supervisor, pid_t pid)
{
    const struct incarnation *members = supervisor->fleet.members;
    ptrdiff_t found = -1;

    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        const struct slot *slot = &supervisor->slots[i];
        if (slot->pid != pid || slot->foreign || !spawn_is_dead(slot->pidfd))
            continue;
        if (found < 0 || members[i].started_ns < members[found].started_ns)
            found = (ptrdiff_t)i;
    }
    return found;
}

static void tell_record(struct supervisor *supervisor, const struct exit_record *record)
{
    const struct recording *recording = &supervisor->recording;
    ptrdiff_t index = find_dead(supervisor, record->pid);

    if (index >= 0) {
        struct event event = {
            .known = 1, .code = record->code, .signal = record->signal, .core = record->core};
        facts_dead(supervisor, (uint32_t)index, &event);
    } else if (aide_record(supervisor, record)) {
        return;
    } else if (record->pid == recording->pid && spawn_is_dead(recording->pidfd)) {
        recording_died(supervisor, record->code != 0 || record->signal != 0);
    } /* else an orphan of a service: it has nobody else to be reaped by */
}

/* The keeper is gone: what it bore is nobody's child now, and only its pidfd tells of its death. */
static void become_parent(struct supervisor *supervisor)
{
    sigset_t set;

    (void)reaper_become_parent(&supervisor->reaper);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    (void)signalfd(supervisor->signals, &set, 0);
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        if (supervisor->slots[i].pid)
            (void)loop_add(&supervisor->loop, supervisor->slots[i].pidfd, EPOLLIN, SOURCE_PIDFD, i);
    aides_disown(supervisor);
    if (supervisor->recording.pid)
        (void)loop_add(&supervisor->loop, supervisor->recording.pidfd, EPOLLIN, SOURCE_RECORDER, 1);
    supervisor_say(supervisor, "the keeper is gone: services run on, but the exit codes of those "
                               "started before now will not be known");
}

/* What the one before us had open. */
static void take_held(struct supervisor *supervisor, const struct keeper_news *news)
{
    if (recording_held(supervisor, news) || terminal_held(supervisor, news))
        return;
    (void)reaper_drop(&supervisor->reaper, news->tag, NULL);
    close(news->file);
}

static void tell_news(struct supervisor *supervisor, const struct keeper_news *news)
{
    switch (news->kind) {
    case NEWS_EXITED:
        tell_record(supervisor, &news->record);
        break;
    case NEWS_SIGNALLED: // what the one before us has taken up already is not asked for twice
        if (supervisor->reaper.told || !supervisor->fleet.ending)
            supervisor_asked_to_end(supervisor);
        break;
    case NEWS_HELD:
        take_held(supervisor, news);
        break;
    case NEWS_TOLD:
        break;
    }
}

/* Many die in one turn when a stack stops; who is left over has the next one. */
void facts_reap(struct supervisor *supervisor)
{
    struct keeper_news news;
    int result = 1;

    for (int i = 0; i < LOOP_BATCH && result == 1; i++) {
        result = reaper_next(&supervisor->reaper, &news);
        if (result == 1)
            tell_news(supervisor, &news);
    }
    supervisor->reap_again = result != 0;
    if (result == -EPIPE)
        become_parent(supervisor);
}
