/* The keys of a service's logging. The recorder keeps each service's output in files of its own;
 * what is accepted here is what it does. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

static const char *const drivers[] = {"json-file", "local", NULL};

static bool is_driver(const char *text)
{
    for (size_t i = 0; drivers[i]; i++)
        if (strcmp(text, drivers[i]) == 0)
            return true;
    return false;
}

static void read_driver(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a driver such as json-file");

    (void)into;
    if (text && !is_driver(text))
        report_key(reader, value->at, key,
                   "remove logging:, and read the output with bulkhead logs", "%s is not supported",
                   shown(text).text);
}

/* What the recorder keeps of a service: this much is within any larger bound. */
#define FILES      3
#define FILE_BYTES (INT64_C(10) << 20)
#define KEPT       "output is kept in 3 files of 10m each: write %s or more, or remove it"

static void read_max_size(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    struct spec_int bytes = {.set = false};

    (void)into;
    read_bytes(reader, key, value, &bytes);
    if (bytes.set && bytes.value < FILE_BYTES)
        report_key(reader, value->at, key, remedy_of(KEPT, "10m").text,
                   "less than 10m is not supported yet");
}

static void read_max_file(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    struct spec_int files = {.set = false};

    (void)into;
    read_attempts(reader, key, value, &files);
    if (files.set && files.value < FILES)
        report_key(reader, value->at, key, remedy_of(KEPT, "3").text,
                   "less than 3 is not supported yet");
}

static const struct key_row option_rows[] = {
    {"compress", .class = KEY_NO_EFFECT},
    {"env", .class = KEY_NO_EFFECT},
    {"env-regex", .class = KEY_NO_EFFECT},
    {"labels", .class = KEY_NO_EFFECT},
    {"labels-regex", .class = KEY_NO_EFFECT},
    {"max-buffer-size", .class = KEY_LATER,
     .remedy = "remove it: output waits in a pipe of 64 KiB"},
    {"max-file", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_max_file,
     .about = "3 or more: there are 3 files"},
    {"max-size", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_max_size,
     .about = "10m or more: each file has at most 10m"},
    {"mode", .class = KEY_LATER,
     .remedy = "remove it: a service waits when its pipe of 64 KiB is full",
     .harmless = "blocking"},
    {"tag", .class = KEY_NO_EFFECT},
};

static const struct key_table keys_logging_options = {
    .prefix = "logging.options.",
    .where = "logging.options",
    .row = option_rows,
    .count = KEY_COUNT(option_rows),
};

static void read_options(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    keys_read(reader, &keys_logging_options, key, value, into);
}

static const struct key_row rows[] = {
    {"driver", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = drivers, .read = read_driver,
     .about = "both words mean the log files that there are"},
    {"options", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_TABLE,
     .inner = &keys_logging_options, .read = read_options,
     .about = "as far as they say what is so"},
};

const struct key_table keys_logging = {
    .prefix = "logging.",
    .where = "logging",
    .row = rows,
    .count = KEY_COUNT(rows),
};

void read_logging(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const struct node *driver = node_get(value, "driver");
    bool other = driver && driver->kind == NODE_SCALAR && !is_driver(driver->text);
    const char *prefix = reader->prefix;

    if (!other) {
        keys_read(reader, &keys_logging, key, value, into);
        return;
    }
    reader->prefix = keys_logging.prefix; // its options mean nothing here
    read_driver(reader, "driver", driver, NULL);
    reader->prefix = prefix;
}
