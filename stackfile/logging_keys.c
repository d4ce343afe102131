/* The keys of a service's logging. The recorder keeps each service's output in files of its own. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#include "core/logging.h"

static const char *const drivers[] = {"json-file", "local", "none", "journald", NULL};
static const enum logging_driver meant[] = {LOGGING_FILES, LOGGING_FILES, LOGGING_NONE,
                                            LOGGING_JOURNALD};
static const char *const modes[] = {"blocking", "non-blocking", NULL};

/* Its place in the list, or -1. */
static int find_driver(const char *text)
{
    for (int i = 0; drivers[i]; i++)
        if (strcmp(text, drivers[i]) == 0)
            return i;
    return -1;
}

static void read_driver(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a driver such as json-file");
    struct spec_logging *logging = into;
    int driver = text ? find_driver(text) : -1;

    if (text && driver < 0)
        report_key(reader, value->at, key,
                   "write json-file or local, which keep files, journald, or none, which keeps "
                   "nothing",
                   "%s is not supported", shown(text).text);
    if (driver >= 0)
        logging->driver = meant[driver];
    logging->at = value->at;
}

static void read_mode(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int mode = take_choice(reader, key, value, modes, "a mode");

    if (mode >= 0)
        ((struct spec_logging *)into)->blocking = mode == 0;
}

static void read_max_size(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    if (value->kind == NODE_SCALAR && value->text[0] == '-')
        report_key(reader, value->at, key, "remove it for 10m", "must be more than 0");
    else
        read_bytes(reader, key, value, into);
}

static void read_max_file(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    struct spec_int files = {.set = false};

    read_attempts(reader, key, value, &files);
    if (files.set && (files.value < 1 || files.value > LOGGING_FILES_MAX))
        report_key(reader, value->at, key, "the current file counts, too", "must be 1 to %d files",
                   LOGGING_FILES_MAX);
    else if (files.set)
        *(struct spec_int *)into = files;
}

static void read_max_buffer(struct reader *reader, const char *key, const struct node *value,
                            void *into)
{
    struct spec_int bytes = {.set = false};

    read_bytes(reader, key, value, &bytes);
    if (bytes.set && (bytes.value < LOGGING_BUFFER_MIN || bytes.value > LOGGING_BUFFER_MAX))
        report_key(reader, value->at, key, "remove it for 1m", "must be 64k to 16m");
    else if (bytes.set)
        *(struct spec_int *)into = bytes;
}

#define LOGGING(field) offsetof(struct spec_logging, field)

static const struct key_row option_rows[] = {
    {"compress", .class = KEY_NO_EFFECT},
    {"env", .class = KEY_NO_EFFECT},
    {"env-regex", .class = KEY_NO_EFFECT},
    {"labels", .class = KEY_NO_EFFECT},
    {"labels-regex", .class = KEY_NO_EFFECT},
    {"max-buffer-size", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_max_buffer,
     .offset = LOGGING(max_buffer_bytes),
     .about = "the most that waits to be written, 64k to 16m; default 1m"},
    {"max-file", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_max_file,
     .offset = LOGGING(max_file), .about = "files that are kept, 1 to 100; default 3"},
    {"max-size", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_max_size,
     .offset = LOGGING(max_size_bytes), .about = "the most of each file; default 10m"},
    {"mode", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = modes, .read = read_mode,
     .about = "when the disk is too slow, lines are lost and counted (non-blocking, the "
              "default), or the service waits (blocking)"},
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
     .about =
         "json-file and local: text files; journald: the system's journal; none: nothing is kept"},
    {"options", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_TABLE,
     .inner = &keys_logging_options, .read = read_options, .about = "how much is kept"},
};

const struct key_table keys_logging = {
    .prefix = "logging.",
    .where = "logging",
    .row = rows,
    .count = KEY_COUNT(rows),
};

/* Options of files, where there are none: what they say would not be done. */
static void check_options(struct reader *reader, const struct spec_logging *logging,
                          const struct node *options)
{
    static const char *const of_files[] = {"max-file", "max-size"};

    for (size_t i = 0; logging->driver == LOGGING_JOURNALD && i < KEY_COUNT(of_files); i++) {
        const struct node *value = options ? node_get(options, of_files[i]) : NULL;
        if (value)
            report_key(reader, value->at, of_files[i],
                       "remove it: journald.conf says how much is kept",
                       "the driver journald keeps no files");
    }
}

void read_logging(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const struct node *driver = node_get(value, "driver");
    bool other = driver && driver->kind == NODE_SCALAR && find_driver(driver->text) < 0;
    const char *prefix = reader->prefix;
    struct spec_logging *logging = into;

    *logging = (struct spec_logging){.set = value->kind == NODE_MAP};
    if (!other) {
        keys_read(reader, &keys_logging, key, value, into);
        reader->prefix = keys_logging_options.prefix;
        check_options(reader, logging, node_get(value, "options"));
        reader->prefix = prefix;
        return;
    }
    reader->prefix = keys_logging.prefix; // its options mean nothing here
    read_driver(reader, "driver", driver, into);
    reader->prefix = prefix;
}
