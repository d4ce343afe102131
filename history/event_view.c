/* See event_view.h. */
#include "history/event_view.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *action_name(enum action action)
{
    static const char *const names[] = {
#define X(id, name) name,
        ACTIONS(X)
#undef X
    };
    return action < ACTIONS_COUNT ? names[action] : "?";
}

enum action action_from_name(const char *name)
{
    enum action action = 0;

    while (action < ACTIONS_COUNT && strcmp(action_name(action), name) != 0)
        action++;
    return action;
}

bool view_name_is(const char *name, size_t service_length, char *const *words, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(name, words[i]) == 0 ||
            (strlen(words[i]) == service_length && memcmp(name, words[i], service_length) == 0))
            return true;
    return count == 0;
}

bool view_member_is(const struct view_member *member, char *const *words, size_t count)
{
    return view_name_is(member->name, member->service_length, words, count);
}

void event_view_init(struct event_view *view, bool lean)
{
    memset(view, 0, sizeof(*view));
    view->lean = lean;
}

void event_view_finish(struct event_view *view)
{
    free(view->members);
    free(view->policies);
    memset(view, 0, sizeof(*view));
}

/* What is told about one record. */
struct telling {
    struct event_view *view;
    const struct record *record;
    struct view_member *member;
    struct user_event *events;
    int count;
};

static struct user_event *tell(struct telling *telling, enum action action)
{
    struct user_event *event = &telling->events[telling->count++];

    *event = (struct user_event){
        .action = action,
        .wall_ns = telling->view->wall_ns,
        .at = telling->view->at,
        .index = telling->record->member,
        .member = telling->member,
        .policy =
            telling->view->policies ? &telling->view->policies[telling->record->member] : NULL,
        .generation = telling->record->generation,
    };
    return event;
}

/* Room for one more. 0 or -ENOMEM. */
static int grow(struct event_view *view)
{
    uint32_t capacity = view->members_capacity > 0 ? view->members_capacity * 2 : 16;
    struct view_member *members = reallocarray(view->members, capacity, sizeof(struct view_member));
    struct policy *policies;

    if (!members)
        return -ENOMEM;
    view->members = members;
    if (!view->lean) {
        policies = reallocarray(view->policies, capacity, sizeof(struct policy));
        if (!policies)
            return -ENOMEM;
        view->policies = policies;
    }
    view->members_capacity = capacity;
    return 0;
}

/* The head names every member again after a rotation: those that are known keep what is known,
 * unless another plan gave the place to another. */
static int add_member(struct event_view *view, const struct record *record)
{
    const struct member *from = &record->roster_member;
    struct view_member *member;

    if (record->member > view->members_count || record->member >= INSTANCES_MAX)
        return 0; // out of order: the replay of this journal says so
    if (record->member == view->members_capacity && grow(view) != 0)
        return -ENOMEM;
    member = &view->members[record->member];
    if (record->member == view->members_count || strcmp(member->name, from->name) != 0)
        memset(member, 0, sizeof(*member)); // another plan has another one in this place
    if (record->member == view->members_count)
        view->members_count++;
    memcpy(member->name, from->name, sizeof(member->name));
    member->service_length = from->service_length;
    member->number = from->number;
    if (view->policies)
        view->policies[record->member] = from->policy;
    return 0;
}

static void take_state(struct telling *telling)
{
    const struct incarnation *state = &telling->record->state;
    struct view_member *member = telling->member;

    member->generation = (uint32_t)state->generation;
    member->alive = state->alive != 0 && state->state != STATE_CREATED;
    member->judged = state->judged ? member->generation : 0;
    member->asked = state->again != 0;
    member->will_again = state->last.next == NEXT_RESTART;
    member->restarts = (uint64_t)state->restarts_all;
}

static void take_event(struct telling *telling)
{
    const struct event *event = &telling->record->event;
    struct view_member *member = telling->member;

    switch (event->kind) {
    case EVENT_RESTART:
        member->asked = true;
        break;
    case EVENT_START:
    case EVENT_STOP:
        member->asked = false;
        member->will_again = false;
        break;
    case EVENT_SPAWNED:
        if (event->generation == member->generation) {
            member->alive = true;
            tell(telling, ACTION_START)->pid = event->pid;
        }
        break;
    case EVENT_DEAD:
    case EVENT_EMPTY:
        if (event->generation == member->generation)
            member->alive = false;
        break;
    default:
        break;
    }
}

