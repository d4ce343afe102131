/* The readers of pre_start, post_start and pre_stop: lists of commands at a turn of a service's
 * life. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

static void read_hook_environment(struct reader *reader, const char *key, const struct node *value,
                                  void *into)
{
    struct spec_hook *hook = into;

    take_environment(reader, key, value, &hook->environment, &hook->environment_count);
}

#define INTO(field) offsetof(struct spec_hook, field)
#define COMMAND                                                                 \
    {                                                                           \
        "command", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_WORDS, \
                   .read = read_words, .offset = INTO(command),                 \
                   .about = "the program and its arguments; needed"             \
    }
#define ENVIRONMENT                                                                                \
    {                                                                                              \
        "environment", .class = KEY_HONOURED, .shape = SHAPE_PAIRS, .read = read_hook_environment, \
                       .about = "over the service's own"                                           \
    }
#define PRIVILEGED                                                                          \
    {                                                                                       \
        "privileged", .class = KEY_REFUSED, .harmless = "false",                            \
                      .remedy = "remove it, and write user: for the account that may do it" \
    }
#define USER                                                                          \
    {                                                                                 \
        "user", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_user,        \
                .offset = INTO(user), .about = "runs it; default: the service's user" \
    }
#define WORKING_DIR                                                                          \
    {                                                                                        \
        "working_dir", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_path,        \
                       .offset = INTO(working_dir), .about = "default: the service's folder" \
    }

static const struct key_row rows[] = {COMMAND, ENVIRONMENT, PRIVILEGED, USER, WORKING_DIR};

static const struct key_row pre_start_rows[] = {
    COMMAND,
    ENVIRONMENT,
    {"image", .class = KEY_NO_EFFECT},
    {"per_replica", .class = KEY_REFUSED, .harmless = "true",
     .remedy = "write true, or a service of its own that the others depend on with "
               "service_completed_successfully: each instance runs its own pre_start"},
    PRIVILEGED,
    USER,
    WORKING_DIR,
};

const struct key_table keys_pre_start = {
    .prefix = "pre_start.",
    .where = "an entry of pre_start",
    .row = pre_start_rows,
    .count = KEY_COUNT(pre_start_rows),
};
const struct key_table keys_post_start = {
    .prefix = "post_start.",
    .where = "an entry of post_start",
    .row = rows,
    .count = KEY_COUNT(rows),
};
const struct key_table keys_pre_stop = {
    .prefix = "pre_stop.",
    .where = "an entry of pre_stop",
    .row = rows,
    .count = KEY_COUNT(rows),
};

static const struct key_table *table_of(const char *key)
{
    return strcmp(key, "pre_start") == 0    ? &keys_pre_start
           : strcmp(key, "post_start") == 0 ? &keys_post_start
                                            : &keys_pre_stop;
}

static void read_hook(struct reader *reader, const char *key, const struct node *value,
                      struct spec_hook *hook)
{
    const struct node *command = node_get(value, "command");

    hook->at = value->at;
    if (value->kind != NODE_MAP) {
        report_key(reader, value->at, key, "write - command: [program, argument]",
                   "an entry must be a mapping, not %s", node_kind_name(value));
        return;
    }
    keys_read(reader, table_of(key), key, value, hook);
    if (!command)
        report_key(reader, value->at, key, "write command: with the program to run",
                   "an entry has no command");
    else if (hook->command.set && (hook->command.count == 0 || !*hook->command.item[0]))
        report_key(reader, command->at, key, "write the program to run", "the command is empty");
}

void read_hooks(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_hooks *hooks = into;
    struct spec_hook *item;

    if (value->kind != NODE_LIST) {
        report_key(reader, value->at, key, "write a list: - command: [program, argument]",
                   "must be a list, not %s", node_kind_name(value));
        return;
    }
    item = arena_array(reader->arena, value->count, sizeof(*item));
    if (!item)
        return; // the arena remembers
    for (size_t i = 0; i < value->count; i++)
        read_hook(reader, key, value->items[i], &item[i]);
    hooks->item = item;
    hooks->count = value->count;
}
