/* The reader of the top-level x-bulkhead.history: how long it stays. */
#include "stackfile/readers.h"

#include <stddef.h>

#include "core/retention.h"

static void read_age(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_int age = {.set = false};

    read_duration(reader, key, value, &age);
    if (age.set && age.value < RETENTION_AGE_MIN.ns)
        report_key(reader, value->at, key, "remove it for 30d", "must be at least 1h");
    else
        *(struct spec_int *)into = age;
}

static void read_history_size(struct reader *reader, const char *key, const struct node *value,
                              void *into)
{
    struct spec_int bytes = {.set = false};

    read_bytes(reader, key, value, &bytes);
    if (bytes.set && bytes.value < RETENTION_BYTES_MIN)
        report_key(reader, value->at, key, "remove it for 64m", "must be at least 1m");
    else
        *(struct spec_int *)into = bytes;
}

static const struct key_row rows[] = {
    {"max_age", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_age,
     .offset = offsetof(struct spec_history, max_age_ns),
     .about = "events, deaths and samples that are older go; default 30d"},
    {"max_size", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_history_size,
     .offset = offsetof(struct spec_history, max_size_bytes),
     .about = "of what is more the oldest goes, samples first; default 64m"},
};

const struct key_table keys_history = {
    .prefix = "x-bulkhead.history.",
    .where = "x-bulkhead.history",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
};

void read_history(struct reader *reader, const char *key, const struct node *value, void *into)
{
    keys_read(reader, &keys_history, key, value, into);
}
