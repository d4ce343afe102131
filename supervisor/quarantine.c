/* See quarantine.h. */
#include "supervisor/quarantine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/quarantine.h"
#include "supervisor/act.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/examine.h"
#include "supervisor/facts.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/cgroup_live.h"
#include "supervisor/sys/hang.h"
#include "supervisor/sys/tasks.h"

#define HELPERS_MAX       4 // at once
#define SQUEEZE_PATIENCE  span_sec(10)
#define DESCRIBE_PATIENCE span_sec(3)
#define TASKS_LOOKED_AT   64

/* --- in a helper -------------------------------------------------------------------------- */

struct request {
    int services;
    char name[COMPARTMENT_NAME_MAX];
};

struct squeezed {
    int64_t before_bytes, after_bytes;
};

struct description {
    char who[QUARANTINE_TEXT_MAX];
    char where[QUARANTINE_TEXT_MAX];
    char stack[QUARANTINE_TEXT_MAX];
};

_Static_assert(sizeof(struct description) <= HELPER_MESSAGE_MAX, "a description is one message");

static size_t squeeze(void *context, char message[HELPER_MESSAGE_MAX])
{
    const struct request *request = context;
    struct squeezed squeezed;
    int cgroup, result = cgroup_open(request->services, request->name, &cgroup);

    if (result == 0)
        result = cgroup_live_squeeze(cgroup, &squeezed.before_bytes, &squeezed.after_bytes);
    if (result < 0)
        return 0;
    memcpy(message, &squeezed, sizeof(squeezed));
    return sizeof(squeezed);
}

static size_t describe(void *context, char message[HELPER_MESSAGE_MAX])
{
    const struct request *request = context;
    struct stuck_task tasks[TASKS_LOOKED_AT];
    struct description description = {0};
    int count = tasks_read(request->services, request->name, tasks, TASKS_LOOKED_AT), i = 0;
    char name[48];

    while (i < count && tasks[i].state != 'D')
        i++;
    if (i >= count)
        return 0;
    tasks_name(&tasks[i], name, sizeof(name));
    snprintf(description.who, sizeof(description.who), "process %s is in state D", name);
    hang_where(tasks[i].pid, tasks[i].tid, description.where);
    hang_stack(tasks[i].pid, tasks[i].tid, description.stack);
    memcpy(message, &description, sizeof(description));
    return sizeof(description);
}

/* --- places ------------------------------------------------------------------------------- */

static struct quarantined *find(struct quarantine *quarantine, const char *compartment)
{
    for (uint32_t i = 0; i < quarantine->end; i++)
        if (strcmp(quarantine->item[i].compartment, compartment) == 0)
            return &quarantine->item[i];
    return NULL;
}

/* A free one; NULL: out of memory. */
static struct quarantined *find_place(struct quarantine *quarantine)
{
    struct quarantined *place = find(quarantine, "");
    uint32_t capacity = quarantine->capacity ? quarantine->capacity * 2 : 8;

    if (place)
        return place;
    if (quarantine->end == quarantine->capacity) {
        struct quarantined *item = reallocarray(quarantine->item, capacity, sizeof(*item));
        if (!item)
            return NULL;
        quarantine->item = item;
        quarantine->capacity = capacity;
    }
    return &quarantine->item[quarantine->end++];
}

static uint32_t place_of(const struct supervisor *supervisor, const struct quarantined *one)
{
    return (uint32_t)(one - supervisor->quarantine.item);
}

static void close_helper(struct supervisor *supervisor, struct quarantined *one)
{
    if (!one->helper.pid)
        return;
    loop_remove(&supervisor->loop, one->helper.report);
    helper_finish(&one->helper); // it may hang for ever: nobody waits for it
    supervisor->quarantine.helpers--;
}

static void stop_watching(struct supervisor *supervisor, struct quarantined *one)
{
    if (one->populated < 0)
        return;
    loop_remove(&supervisor->loop, one->populated);
    close(one->populated);
    one->populated = -1;
}

static void leave_place(struct supervisor *supervisor, struct quarantined *one)
{
    struct quarantine *quarantine = &supervisor->quarantine;

    close_helper(supervisor, one);
    stop_watching(supervisor, one);
    one->compartment[0] = '\0';
    while (quarantine->end > 0 && !quarantine->item[quarantine->end - 1].compartment[0])
        quarantine->end--;
}

/* A new one, or the one that is there already. NULL: out of memory. */
static struct quarantined *enter(struct supervisor *supervisor, const char *compartment)
{
    struct quarantined *one = find(&supervisor->quarantine, compartment);