static void take_spawn(struct telling *telling)
{
    struct view_member *member = telling->member;

    if (member->generation > 0 && (member->asked || member->will_again)) {
        if (!member->asked)
            member->restarts++;
        tell(telling, ACTION_RESTART)->requested = member->asked;
    }
    member->asked = member->will_again = false;
    member->generation = telling->record->generation;
    member->alive = false;
    tell(telling, ACTION_CREATE);
}

static void take_effect(struct telling *telling)
{
    const struct effect *effect = &telling->record->effect;

    switch (effect->kind) {
    case EFFECT_SPAWN:
        take_spawn(telling);
        break;
    case EFFECT_SIGNAL:
        tell(telling, ACTION_KILL)->signal = effect->signal;
        break;
    case EFFECT_KILL: // of what a dead one left behind nobody wants to hear
        if (telling->member->alive)
            tell(telling, ACTION_KILL)->signal = SIGKILL;
        break;
    case EFFECT_SHIFT:
        if (effect->from == STATE_STARTING && effect->to == STATE_RUNNING)
            tell(telling, ACTION_READY);
        else if (effect->to == STATE_HELD)
            tell(telling, ACTION_HOLD);
        break;
    case EFFECT_QUARANTINE:
        tell(telling, ACTION_QUARANTINE)->verdict =
            (struct verdict){.kind = VERDICT_UNKILLABLE, .exit_code = -1, .enclosing = -1};
        break;
    case EFFECT_HEALTH:
        if (effect->to != HEALTH_NONE)
            tell(telling, ACTION_HEALTH)->health = (enum health)effect->to;
        break;
    default:
        break;
    }
}

static void take_verdict(struct telling *telling)
{
    const struct verdict *verdict = &telling->record->verdict;
    struct view_member *member = telling->member;
    bool told = member->judged == telling->record->generation && member->judged > 0;

    if (verdict_is_oom(verdict->kind))
        tell(telling, ACTION_OOM)->verdict = *verdict;
    if (verdict->kind == VERDICT_OOM_CHILD)
        return;
    if (!told)
        tell(telling, ACTION_DIE)->verdict = *verdict;
    if (verdict->kind == VERDICT_STOPPED)
        tell(telling, ACTION_STOP);
    member->judged = telling->record->generation;
    member->will_again = verdict->next == NEXT_RESTART;
    if (verdict->kind == VERDICT_STOPPED && member->will_again)
        member->asked = true; // itself, or one that it is restarted with
}

/* The stack stands for all of its members. */
static int tell_adopted(struct event_view *view, const struct record *record,
                        struct user_event *event)
{
    memcpy(view->whole.name, view->stack, sizeof(view->stack));
    view->whole.service_length = (uint32_t)strlen(view->stack);
    *event = (struct user_event){
        .action = ACTION_ADOPT,
        .wall_ns = view->wall_ns,
        .at = view->at,
        .index = VIEW_OF_STACK,
        .member = &view->whole,
        .pid = record->event.pid,
    };
    return 1;
}

int event_view_feed(struct event_view *view, const struct record *record,
                    struct user_event events[EVENT_VIEW_MAX])
{
    struct telling telling = {.view = view, .record = record, .events = events};

    if (record->kind == RECORD_HEAD)
        memcpy(view->stack, record->stack, sizeof(view->stack));
    if (record->kind == RECORD_MEMBER)
        return add_member(view, record);
    if (record->kind == RECORD_EVENT) {
        view->wall_ns = record->event.wall_ns;
        view->at = record->event.at;
    }
    if (record->kind == RECORD_EVENT && record->event.kind == EVENT_ADOPT)
        return tell_adopted(view, record, events);
    if (record->kind == RECORD_EFFECT && record->effect.kind == EFFECT_FINISH)
        view->finished = true;
    if (record->member >= view->members_count)
        return 0;
    telling.member = &view->members[record->member];
    if (record->kind == RECORD_STATE)
        take_state(&telling);
    else if (record->kind == RECORD_EVENT)
        take_event(&telling);
    else if (record->kind == RECORD_EFFECT)
        take_effect(&telling);
    else if (record->kind == RECORD_VERDICT)
        take_verdict(&telling);
    return telling.count;
}
