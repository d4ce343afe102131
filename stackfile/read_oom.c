/* The reader of x-bulkhead.oom: what is to come of it when the kernel kills for memory. */
#include "stackfile/readers.h"

#include <stddef.h>

#include "core/policy.h"

static void read_policy(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    int choice = take_choice(reader, key, value, oom_policy_names, "a policy");

    if (choice >= 0)
        *(struct spec_int *)into = (struct spec_int){true, choice, value->at};
}

static void read_victims(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    int64_t number;

    if (!take_integer(reader, key, value, &number))
        return;
    if (number < 1 || number > VICTIMS_MAX)
        report_key(reader, value->at, key, "leave it out where no number is too many",
                   "must be from 1 to %d, not %lld", VICTIMS_MAX, (long long)number);
    else
        *(struct spec_int *)into = (struct spec_int){true, number, value->at};
}

static const struct key_row rows[] = {
    {"grow", .class = KEY_LATER, .remedy = "remove it, and raise mem_limit"},
    {"policy", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = oom_policy_names,
     .read = read_policy, .offset = offsetof(struct spec_oom, policy),
     .about = "kill, the default: all of the service is killed, and restarted as its policy says; "
              "continue: the process alone that the kernel chose; stop: all of it, and it is held"},
    {"victims", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_victims,
     .offset = offsetof(struct spec_oom, victims),
     .about = "with continue: so many processes killed within `within` are a death of the service; "
              "1 to 16; default: no number is"},
    {"within", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = offsetof(struct spec_oom, within_ns),
     .about = "the time in which victims are counted; default 1m"},
};

const struct key_table keys_oom = {
    .prefix = "x-bulkhead.oom.",
    .where = "x-bulkhead.oom",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
};

/* What is written counts where something counts it. */
static void settle(struct reader *reader, const char *key, const struct node *value,
                   const struct spec_oom *oom)
{
    bool counts = oom->policy.set && oom->policy.value == OOM_CONTINUE;

    if (oom->victims.set && !counts && (oom->policy.set || !node_get(value, "policy")))
        report_key(reader, oom->victims.at, key, "write policy: continue, or remove victims",
                   "victims are counted only where the service lives on");
    if (oom->within_ns.set && oom->within_ns.value == 0)
        report_key(reader, oom->within_ns.at, key, "write a time such as 1m",
                   "a time of 0 holds no victims");
    else if (oom->within_ns.set && !node_get(value, "victims"))
        report_key(reader, oom->within_ns.at, key, "write victims: too, or remove within",
                   "within has no effect without victims");
}

void read_oom(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_oom *oom = into;

    keys_read(reader, &keys_oom, key, value, oom);
    oom->at = value->at;
    oom->set = oom->policy.set || oom->victims.set || oom->within_ns.set;
    settle(reader, key, value, oom);
}