    if (one)
        return one;
    one = find_place(&supervisor->quarantine);
    if (!one)
        return NULL;
    *one = (struct quarantined){.populated = -1, .since_wall_ns = supervisor->wall_ns};
    strncpy(one->compartment, compartment, sizeof(one->compartment) - 1);
    return one;
}

static void name_member(const struct roster *roster, uint32_t index, struct quarantined *one)
{
    const struct member *member = &roster->members[index];

    memcpy(one->name, member->name, sizeof(one->name));
    one->service_length = member->service_length;
    one->number = member->number;
}

/* --- what is known ------------------------------------------------------------------------ */

/* Once, and again when it is another. */
static void know(struct supervisor *supervisor, struct quarantined *one,
                 enum quarantine_about about, const char *text)
{
    struct quarantine_note note = {.generation = one->generation, .about = about};
    char line[QUARANTINE_NOTE_MAX];

    if (!*text || strcmp(one->text[about], text) == 0)
        return;
    snprintf(one->text[about], sizeof(one->text[about]), "%s", text);
    memcpy(note.name, one->name, sizeof(note.name));
    memcpy(note.text, one->text[about], sizeof(note.text));
    quarantine_note_write(&note, line);
    journal_note(&supervisor->journal, "%s", line);
}

void quarantine_found(struct supervisor *supervisor, uint32_t member, uint32_t generation,
                      const struct finding *finding)
{
    char compartment[COMPARTMENT_NAME_MAX];
    struct quarantined *one;

    compartment_name(&supervisor->roster, member, generation, compartment);
    one = finding->stuck ? enter(supervisor, compartment)
                         : find(&supervisor->quarantine, compartment);
    if (!one)
        return;
    name_member(&supervisor->roster, member, one);
    one->generation = generation;
    know(supervisor, one, QUARANTINE_STUCK, finding->who);
    know(supervisor, one, QUARANTINE_HELD, finding->what);
}

/* --- helpers ------------------------------------------------------------------------------ */

static void go_on(struct supervisor *supervisor, struct quarantined *one)
{
    close_helper(supervisor, one);
    one->stage++;
    one->deadline = supervisor->now; // the turn starts the next
}

static void start_helper(struct supervisor *supervisor, struct quarantined *one)
{
    bool is_squeeze = one->stage == QUARANTINE_SQUEEZE;
    struct request request = {.services = supervisor->services};
    int result;

    memcpy(request.name, one->compartment, sizeof(request.name));
    result = helper_start(supervisor->reaper.channel >= 0, &request.services, 1,
                          is_squeeze ? squeeze : describe, &request, &one->helper);
    if (result < 0) {
        go_on(supervisor, one);
        return;
    }
    supervisor->quarantine.helpers++;
    one->deadline = instant_add(supervisor->now, is_squeeze ? SQUEEZE_PATIENCE : DESCRIBE_PATIENCE);
    if (loop_add(&supervisor->loop, one->helper.report, EPOLLIN, SOURCE_SQUEEZE,
                 place_of(supervisor, one)) < 0)
        go_on(supervisor, one);
}

static void take_squeezed(struct supervisor *supervisor, struct quarantined *one,
                          const char *message)
{
    char text[QUARANTINE_TEXT_MAX];
    struct squeezed squeezed;

    memcpy(&squeezed, message, sizeof(squeezed));
    snprintf(text, sizeof(text), "%lld KiB, of %lld KiB", (long long)squeezed.after_bytes / 1024,
             (long long)squeezed.before_bytes / 1024);
    know(supervisor, one, QUARANTINE_MEMORY, text);
}

static void take_description(struct supervisor *supervisor, struct quarantined *one,
                             const char *message)
{
    struct description description;

    memcpy(&description, message, sizeof(description));
    if (!*one->text[QUARANTINE_STUCK])
        know(supervisor, one, QUARANTINE_STUCK, description.who);
    know(supervisor, one, QUARANTINE_WHERE, description.where);
    know(supervisor, one, QUARANTINE_STACK, description.stack);
}

void quarantine_report(struct supervisor *supervisor, uint32_t place)
{
    struct quarantined *one = &supervisor->quarantine.item[place];
    char message[HELPER_MESSAGE_MAX];
    ssize_t length;

    if (place >= supervisor->quarantine.end || !one->helper.pid)
        return;
    length = helper_message(&one->helper, message);
    if (length == -EAGAIN)
        return;
    if (one->stage == QUARANTINE_SQUEEZE && length == sizeof(struct squeezed))
        take_squeezed(supervisor, one, message);
    else if (one->stage == QUARANTINE_DESCRIBE && length == sizeof(struct description))
        take_description(supervisor, one, message);
    go_on(supervisor, one);
}

