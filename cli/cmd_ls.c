/* bulkhead ls: the stacks of this user on this host. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/stack/ask.h"
#include "cli/host/folders.h"
#include "cli/show/json.h"
#include "cli/host/name.h"
#include "cli/show/render.h"

#define STATUS_TEXT_MAX 256

/* One stack, as far as it can be told. */
struct found {
    const char *name;
    const char *runtime_dir;
    enum { FOUND_RUNNING, FOUND_ABANDONED, FOUND_STUCK, FOUND_DOWN } kind;
    struct watch watch; // RUNNING
};

static void look(struct found *found)
{
    struct fault fault;

    switch (watch_snapshot(found->runtime_dir, found->name, &found->watch, &fault)) {
    case 0:
        found->kind = FOUND_RUNNING;
        break;
    case CLIENT_ABANDONED:
        found->kind = FOUND_ABANDONED;
        break;
    case CLIENT_NOT_RUNNING:
    case CLIENT_GONE:
        found->kind = FOUND_DOWN;
        break;
    default:
        found->kind = FOUND_STUCK;
    }
}

/* "running(3), backoff(1)" in the order of the states. */
static void count_states(const struct watch *watch, char text[STATUS_TEXT_MAX])
{
    size_t used = 0;

    text[0] = '\0';
    for (int state = 0; state < STATES_COUNT; state++) {
        const char *name = state_name((enum state)state);
        unsigned int count = 0;

        for (uint32_t i = 0; i < watch->rows_count; i++)
            count += strcmp(state_name((enum state)watch->rows[i].state), name) == 0;
        if (count > 0 && !strstr(text, name))
            used += (size_t)snprintf(text + used, STATUS_TEXT_MAX - used, "%s%s(%u)",
                                     used > 0 ? ", " : "", name, count);
    }
}

static void status_text(const struct found *found, char text[STATUS_TEXT_MAX])
{
    static const char *const others[] = {
        [FOUND_ABANDONED] = "abandoned: its supervisor is gone, processes are left",
        [FOUND_STUCK] = "its supervisor does not answer",
        [FOUND_DOWN] = "down",
    };

    if (found->kind == FOUND_RUNNING)
        count_states(&found->watch, text);
    else
        snprintf(text, STATUS_TEXT_MAX, "%s", others[found->kind]);
}

static bool print_json(const struct found *found, const char *status)
{
    static const char *const kinds[] = {"running", "abandoned", "stuck", "down"};
    struct json *object = json_create();
    char time[RENDER_MAX];
    bool printed;

    json_text(object, "Name", found->name);
    json_text(object, "State", kinds[found->kind]);
    json_text(object, "Status", status);
    json_number(object, "Members", found->watch.rows_count);
    json_number(object, "Pid", found->watch.info.supervisor_pid);
    json_text(object, "StartedAt", render_time(found->watch.info.started_wall_ns, time));
    json_text(object, "RuntimeDir", found->runtime_dir);
    printed = json_print(object, stdout);
    json_destroy(object);
    return printed;
}

static void add_row(struct table *table, const struct found *found, const char *status)
{
    const struct watch *watch = &found->watch;
    int64_t age_ns = ask_wall_now() - watch->info.started_wall_ns;
    char text[RENDER_MAX];

    table_cell(table, found->name, STYLE_BOLD);
    table_cell(table, status,
               found->kind == FOUND_RUNNING ? STYLE_GREEN
               : found->kind == FOUND_DOWN  ? STYLE_DIM
                                            : STYLE_RED);
    table_cell(table, watch->info.started_wall_ns > 0 ? render_span(age_ns, text) : "-", STYLE_OFF);
    snprintf(text, sizeof(text), "%d", watch->info.supervisor_pid);
    table_cell(table, watch->info.supervisor_pid > 0 ? text : "-", STYLE_OFF);
}

/* --- which ------------------------------------------------------------------------------------ */

struct names {
    char (*item)[NAME_BYTES_MAX + 1];
    size_t count;
    size_t capacity;
};

