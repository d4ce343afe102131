/* The reader of ulimits: {name: limit} or {name: {soft, hard}}. */
#include "stackfile/readers.h"

#include <stddef.h>

static bool take_rlimit(struct reader *reader, const char *name, const struct node *value,
                        int64_t *ret_limit)
{
    int64_t limit;

    if (!take_integer(reader, name, value, &limit))
        return false;
    if (limit < SPEC_UNLIMITED) {
        report_key(reader, value->at, name, "write -1 for no limit", "a limit cannot be negative");
        return false;
    }
    *ret_limit = limit;
    return true;
}

static void read_rlimit_value(struct reader *reader, const char *key, const struct node *value,
                              void *into)
{
    int64_t limit;

    if (take_rlimit(reader, key, value, &limit))
        *(struct spec_int *)into = (struct spec_int){.set = true, .value = limit, .at = value->at};
}

struct rlimit_pair {
    struct spec_int hard, soft;
};

static const struct key_row rlimit_rows[] = {
    {"hard", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_WHOLE,
     .about = "the most that soft can be raised to; -1 is no limit", .read = read_rlimit_value,
     .offset = offsetof(struct rlimit_pair, hard)},
    {"soft", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_WHOLE,
     .about = "what holds; -1 is no limit", .read = read_rlimit_value,
     .offset = offsetof(struct rlimit_pair, soft)},
};

const struct key_table keys_rlimit = {
    .prefix = "ulimits.",
    .where = "a ulimit",
    .row = rlimit_rows,
    .count = KEY_COUNT(rlimit_rows),
};

/* -1 is more than any number. */
static bool above(int64_t soft, int64_t hard)
{
    return hard != SPEC_UNLIMITED && (soft == SPEC_UNLIMITED || soft > hard);
}

static bool read_rlimit_pair(struct reader *reader, const struct node_pair *pair,
                             struct spec_rlimit *rlimit)
{
    struct rlimit_pair both = {.hard.set = false};

    keys_read(reader, &keys_rlimit, pair->key->text, pair->value, &both);
    if (!both.soft.set || !both.hard.set) {
        if (node_get(pair->value, "soft") && node_get(pair->value, "hard"))
            return false; // said already
        report_key(reader, pair->key->at, pair->key->text, "write {soft: 1024, hard: 4096}",
                   "needs both soft and hard");
        return false;
    }
    if (above(both.soft.value, both.hard.value)) {
        report_key(reader, both.soft.at, pair->key->text, "lower soft, or raise hard",
                   "the soft limit is above the hard one");
        return false;
    }
    rlimit->soft = both.soft.value;
    rlimit->hard = both.hard.value;
    return true;
}

static bool read_rlimit(struct reader *reader, const struct node_pair *pair,
                        struct spec_rlimit *rlimit)
{
    const char *name = pair->key->text;
    const char *nearest;

    if (spec_rlimit_resource(name) < 0) {
        nearest = fault_nearest(name, spec_rlimit_names, spec_rlimit_names_count);
        report(reader, FAULT_ERROR, pair->key->at,
               nearest ? remedy_of("did you mean %s?", nearest).text : NULL,
               "unknown limit \"%s\" in ulimits", shown(name).text);
        return false;
    }
    rlimit->name = keep_text(reader, name);
    rlimit->at = pair->key->at;
    if (pair->value->kind == NODE_MAP)
        return read_rlimit_pair(reader, pair, rlimit);
    if (!take_rlimit(reader, name, pair->value, &rlimit->soft))
        return false;
    rlimit->hard = rlimit->soft;
    return true;
}

void read_ulimits(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    struct spec_rlimit *rlimits;
    const char *prefix = reader->prefix;
    size_t count = 0;

    if (value->kind != NODE_MAP) {
        report_key(reader, value->at, key, "write it as ulimits: {nofile: 4096}",
                   "must be a mapping, not %s", node_kind_name(value));
        return;
    }
    rlimits = arena_array(reader->arena, value->count, sizeof(*rlimits));
    if (!rlimits)
        return; // the arena remembers
    reader->prefix = "ulimits.";
    for (size_t i = 0; i < value->count; i++)
        count += read_rlimit(reader, &value->pairs[i], &rlimits[count]);
    reader->prefix = prefix;
    service->ulimits = rlimits;
    service->ulimits_count = count;
}
