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
#include "core/health.h"

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
void stack_init(struct stack *stack, uint32_t count);
void stack_need(struct stack *stack, uint32_t member, uint32_t on, enum need_condition condition,
                bool optional);
void stack_start(struct stack *stack);
void stack_finish(struct stack *stack);

void stack_tell(struct stack *stack, struct event event); // a fact is about the present generation,
                                                          // and the aide that runs
void stack_run(struct stack *stack, uint32_t member);     // from rest to RUNNING

enum state stack_state(const struct stack *stack, uint32_t member);
int64_t stack_deadline_ms(const struct stack *stack); // from now; -1: none

/* One event, `ms` after the one before; what it does must be `expected`. */
#define STEP(stack, ms, expected, ...)                    \
    do {                                                  \
        (stack)->now_ms += (ms);                          \
        stack_tell((stack), (struct event){__VA_ARGS__}); \
        assert_string_equal((stack)->told, (expected));   \
    } while (0)

#define READING(...)             .reading = {.known = 1, __VA_ARGS__}
#define ASK(what, who)           .kind = EVENT_##what, .member = (who), .grace_ns = EVENT_GRACE_POLICY
#define FACT(what, who)          .kind = EVENT_##what, .member = (who)
#define TICK                     .kind = EVENT_TICK
#define STUCK(who)               FACT(EXAMINED, who), .known = 1, .stuck = 1
#define ENDED(what, who, status) FACT(what, who), .known = 1, .code = (status)
#define EXITED(who, status)      FACT(DEAD, who), .known = 1, .code = (status), READING(.max = 0)

#endif
