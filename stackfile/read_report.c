/* The readers of on_oom and on_hold: commands that are told what happened to a service. */
#include <stddef.h>

#include "stackfile/readers.h"

static void read_timeout(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    struct spec_int timeout = {.set = false};

    read_duration(reader, key, value, &timeout);
    if (timeout.set && timeout.value < NSEC_PER_MSEC)
        report_key(reader, value->at, key, "write 1ms or more", "must be at least 1ms");
    else
        *(struct spec_int *)into = timeout;
}

#define INTO(field) offsetof(struct spec_report_hook, field)

static const struct key_row rows[] = {
    {"command", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_WORDS, .read = read_words,
     .offset = INTO(command), .about = "the program and its arguments; needed"},
    {"mem_limit", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_bytes,
     .offset = INTO(mem_limit_bytes), .about = "the most memory that it may have; default 64m"},
    {"timeout", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_timeout,
     .offset = INTO(timeout_ns), .about = "what runs longer is killed; default 30s"},
    {"user", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_user, .offset = INTO(user),
     .about = "runs it; default: the service's user"},
};

const struct key_table keys_on_oom = {
    .prefix = "x-bulkhead.on_oom.",
    .where = "x-bulkhead.on_oom",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
};
const struct key_table keys_on_hold = {
    .prefix = "x-bulkhead.on_hold.",
    .where = "x-bulkhead.on_hold",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
};

static void read_hook(struct reader *reader, const char *key, const struct node *value,
                      const struct key_table *table, struct spec_report_hook *into)
{
    const struct node *command = node_get(value, "command");
    struct spec_report_hook hook = {.at = value->at};
    bool is_null = value->kind == NODE_SCALAR && value->type == SCALAR_NULL;

    keys_read(reader, table, key, value, &hook);
    if ((is_null || value->kind == NODE_MAP) && !command)
        report_key(reader, value->at, key, "write command: with the program to run",
                   "has no command");
    else if (hook.command.set && (hook.command.count == 0 || !*hook.command.item[0]))
        report_key(reader, command->at, key, "write the program to run", "the command is empty");
    else
        hook.set = hook.command.set;
    *into = hook;
}

void read_on_oom(struct reader *reader, const char *key, const struct node *value, void *into)
{
    read_hook(reader, key, value, &keys_on_oom, into);
}

void read_on_hold(struct reader *reader, const char *key, const struct node *value, void *into)
{
    read_hook(reader, key, value, &keys_on_hold, into);
}
