/* See examine.h. */
#include "supervisor/examine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/paths.h"
#include "supervisor/facts.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/held.h"
#include "supervisor/sys/tasks.h"

#define PATIENCE span_ms(2500) // less than EXAMINE_DEADLINE
#define BETWEEN  50            // ms, from one look to the next

_Static_assert(sizeof(struct finding) <= HELPER_MESSAGE_MAX, "a finding is one message");

/* --- in the helper ------------------------------------------------------------------------ */

struct request {
    int services;
    char name[COMPARTMENT_NAME_MAX];
};

static void name_first(const struct stuck_task *task, char text[QUARANTINE_TEXT_MAX])
{
    char name[48], wchan[64];

    tasks_name(task, name, sizeof(name));
    tasks_wchan(task, wchan, sizeof(wchan));
    snprintf(text, QUARANTINE_TEXT_MAX, "process %s is in state D%s%s", name, *wchan ? " in " : "",
             wchan);
}

/* Each process once, by a task of it that has its files. */
static void look_for_holds(const struct stuck_task *tasks, size_t count, struct held *held)
{
    int32_t last = 0;

    for (size_t i = 0; i < count; i++) {
        if (tasks[i].pid == last || tasks[i].state == 'Z' || tasks[i].state == 'X')
            continue;
        last = tasks[i].pid;
        held_add(held, tasks[i].pid, tasks[i].tid);
    }
}

static size_t work(void *context, char message[HELPER_MESSAGE_MAX])
{
    static const struct timespec between = {0, BETWEEN * NSEC_PER_MSEC};
    const struct request *request = context;
    struct stuck_task before[STUCK_TASKS_MAX], after[STUCK_TASKS_MAX];
    struct finding finding = {0};
    struct held held = {0};
    int count_before = tasks_read(request->services, request->name, before, STUCK_TASKS_MAX);
    int count = 0;
    size_t first;

    if (count_before > 0) {
        (void)nanosleep(&between, NULL);
        count = tasks_read(request->services, request->name, after, STUCK_TASKS_MAX);
    }
    if (count_before < 0 || count < 0)
        return 0;
    first = (size_t)count;
    finding.stuck = stuck_judge(before, (size_t)count_before, after, (size_t)count, &first);
    if (first < (size_t)count)
        name_first(&after[first], finding.who);
    look_for_holds(after, (size_t)count, &held);
    finding.held = held.count > 0;
    memcpy(finding.what, held.text, sizeof(finding.what));
    memcpy(message, &finding, sizeof(finding));
    return sizeof(finding);
}

/* --- in the supervisor -------------------------------------------------------------------- */

static void free_place(struct supervisor *supervisor, struct examination *examination)
{
    if (!examination->helper.pid)
        return;
    loop_remove(&supervisor->loop, examination->helper.report);
    helper_finish(&examination->helper);
}

/* `finding` NULL: nobody could look. */
static void answer(struct supervisor *supervisor, const char *name, uint32_t generation,
                   const struct finding *finding)
{
    ptrdiff_t index = roster_find(&supervisor->roster, name);
    struct event event = {.kind = EVENT_EXAMINED, .generation = generation};

    if (index < 0)
        return;
    event.member = (uint32_t)index;
    if (finding) {
        event.known = 1;
        event.stuck = finding->stuck;
        event.held = finding->held;
        quarantine_found(supervisor, (uint32_t)index, generation, finding);
    }
    facts_read(supervisor, (uint32_t)index, generation, &event.reading);
    queue_push(&supervisor->events, &event);
}

static void start(struct supervisor *supervisor, uint32_t place, uint32_t member)
{
    struct examination *examination = &supervisor->examinations.item[place];
    struct slot *slot = &supervisor->slots[member];
    struct request request = {.services = supervisor->services};
    int result;

    *examination = (struct examination){.generation = slot->unexamined,
                                        .deadline = instant_add(supervisor->now, PATIENCE)};
    slot->unexamined = 0;
    memcpy(examination->name, supervisor->roster.members[member].name, sizeof(examination->name));
    compartment_name(&supervisor->roster, member, examination->generation, request.name);
    result = helper_start(supervisor->reaper.channel >= 0, &request.services, 1, work, &request,
                          &examination->helper);
    if (result == 0)
        result =
            loop_add(&supervisor->loop, examination->helper.report, EPOLLIN, SOURCE_EXAMINE, place);
    if (result == 0)
        return;
    helper_finish(&examination->helper);
    answer(supervisor, examination->name, examination->generation, NULL);
}

/* The first of those that wait gets the place. False: nobody waits. */
static bool give_place(struct supervisor *supervisor, uint32_t place)
{
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        if (!supervisor->slots[i].unexamined)
            continue;
        start(supervisor, place, i);
        return true;
    }
    return false;
}

static void give_places(struct supervisor *supervisor)
{
    struct examinations *examinations = &supervisor->examinations;

    for (uint32_t i = 0; i < EXAMINATIONS_MAX && examinations->waiting; i++)
        if (!examinations->item[i].helper.pid)
            examinations->waiting = give_place(supervisor, i);
}

void examine(struct supervisor *supervisor, const struct effect *effect)
{
    supervisor->slots[effect->member].unexamined = effect->generation;
    supervisor->examinations.waiting = true;
    give_places(supervisor);
}

void examine_report(struct supervisor *supervisor, uint32_t place)
{
    struct examination *examination = &supervisor->examinations.item[place];
    char message[HELPER_MESSAGE_MAX];
    struct finding finding;
    ssize_t length;

    if (!examination->helper.pid)
        return;
    length = helper_message(&examination->helper, message);
    if (length == -EAGAIN)
        return;
    if (length == sizeof(finding))
        memcpy(&finding, message, sizeof(finding));
    free_place(supervisor, examination);
    answer(supervisor, examination->name, examination->generation,
           length == sizeof(finding) ? &finding : NULL);
    give_places(supervisor);
}

/* Its helper may hang for ever: it is killed and not waited for. */
void examine_turn(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < EXAMINATIONS_MAX; i++) {
        struct examination *examination = &supervisor->examinations.item[i];
        if (!examination->helper.pid || !instant_reached(examination->deadline, supervisor->now))
            continue;
        free_place(supervisor, examination);
        answer(supervisor, examination->name, examination->generation, NULL);
    }
    give_places(supervisor);
}

instant examine_deadline(const struct examinations *examinations)
{
    instant earliest = INSTANT_NEVER;

    for (uint32_t i = 0; i < EXAMINATIONS_MAX; i++)
        if (examinations->item[i].helper.pid)
            earliest = instant_min(earliest, examinations->item[i].deadline);
    return earliest;
}