static bool has_work(const struct quarantined *one)
{
    return one->compartment[0] &&
           (one->stage == QUARANTINE_SQUEEZE || one->stage == QUARANTINE_DESCRIBE);
}

void quarantine_turn(struct supervisor *supervisor)
{
    struct quarantine *quarantine = &supervisor->quarantine;

    for (uint32_t i = 0; i < quarantine->end; i++) {
        struct quarantined *one = &quarantine->item[i];
        if (has_work(one) && one->helper.pid && instant_reached(one->deadline, supervisor->now))
            go_on(supervisor, one);
    }
    for (uint32_t i = 0; i < quarantine->end && quarantine->helpers < HELPERS_MAX; i++)
        if (has_work(&quarantine->item[i]) && !quarantine->item[i].helper.pid)
            start_helper(supervisor, &quarantine->item[i]);
}

/* Of one that waits for its helper to be started there is none: another's end brings that. */
instant quarantine_deadline(const struct quarantine *quarantine)
{
    instant earliest = INSTANT_NEVER;

    for (uint32_t i = 0; i < quarantine->end; i++)
        if (has_work(&quarantine->item[i]) &&
            (quarantine->item[i].helper.pid || quarantine->helpers < HELPERS_MAX))
            earliest = instant_min(earliest, quarantine->item[i].deadline);
    return earliest;
}

/* --- coming and going --------------------------------------------------------------------- */

/* Nobody lives in it any more: if it is the fleet's, the fleet says what follows. */
static void let_go(struct supervisor *supervisor, struct quarantined *one)
{
    ptrdiff_t index = roster_find(&supervisor->roster, one->name);
    const struct incarnation *self = index < 0 ? NULL : &supervisor->fleet.members[index];
    struct event event = {.kind = EVENT_RELEASED, .generation = one->generation};
    char compartment[COMPARTMENT_NAME_MAX];

    stop_watching(supervisor, one);
    know(supervisor, one, QUARANTINE_GONE, "the kernel has let go of it");
    if (self &&
        (quarantine_has(self, one->generation) || (uint32_t)self->generation == one->generation)) {
        event.member = (uint32_t)index;
        queue_push(&supervisor->events, &event);
        return;
    }
    memcpy(compartment, one->compartment, sizeof(compartment));
    leave_place(supervisor, one);
    act_bury(supervisor, compartment);
}

void quarantine_empty(struct supervisor *supervisor, uint32_t place)
{
    struct quarantined *one = &supervisor->quarantine.item[place];
    int64_t populated;

    if (place >= supervisor->quarantine.end || one->populated < 0 ||
        (cgroup_populated(one->populated, &populated) == 0 && populated))
        return; // else it is gone with its file
    let_go(supervisor, one);
}

static void watch(struct supervisor *supervisor, struct quarantined *one)
{
    int result;

    if (one->populated >= 0)
        return;
    result = cgroup_watch(supervisor->services, one->compartment, "cgroup.events", &one->populated);
    if (result == 0)
        result = loop_add(&supervisor->loop, one->populated, EPOLLPRI, SOURCE_QUARANTINE,
                          place_of(supervisor, one));
    if (result == -ENOENT) {
        let_go(supervisor, one);
        return;
    }
    if (result < 0)
        supervisor_say(supervisor, "%s: cannot watch %s/cgroup.events: %s", one->name,
                       one->compartment, strerrordesc_np(-result));
    quarantine_empty(supervisor, place_of(supervisor, one)); // it may have happened between
}

static void take_on(struct supervisor *supervisor, struct quarantined *one)
{
    if (one->stage == QUARANTINE_NEW) {
        one->stage = supervisor->counted ? QUARANTINE_SQUEEZE : QUARANTINE_DESCRIBE;
        one->deadline = supervisor->now;
    }
    watch(supervisor, one);
}

/* No memory for it, and then nobody will see it end: it is removed like any other, if it can be. */
static void give_up(struct supervisor *supervisor, uint32_t member, uint32_t generation)
{
    const struct event released = {
        .kind = EVENT_RELEASED, .member = member, .generation = generation};

    supervisor_say(supervisor, "%s: out of memory: what does not end of it cannot be watched",
                   supervisor->roster.members[member].name);
    queue_push(&supervisor->events, &released);
}

