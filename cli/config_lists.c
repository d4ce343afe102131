/* See config_lists.h. */
#include "cli/config_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/files.h"
#include "cli/show/json.h"
#include "cli/show/render.h"

/* A row of a list; the texts are owned. */
struct row {
    char *name;
    char *value;       // of an environment; the default
    char *alternative; // of ${NAME:+alternative}
    bool required;
};

struct rows {
    struct row *item;
    size_t count, room;
    bool failed; // no memory
};

static struct row *add_row(struct rows *rows, const char *name, size_t length)
{
    struct row *row;

    if (rows->count == rows->room) {
        size_t room = rows->room ? 2 * rows->room : 64;
        struct row *more = realloc(rows->item, room * sizeof(*more));

        rows->failed = rows->failed || !more;
        if (!more)
            return NULL;
        rows->item = more;
        rows->room = room;
    }
    row = &rows->item[rows->count];
    *row = (struct row){.name = strndup(name, length)};
    rows->failed = rows->failed || !row->name;
    rows->count += row->name != NULL;
    return row->name ? row : NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void finish_rows(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->item[i].name);
        free(rows->item[i].value);
        free(rows->item[i].alternative);
    }
    free(rows->item);
    *rows = (struct rows){0};
}

int open_output(const struct command_context *context)
{
    const char *path = option_text(context, "output");

    if (!path || freopen(path, "we", stdout))
        return 0;
    return command_failed("cannot write to %s: %s", path, strerror(errno));
}

/* --- profiles --- */

int print_profiles(const struct spec *spec)
{
    struct rows rows = {0};
    int status = STATUS_DONE;

    for (size_t i = 0; i < spec->services_count; i++)
        for (size_t j = 0; j < spec->services[i].profiles_count; j++)
            (void)add_row(&rows, spec->services[i].profiles[j],
                          strlen(spec->services[i].profiles[j]));
    if (rows.count)
        qsort(rows.item, rows.count, sizeof(*rows.item), by_name);
    for (size_t i = 0; i < rows.count; i++)
        if (i == 0 || strcmp(rows.item[i].name, rows.item[i - 1].name) != 0)
            puts(rows.item[i].name);
    if (rows.failed)
        status = command_failed("out of memory");
    finish_rows(&rows);
    return status;
}

/* --- variables --- */

static void met(void *self, const struct stackfile_reference *reference)
{
    struct rows *rows = self;
    struct row *row = add_row(rows, reference->name, reference->name_length);
    char kind = reference->operation[0] == ':' ? reference->operation[1] : reference->operation[0];

    if (!row)
        return;
    row->required = kind == '?';
    if (kind == '-')
        row->value = strndup(reference->operand, reference->operand_length);
    if (kind == '+')
        row->alternative = strndup(reference->operand, reference->operand_length);
}

static void has(void *self, const char *name, const char *value)
{
    struct row *row = add_row(self, name, strlen(name));

    if (row)
        row->value = strdup(value);
}

/* Loads the stack for what the listener hears. */
static int listen(const struct command_context *context, const struct stackfile_listener *listener)
{
    struct stack_source source;
    struct faults faults;
    struct spec spec;
    int status = stack_source_open(context, &source);
    int result;

    if (status != 0)
        return status;
    faults_init(&faults);
    result = stack_source_load(context, &source, listener, &spec, &faults);
    if (result == 0)
        spec_finish(&spec);
    else if (result == 1)
        stack_source_show(&source, &faults, context->colour_err);
    stack_source_finish(&source);
    if (result < 0)
        return command_failed("%s", strerror(-result));
    return result == 0 ? open_output(context) : STATUS_USAGE;
}

/* Of several references to one variable all that they say. */
static void unite(struct row *row, struct row *other)
{
    row->required = row->required || other->required;
    if (!row->value) {
        row->value = other->value;
        other->value = NULL;
    }
    if (!row->alternative) {
        row->alternative = other->alternative;
        other->alternative = NULL;
    }
}

static bool print_table(const struct rows *rows)
{
    static const char *const heads[] = {"NAME", "REQUIRED", "DEFAULT", "ALTERNATIVE"};
    struct table *table = table_create(heads, sizeof(heads) / sizeof(heads[0]));
    bool printed;

    for (size_t i = 0; table && i < rows->count; i++) {
        const struct row *row = &rows->item[i];

        table_cell(table, row->name, STYLE_OFF);
        table_cell(table, row->required ? "true" : "false", STYLE_OFF);
        table_cell(table, row->value, STYLE_OFF);
        table_cell(table, row->alternative, STYLE_OFF);
    }
    printed = table && table_print(table, false, stdout);
    table_destroy(table);
    return printed;
}

static bool print_objects(const struct rows *rows)
{
    bool printed = true;

    for (size_t i = 0; printed && i < rows->count; i++) {
        const struct row *row = &rows->item[i];
        struct json *object = json_create();

        json_text(object, "Name", row->name);
        json_truth(object, "Required", row->required);
        json_text(object, "DefaultValue", row->value);
        json_text(object, "PresenceValue", row->alternative);
        printed = json_print(object, stdout);
        json_destroy(object);
    }
    return printed;
}

int print_variables(const struct command_context *context, bool json)
{
    struct rows rows = {0}, once = {0};
    const struct stackfile_listener listener = {.self = &rows, .met = met};
    int status = listen(context, &listener);

    if (rows.count)
        qsort(rows.item, rows.count, sizeof(*rows.item), by_name);
    for (size_t i = 0; i < rows.count; i++) {
        struct row *row = &rows.item[i];
        struct row *last = once.count ? &once.item[once.count - 1] : NULL;

        if (!last || strcmp(last->name, row->name) != 0)
            last = add_row(&once, row->name, strlen(row->name));
        if (last)
            unite(last, row);
    }
    if (!(json ? print_objects(&once) : print_table(&once)) || rows.failed || once.failed)
        status = command_failed("out of memory");
    finish_rows(&rows);
    finish_rows(&once);
    return status;
}

int print_environment(const struct command_context *context)
{
    struct rows rows = {0};
    const struct stackfile_listener listener = {.self = &rows, .has = has};
    int status = listen(context, &listener);

    if (rows.count)
        qsort(rows.item, rows.count, sizeof(*rows.item), by_name);
    for (size_t i = 0; i < rows.count; i++)
        printf("%s=%s\n", rows.item[i].name, rows.item[i].value ? rows.item[i].value : "");
    if (rows.failed)
        status = command_failed("out of memory");
    finish_rows(&rows);
    return status;
}
