/* See stack.h. */
#include "tests/unit/stack.h"

void stack_init(struct stack *stack, uint32_t count)
{
    *stack = (struct stack){.now_ms = 1000};
    stack->roster = (struct roster){
        .stack = "test", .members = stack->members, .members_count = count, .needs = stack->needs};
    for (uint32_t i = 0; i < count; i++) {
        struct member *member = &stack->members[i];
        snprintf(member->name, sizeof(member->name), "%c", (char)('a' + i));
        member->service_length = 1;
        member->number = 1;
        member->policy = policy_default();
        member->policy.backoff_jitter_milli = 0;
    }
}

void stack_need(struct stack *stack, uint32_t member, uint32_t on, enum need_condition condition,
                bool optional)
{
    struct member *self = &stack->members[member];

    if (self->needs_count == 0)
        self->first_need = stack->roster.needs_count;
    stack->needs[stack->roster.needs_count++] =
        (struct need){.member = on, .condition = (uint16_t)condition, .optional = optional};
    self->needs_count++;
}

static void stack_write(struct stack *stack)
{
    size_t used = 0;

    stack->told[0] = '\0';
    for (uint32_t i = 0; i < stack->fleet.effects.count; i++) {
        const struct effect *it = &stack->fleet.effects.item[i];
        used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, "%s%s",
                                 used ? ", " : "", effect_name(it->kind));
        if (it->kind != EFFECT_FINISH)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     stack->members[it->member].name);
        if (it->kind == EFFECT_SIGNAL)
            used +=
                (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %d", it->signal);
        if (it->kind == EFFECT_SHIFT)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     state_id((enum state)it->to));
        if (it->kind == EFFECT_HOOK)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s %u",
                                     aide_name((enum aide_kind)it->hook), it->index);
        if (it->kind == EFFECT_REPORT)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     aide_name((enum aide_kind)it->hook));
        if (it->kind == EFFECT_HEALTH)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     health_name((enum health)it->to));
        if (it->kind == EFFECT_VERDICT)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     verdict_name(stack->fleet.members[it->member].last.kind));
    }
}

void stack_tell(struct stack *stack, struct event event)
{
    event.at = (instant){stack->now_ms * NSEC_PER_MSEC};
    if (event_is_fact(event.kind) && event.generation == 0)
        event.generation = (uint32_t)stack->fleet.members[event.member].generation;
    if ((event.kind == EVENT_PROBED || event.kind == EVENT_HOOKED) && event.serial == 0)
        event.serial = stack->fleet.members[event.member].aide;
    fleet_step(&stack->fleet, &event);
    stack_write(stack);
}

void stack_start(struct stack *stack)
{
    assert_int_equal(fleet_init(&stack->fleet, &stack->roster), 0);
    stack_tell(stack, (struct event){.kind = EVENT_BEGIN, .seed = 1});
}

void stack_finish(struct stack *stack)
{
    fleet_finish(&stack->fleet);
}

void stack_run(struct stack *stack, uint32_t member)
{
    stack_tell(stack, (struct event){ASK(START, member)});
    stack_tell(stack, (struct event){FACT(SPAWNED, member), .pid = 100, READING(.max = 0)});
    stack_tell(stack, (struct event){FACT(EXECED, member)});
    assert_int_equal(stack->fleet.members[member].state, STATE_RUNNING);
}

enum state stack_state(const struct stack *stack, uint32_t member)
{
    return (enum state)stack->fleet.members[member].state;
}

int64_t stack_deadline_ms(const struct stack *stack)
{
    instant deadline = fleet_deadline(&stack->fleet);

    return deadline.ns == INSTANT_NEVER.ns ? -1 : deadline.ns / NSEC_PER_MSEC - stack->now_ms;
}