void quarantine_begin(struct supervisor *supervisor, const struct effect *effect)
{
    const struct incarnation *self = &supervisor->fleet.members[effect->member];
    struct slot *slot = &supervisor->slots[effect->member];
    char compartment[COMPARTMENT_NAME_MAX];
    struct quarantined *one;

    compartment_name(&supervisor->roster, effect->member, effect->generation, compartment);
    (void)cgroup_kill(supervisor->services, compartment); // for what came of a fork meanwhile
    if (quarantine_has(self, effect->generation) && slot->generation == effect->generation) {
        aides_end_of(supervisor, effect->member);
        facts_close_incarnation(supervisor, slot);
    }
    one = enter(supervisor, compartment);
    if (!one) {
        give_up(supervisor, effect->member, effect->generation);
        return;
    }
    name_member(&supervisor->roster, effect->member, one);
    one->generation = effect->generation;
    supervisor_say(supervisor, "%s: the kernel does not let %s end; %s", one->name, compartment,
                   self->state == STATE_QUARANTINED ? "the next one waits for it"
                                                    : "it is left behind");
    take_on(supervisor, one);
}

bool quarantine_forget(struct supervisor *supervisor, const char *member, uint32_t generation,
                       char compartment[COMPARTMENT_NAME_MAX])
{
    struct quarantine *quarantine = &supervisor->quarantine;

    for (uint32_t i = 0; i < quarantine->end; i++) {
        struct quarantined *one = &quarantine->item[i];
        if (!one->compartment[0] || one->generation != generation || strcmp(one->name, member) != 0)
            continue;
        memcpy(compartment, one->compartment, COMPARTMENT_NAME_MAX);
        leave_place(supervisor, one);
        return true;
    }
    return false;
}

void quarantine_end(struct supervisor *supervisor)
{
    for (uint32_t i = supervisor->quarantine.end; i > 0; i--)
        if (supervisor->quarantine.item[i - 1].compartment[0])
            leave_place(supervisor, &supervisor->quarantine.item[i - 1]);
    free(supervisor->quarantine.item);
    supervisor->quarantine = (struct quarantine){0};
}

const struct quarantined *quarantine_next(const struct quarantine *quarantine, uint32_t *place)
{
    for (; *place < quarantine->end; (*place)++)
        if (quarantine->item[*place].compartment[0] &&
            quarantine->item[*place].stage != QUARANTINE_NEW)
            return &quarantine->item[*place];
    return NULL;
}

/* --- adoption ----------------------------------------------------------------------------- */

/* ".7" at *at, which is behind it then. */
static bool take_number(const char **at, uint32_t *ret)
{
    const char *digit = *at + 1;
    uint64_t value = 0;

    if (**at != '.' || *digit < '0' || *digit > '9')
        return false;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        value = value * 10 + (uint64_t)(*digit - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *at = digit;
    *ret = (uint32_t)value;
    return true;
}

/* "s-web.1.7", at the end of `compartment`: a service's name may have dots. */
static bool parse(const char *compartment, struct quarantined *one)
{
    const char *name = strrchr(compartment, '/'), *service;
    uint32_t number = 0, generation = 0;
    size_t dots = 0, end, first;

    name = name ? name + 1 : compartment;
    for (end = strlen(name); end > 0 && dots < 2; end--)
        dots += name[end - 1] == '.';
    if (strncmp(name, "s-", 2) != 0 || dots < 2 || end < 3 || end - 2 > NAME_BYTES_MAX)
        return false;
    first = end - 2; // bytes of the service's name
    service = name + 2;
    name += end;
    if (!take_number(&name, &number) || !take_number(&name, &generation) || *name ||
        generation == 0)
        return false;
    one->service_length = (uint32_t)first;
    one->number = number;
    one->generation = generation;
    snprintf(one->name, sizeof(one->name), "%.*s-%u", (int)first, service, number);
    return true;
}

int quarantine_adopt(struct supervisor *supervisor, const char *compartment)
{
    struct quarantined named = {0}, *one;

    if (strlen(compartment) >= sizeof(named.compartment) || !parse(compartment, &named))
        return 1;
    one = enter(supervisor, compartment);
    if (!one)
        return -ENOMEM;
    memcpy(one->name, named.name, sizeof(one->name));
    one->service_length = named.service_length;
    one->number = named.number;
    one->generation = named.generation;
    take_on(supervisor, one);
    return 0;
}
