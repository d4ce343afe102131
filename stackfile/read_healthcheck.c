/* The reader of healthcheck. What its test asks for becomes an argument vector. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#define TEST_EXAMPLE "a text, or a list such as [CMD, pg_isready, -q]"

static const char *const test_forms[] = {"CMD", "CMD-SHELL", "NONE"};

static const char **words_of(struct reader *reader, size_t count, struct mark at,
                             struct spec_words *ret_words)
{
    const char **item = arena_array(reader->arena, count + 1, sizeof(*item));

    *ret_words = (struct spec_words){.set = item != NULL, .count = count, .item = item, .at = at};
    return item;
}

/* The items from `first` on, behind a shell where one is asked for. */
static void take_test(struct reader *reader, const struct node *list, bool shell,
                      struct spec_words *ret_test)
{
    size_t before = shell ? 2 : 0;
    const char **item = words_of(reader, before + list->count - 1, list->at, ret_test);

    if (item && shell) {
        item[0] = "/bin/sh";
        item[1] = "-c";
    }
    for (size_t i = 1; item && i < list->count; i++)
        item[before + i - 1] = keep_text(reader, list->items[i]->text);
}

static bool all_texts(struct reader *reader, const char *key, const struct node *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (!take_text(reader, key, list->items[i], ACCEPT_STRING, TEST_EXAMPLE))
            return false;
    return true;
}

static void unknown_form(struct reader *reader, const char *key, const struct node *first)
{
    bool lower = strcasecmp(first->text, "cmd") == 0 || strcasecmp(first->text, "none") == 0;
    const char *nearest = fault_nearest(first->text, test_forms, KEY_COUNT(test_forms));

    if (lower)
        nearest = test_forms[strcasecmp(first->text, "none") == 0 ? 2 : 0];
    report_key(reader, first->at, key,
               nearest ? remedy_of("did you mean %s?", nearest).text
                       : "write CMD before the program, or CMD-SHELL before a line for a shell",
               "a list begins with CMD, CMD-SHELL or NONE, not with \"%s\"",
               shown(first->text).text);
}

static void test_of_list(struct reader *reader, const char *key, const struct node *list,
                         struct spec_healthcheck *check)
{
    const char *form = list->count ? list->items[0]->text : NULL;

    if (!form) {
        report_key(reader, list->at, key, "write [CMD, program, …], or disable: true", "is empty");
    } else if (!all_texts(reader, key, list)) {
        return; // said
    } else if (strcmp(form, "NONE") == 0) {
        if (list->count > 1)
            report_key(reader, list->items[1]->at, key, "remove NONE, or what follows it",
                       "nothing can follow NONE");
        check->disabled = true;
    } else if (strcmp(form, "CMD") != 0 && strcmp(form, "CMD-SHELL") != 0) {
        unknown_form(reader, key, list->items[0]);
    } else if (list->count == 1 || !*list->items[1]->text) {
        report_key(reader, list->items[0]->at, key, "write the program behind it",
                   "nothing follows %s", form);
    } else {
        take_test(reader, list, form[3] == '-', &check->test);
    }
}

/* A text is a line for the shell, where a form would be a command of that name. */
static bool form_in_text(struct reader *reader, const char *key, const struct node *value)
{
    for (size_t i = 0; i < KEY_COUNT(test_forms); i++) {
        size_t length = strlen(test_forms[i]);

        if (strncmp(value->text, test_forms[i], length) != 0 ||
            (value->text[length] && value->text[length] != ' '))
            continue;
        report_key(reader, value->at, key, "write it as a list, such as [CMD, pg_isready, -q]",
                   "%s in a text would be a command", test_forms[i]);
        return true;
    }
    return false;
}

static void read_test(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_healthcheck *check = into;
    const char **item;

    if (value->kind == NODE_LIST) {
        test_of_list(reader, key, value, check);
        return;
    }
    if (!take_text(reader, key, value, ACCEPT_STRING, TEST_EXAMPLE))
        return;
    if (!*value->text) {
        report_key(reader, value->at, key, "write a command, or disable: true", "is empty");
        return;
    }
    if (form_in_text(reader, key, value))
        return;
    item = words_of(reader, 3, value->at, &check->test);
    if (!item)
        return; // the arena remembers
    item[0] = "/bin/sh";
    item[1] = "-c";
    item[2] = keep_text(reader, value->text);
}

/* 0 is the default, as in the engine; what is less than 1ms is a slip. */
static void read_probe_time(struct reader *reader, const char *key, const struct node *value,
                            void *into)
{
    struct spec_int time = {.set = false};

    read_duration(reader, key, value, &time);
    if (!time.set || time.value == 0)
        return;
    if (time.value < NSEC_PER_MSEC)
        report_key(reader, value->at, key, "write 1ms or more", "must be at least 1ms");
    else
        *(struct spec_int *)into = time;
}

static void read_retries(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    struct spec_int retries = {.set = false};

    read_attempts(reader, key, value, &retries);
    if (retries.set && retries.value > 0)
        *(struct spec_int *)into = retries;
}

#define INTO(field) offsetof(struct spec_healthcheck, field)

static const struct key_row rows[] = {
    {"disable", .class = KEY_HONOURED, .shape = SHAPE_BOOL, .read = read_bool,
     .offset = INTO(disabled), .about = "true: there is no probe, whatever else is written"},
    {"interval", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_probe_time,
     .offset = INTO(interval_ns), .about = "from the end of a probe to the next one; default 30s"},
    {"retries", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_retries,
     .offset = INTO(retries), .about = "failures in a row that mean unhealthy; default 3"},
    {"start_interval", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_probe_time,
     .offset = INTO(start_interval_ns),
     .about = "the interval within start_period, which has to be written; default 5s"},
    {"start_period", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_probe_time,
     .offset = INTO(start_period_ns),
     .about = "failures count from here on, or from the first success; default 0s"},
    {"test", .class = KEY_HONOURED, .shape = SHAPE_WORDS, .read = read_test, .offset = 0,
     .about = "the probe: a line for /bin/sh, [CMD, program, …], [CMD-SHELL, line] or [NONE]"},
    {"timeout", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_probe_time,
     .offset = INTO(timeout_ns), .about = "a probe that runs longer has failed; default 30s"},
};

const struct key_table keys_healthcheck = {
    .prefix = "healthcheck.",
    .where = "healthcheck",
    .row = rows,
    .count = KEY_COUNT(rows),
};

void read_healthcheck(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_healthcheck check = {.set = true, .at = value->at};

    keys_read(reader, &keys_healthcheck, key, value, &check);
    if (value->kind != NODE_MAP)
        return;
    if (check.disabled)
        check = (struct spec_healthcheck){.set = true, .disabled = true, .at = value->at};
    else if (!node_get(value, "test"))
        report_key(reader, value->at, key, "write test: [CMD, program, …], or disable: true",
                   "has no test");
    if (check.start_interval_ns.set && !check.start_period_ns.set)
        report_key(reader, check.start_interval_ns.at, key, "write start_period: too",
                   "start_interval needs a start_period");
    *(struct spec_healthcheck *)into = check;
}