/* `name` is valid, so it fits. */
static bool add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->item[i], name) == 0)
            return true;
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? 2 * names->capacity : 16;
        void *items = reallocarray(names->item, capacity, sizeof(*names->item));

        if (!items)
            return false;
        names->item = items;
        names->capacity = capacity;
    }
    memcpy(names->item[names->count++], name, strlen(name) + 1);
    return true;
}

/* Folders below `path` whose names may be a stack's. 0 or an exit status. */
static int add_folder(struct names *names, char *path)
{
    DIR *folder = path ? opendir(path) : NULL;
    const struct dirent *entry;
    int status = 0;

    if (!path)
        return command_failed("out of memory");
    if (!folder && errno != ENOENT && errno != ENOTDIR)
        status = command_failed("cannot read %s: %s", path, strerror(errno));
    while (folder && status == 0 && (entry = readdir(folder)))
        if (name_is_valid(entry->d_name) && !add_name(names, entry->d_name))
            status = command_failed("out of memory");
    if (folder)
        closedir(folder);
    free(path);
    return status;
}

static int compare(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* --- the verb --------------------------------------------------------------------------------- */

static bool show_one(const struct command_context *context, const char *name, struct table *table,
                     bool json)
{
    char *runtime_dir = folders_runtime_path(name);
    struct found found = {.name = name, .runtime_dir = runtime_dir};
    char status[STATUS_TEXT_MAX];
    bool good = runtime_dir != NULL;

    if (good)
        look(&found);
    if (good && (found.kind != FOUND_DOWN || option_given(context, "all"))) {
        status_text(&found, status);
        if (option_given(context, "quiet"))
            puts(name);
        else if (json)
            good = print_json(&found, status);
        else
            add_row(table, &found, status);
    }
    watch_close(&found.watch);
    free(runtime_dir);
    return good;
}

static int show(const struct command_context *context, struct names *names, bool json)
{
    static const char *const heads[] = {"NAME", "STATUS", "UP", "SUPERVISOR"};
    struct table *table = table_create(heads, sizeof(heads) / sizeof(heads[0]));
    const char *filter = option_text(context, "filter");
    bool good = table != NULL;

    if (names->count > 0)
        qsort(names->item, names->count, sizeof(*names->item), compare);
    for (size_t i = 0; good && i < names->count; i++)
        if (!filter || strstr(names->item[i], filter + strlen("name=")))
            good = show_one(context, names->item[i], table, json);
    if (good && !json && !option_given(context, "quiet"))
        good = table_print(table, context->colour_out, stdout);
    table_destroy(table);
    return good || ferror(stdout) ? STATUS_DONE : command_failed("out of memory");
}

static int run(struct command_context *context, int argc, char **argv)
{
    const char *filter = option_text(context, "filter");
    struct names names = {0};
    bool json;
    int status = ask_option_format(context, &json);

    if (status == 0 && argc > 1)
        status = usage_error(context, "ls takes no operand: %s", argv[1]);
    if (status == 0 && filter && strncmp(filter, "name=", strlen("name=")) != 0)
        status = usage_error(context, "--filter wants name=TEXT, not \"%s\"", filter);
    if (status == 0)
        status = add_folder(&names, folders_runtime_path(""));
    if (status == 0 && option_given(context, "all"))
        status = add_folder(&names, folders_state_path(""));
    if (status == 0)
        status = show(context, &names, json);
    free(names.item);
    return status;
}

static const struct command_option options[] = {
    {'a', "all", NULL, "also stacks that are down and have left logs"},
    {'q', "quiet", NULL, "names only"},
    {0, "filter", "name=TEXT", "only stacks whose name has the text in it"},
    {0, "format", "table|json", "a table, or one JSON object a line"},
    {0},
};

const struct command command_ls = {
    .name = "ls",
    .operands = "",
    .summary = "the stacks running here",
    .help =
        "Lists the stacks of this user that run on this host, with the states of their members.\n"
        "\"abandoned\" is a stack whose supervisor is gone while processes of it are left:\n"
        "`bulkhead -p NAME down` ends them.\n"
        "JSON has one object a line: Name State Status Members Pid StartedAt RuntimeDir.",
    .example = "bulkhead ls -a\n"
               "bulkhead ls -q | xargs -I{} bulkhead -p {} ps",
    .options = options,
    .run = run,
};
