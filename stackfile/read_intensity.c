/* The reader of x-bulkhead.intensity: how many restarts within which time are too many, in total
 * and by cause. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#include "core/budget.h"

_Static_assert(SPEC_CAUSES == (int)CAUSES_COUNT, "a budget for each cause");

const char *const then_choices[] = {
    [THEN_HOLD] = "hold",
    [THEN_STOP_STACK] = "stop-stack",
    NULL,
};

static void read_max_restarts(struct reader *reader, const char *key, const struct node *value,
                              void *into)
{
    int64_t number;

    if (!take_integer(reader, key, value, &number))
        return;
    if (number < 0 || number > BUDGET_RESTARTS_MAX)
        report_key(reader, value->at, key, NULL, "must be from 0 to %d, not %lld",
                   BUDGET_RESTARTS_MAX, (long long)number);
    else
        *(struct spec_int *)into = (struct spec_int){true, number, value->at};
}

static void read_then(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int choice;

    if (value->kind == NODE_SCALAR && strcmp(value->text, "escalate") == 0) {
        report_key(reader, value->at, key, "write hold or stop-stack",
                   "escalate is not supported yet: there is no group to hand it to");
        return;
    }
    choice = take_choice(reader, key, value, then_choices, "what is to be done");
    if (choice >= 0)
        *(struct spec_int *)into = (struct spec_int){true, choice, value->at};
}

#define MAX_RESTARTS(base)                                                                       \
    "max_restarts", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_max_restarts,      \
                    .offset = (base) + offsetof(struct spec_budget, max_restarts),               \
                    .about = "so many restarts within window are allowed, the next one is not; " \
                             "0 to 32"
#define THEN(base)                                                                              \
    "then", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = then_choices,                \
            .read = read_then, .offset = (base) + offsetof(struct spec_budget, then),           \
            .about = "hold, the default: the service is held until it is started; stop-stack: " \
                     "all others are stopped, too"
#define WINDOW(base)                                                                 \
    "window", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration, \
              .offset = (base) + offsetof(struct spec_budget, window_ns),            \
              .about = "the time that ends with each restart and in which they are counted"

static const struct key_row budget_rows[] = {{MAX_RESTARTS(0)}, {THEN(0)}, {WINDOW(0)}};

#define BUDGET_TABLE(id, name)                      \
    static const struct key_table keys_##id = {     \
        .prefix = "x-bulkhead.intensity." name ".", \
        .where = "x-bulkhead.intensity." name,      \
        .row = budget_rows,                         \
        .count = KEY_COUNT(budget_rows),            \
        .strict = true,                             \
    };

BUDGET_TABLE(after_oom, "oom")
BUDGET_TABLE(crash, "crash")
BUDGET_TABLE(unhealthy, "unhealthy")

/* Both halves, or it says nothing. */
static void settle_budget(struct reader *reader, const char *key, const struct node *value,
                          struct spec_budget *budget)
{
    bool any = budget->max_restarts.set || budget->window_ns.set || budget->then.set;

    budget->at = value->at;
    if (budget->window_ns.set && budget->window_ns.value == 0)
        report_key(reader, budget->window_ns.at, key, "write a time such as 1m",
                   "a window of 0 holds no restarts");
    else if (budget->max_restarts.set && budget->window_ns.set)
        budget->set = true;
    else if (any && !node_get(value, budget->window_ns.set ? "max_restarts" : "window"))
        report_key(reader, value->at, key, "write both, as in {max_restarts: 5, window: 1m}",
                   "%s is missing", budget->window_ns.set ? "max_restarts" : "window");
}

static void read_cause(struct reader *reader, const char *key, const struct node *value,
                       const struct key_table *table, struct spec_budget *budget)
{
    keys_read(reader, table, key, value, budget);
    settle_budget(reader, key, value, budget);
}

static void read_after_oom(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    read_cause(reader, key, value, &keys_after_oom, into);
}

static void read_crash(struct reader *reader, const char *key, const struct node *value, void *into)
{
    read_cause(reader, key, value, &keys_crash, into);
}

static void read_unhealthy(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    read_cause(reader, key, value, &keys_unhealthy, into);
}

#define BUDGET(cause) offsetof(struct spec_intensity, budget[cause])

static const struct key_row rows[] = {
    {"crash", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_crash,
     .read = read_crash, .offset = BUDGET(CAUSE_CRASH),
     .about = "restarts after it failed, crashed, was killed or could not be started"},
    {MAX_RESTARTS(BUDGET(CAUSE_ANY))},
    {"oom", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_after_oom,
     .read = read_after_oom, .offset = BUDGET(CAUSE_OOM),
     .about = "restarts after it met its own memory limit"},
    {THEN(BUDGET(CAUSE_ANY))},
    {"unhealthy", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE,
     .inner = &keys_unhealthy, .read = read_unhealthy, .offset = BUDGET(CAUSE_UNHEALTHY),
     .about = "restarts after its healthcheck failed"},
    {WINDOW(BUDGET(CAUSE_ANY))},
};

const struct key_table keys_intensity = {
    .prefix = "x-bulkhead.intensity.",
    .where = "x-bulkhead.intensity",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
};

void read_intensity(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_intensity *intensity = into;

    keys_read(reader, &keys_intensity, key, value, intensity);
    settle_budget(reader, key, value, &intensity->budget[CAUSE_ANY]);
    intensity->at = value->at;
    for (int cause = 0; cause < CAUSES_COUNT; cause++)
        intensity->set |= intensity->budget[cause].set;
}
