/* A small stack under test: a fleet whose clock and world are the test's. */
#ifndef BULKHEAD_TESTS_UNIT_STACK_H
#define BULKHEAD_TESTS_UNIT_STACK_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/fleet.h"

#define STACK_MEMBERS 4
#define STACK_NEEDS   6

struct stack {
    struct roster roster;
    struct member members[STACK_MEMBERS];
    struct need needs[STACK_NEEDS];
    struct fleet fleet;
    int64_t now_ms;
    char told[2048]; // the last step's effects: "signal web 15, shift web RUNNING STOPPING, …"
};

/* `count` members named a, b, c, d: restart on failure, back-off 100 ms x 2 without jitter, grace
 * 10 s; needs are added with stack_need, grouped by member, before stack_start. */
static inline void stack_init(struct stack *stack, uint32_t count)
{
    *stack = (struct stack){.now_ms = 1000};
    stack->roster = (struct roster){.stack = "test",
                                    .members = stack->members,
                                    .members_count = count,
                                    .needs = stack->needs,
                                    .enclosing = 1};
    for (uint32_t i = 0; i < count; i++) {
        struct member *member = &stack->members[i];
        snprintf(member->name, sizeof(member->name), "%c", (char)('a' + i));
        member->service_length = 1;
        member->number = 1;
        member->policy = policy_default();
        member->policy.backoff_jitter_milli = 0;
    }
}

static inline void stack_need(struct stack *stack, uint32_t member, uint32_t on,
                              enum need_condition condition, bool optional)
{
    struct member *self = &stack->members[member];

    if (self->needs_count == 0)
        self->first_need = stack->roster.needs_count;
    stack->needs[stack->roster.needs_count++] =
        (struct need){.member = on, .condition = (uint16_t)condition, .optional = optional};
    self->needs_count++;
}

static inline void stack_write(struct stack *stack)
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
        if (it->kind == EFFECT_VERDICT)
            used += (size_t)snprintf(stack->told + used, sizeof(stack->told) - used, " %s",
                                     verdict_name(stack->fleet.members[it->member].last.kind));
    }
}

static inline void stack_tell(struct stack *stack, struct event event)
{
    event.at = (instant){stack->now_ms * NSEC_PER_MSEC};
    if (event_is_fact(event.kind) && event.generation == 0)
        event.generation = (uint32_t)stack->fleet.members[event.member].generation;
    fleet_step(&stack->fleet, &event);
    stack_write(stack);
}

static inline void stack_start(struct stack *stack)
{
    assert_int_equal(fleet_init(&stack->fleet, &stack->roster), 0);
    stack_tell(stack, (struct event){.kind = EVENT_BEGIN, .seed = 1});
}

static inline void stack_finish(struct stack *stack)
{
    fleet_finish(&stack->fleet);
}

/* One event, `ms` after the one before; what it does must be `expected`. */
#define STEP(stack, ms, expected, ...)                    \
    do {                                                  \
        (stack)->now_ms += (ms);                          \
        stack_tell((stack), (struct event){__VA_ARGS__}); \
        assert_string_equal((stack)->told, (expected));   \
    } while (0)

#define READING(...)        .reading = {.known = 1, __VA_ARGS__}
#define ASK(what, who)      .kind = EVENT_##what, .member = (who), .grace_ns = EVENT_GRACE_POLICY
#define FACT(what, who)     .kind = EVENT_##what, .member = (who)
#define EXITED(who, status) FACT(DEAD, who), .known = 1, .code = (status), READING(.max = 0)

/* Brings a member from rest to RUNNING. */
static inline void stack_run(struct stack *stack, uint32_t member)
{
    stack_tell(stack, (struct event){ASK(START, member)});
    stack_tell(stack, (struct event){FACT(SPAWNED, member), .pid = 100, READING(.max = 0)});
    stack_tell(stack, (struct event){FACT(EXECED, member)});
    assert_int_equal(stack->fleet.members[member].state, STATE_RUNNING);
}

static inline enum state stack_state(const struct stack *stack, uint32_t member)
{
    return (enum state)stack->fleet.members[member].state;
}

static inline int64_t stack_deadline_ms(const struct stack *stack)
{
    instant deadline = fleet_deadline(&stack->fleet);

    return deadline.ns == INSTANT_NEVER.ns ? -1 : deadline.ns / NSEC_PER_MSEC - stack->now_ms;
}

#endif
