/* bulkhead ps: the members of a stack, as they are now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/stack/gauge.h"
#include "cli/show/json.h"
#include "cli/host/labels.h"
#include "cli/show/render.h"
#include "cli/show/row.h"
#include "cli/host/stack_roster.h"
#include "core/health.h"

#define CELL_MAX ROW_TEXT_MAX

/* A row with what its compartment says. */
struct sight {
    const struct wire_row *row;
    const struct wire_left *left; // what does not end of it; NULL: nothing
    const struct watch *watch;
    char cgroup[GAUGE_PATH_MAX]; // "": it has none
    int64_t current_bytes;
    int64_t peak_bytes;
};

static void look(const struct watch *watch, const struct roster *roster, const struct wire_row *row,
                 struct sight *ret)
{
    ret->row = row;
    ret->left = NULL;
    ret->watch = watch;
    ret->current_bytes = ret->peak_bytes = 0;
    if (gauge_cgroup(roster, row, ret->cgroup)) {
        ret->current_bytes = gauge_number(ret->cgroup, "memory.current", 0);
        ret->peak_bytes = gauge_number(ret->cgroup, "memory.peak", 0);
    }
    if (ret->peak_bytes == 0) // at rest, or before Linux 5.19
        ret->peak_bytes = row->peak_bytes;
}

/* As a row of a member that has nothing but this one. */
static struct wire_row row_of_left(const struct wire_left *left)
{
    struct wire_row row = {
        .service_length = left->service_length,
        .number = left->number,
        .state = STATE_QUARANTINED,
        .generation = left->generation,
        .exit_code = -1,
        .verdict = VERDICT_UNKILLABLE,
        .deadline_in_ns = -1,
        .started_wall_ns = left->since_wall_ns,
        .waits_for = -1,
    };

    memcpy(row.name, left->name, sizeof(row.name));
    return row;
}

static void look_at_left(const struct roster *roster, const struct wire_left *left,
                         struct sight *sight)
{
    sight->left = left;
    if (gauge_left(roster, left, sight->cgroup)) {
        sight->current_bytes = gauge_number(sight->cgroup, "memory.current", 0);
        sight->peak_bytes = gauge_number(sight->cgroup, "memory.peak", 0);
    }
}

/* Of a member that waits for it; else it has a row of its own. */
static const struct wire_left *left_of(const struct watch *watch, const struct wire_row *row)
{
    for (uint32_t i = 0; row->state == STATE_QUARANTINED && i < watch->left_count; i++)
        if (watch->left[i].generation == row->generation &&
            strcmp(watch->left[i].name, row->name) == 0)
            return &watch->left[i];
    return NULL;
}

static bool is_in_table(const struct watch *watch, const struct wire_left *left)
{
    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (left_of(watch, &watch->rows[i]) == left)
            return true;
    return false;
}

static struct json *left_object(const struct wire_left *left)
{
    struct json *object = json_create();
    char time[RENDER_MAX];

    json_text(object, "Since", render_time(left->since_wall_ns, time));
    json_text(object, "Stuck", left->who);
    json_text(object, "HangsOn", left->where);
    json_text(object, "Holds", left->held);
    return object;
}

static bool print_json(const struct sight *sight, struct labels *labels)
{
    const struct wire_row *row = sight->row;
    struct json *object = json_create();
    char service[INSTANCE_NAME_MAX];
    char time[RENDER_MAX];
    bool printed;

    snprintf(service, sizeof(service), "%.*s", (int)row->service_length, row->name);
    json_text(object, "Name", row->name);
    json_text(object, "Service", service);
    json_number(object, "Instance", row->number);
    json_text(object, "State", state_name((enum state)row->state));
    json_text(object, "Health", health_name((enum health)row->health));
    json_number(object, "Pid", row->pid);
    json_number(object, "ExitCode", row_exit_code(row));
    json_number(object, "Restarts", row->restarts);
    json_number(object, "Generation", row->generation);
    json_text(object, "Verdict",
              row->verdict == VERDICT_NONE ? "" : verdict_name((enum verdict_kind)row->verdict));
    json_text(object, "Hook", row->hook ? aide_name((enum aide_kind)row->hook) : "");
    json_number(object, "HookNumber", row->hook ? row->hook_index + 1 : 0);
    json_text(object, "Budget", row->budget ? cause_name((enum cause)(row->budget - 1)) : "");
    json_number(object, "MemCurrent", sight->current_bytes);
    json_number(object, "MemPeak", sight->peak_bytes);
    json_number(object, "MemLimit", row->limit_bytes);
    json_text(object, "StartedAt", render_time(row->started_wall_ns, time));
    json_text(object, "Cgroup", sight->cgroup);
    if (sight->left)
        json_child(object, "Quarantine", left_object(sight->left));
    json_child(object, "Labels", labels_json(labels_of(labels, row->name)));
    printed = json_print(object, stdout);
    json_destroy(object);
    return printed;
}

static void state_text(const struct sight *sight, char text[CELL_MAX])
{
    const struct wire_row *row = sight->row;
    const char *name = state_name((enum state)row->state);
    char length[RENDER_MAX];

    if (row->state == STATE_QUARANTINED)
        snprintf(text, CELL_MAX, "%s (generation %u)", name, row->generation);
    else if (row->state == STATE_BACKOFF && row->deadline_in_ns >= 0)
        snprintf(text, CELL_MAX, "%s, starts in %s", name,
                 render_span(row->deadline_in_ns, length));
    else if ((row->state == STATE_STOPPING || row->state == STATE_LEAVING) &&
             row->deadline_in_ns >= 0)
        snprintf(text, CELL_MAX, "%s, killed in %s", name,
                 render_span(row->deadline_in_ns, length));
    else if (row->state == STATE_WAITING && row->waits_for >= 0 &&
             row->waits_for < sight->watch->rows_count)
        snprintf(text, CELL_MAX, "%s for %s", name, sight->watch->rows[row->waits_for].name);
    else if (row->state == STATE_RUNNING && row->health != HEALTH_NONE)
        snprintf(text, CELL_MAX, "%s (%s)", name, health_name((enum health)row->health));
    else if (row->budget > 0)
        snprintf(text, CELL_MAX, "%s, too many restarts (%s)", name,
                 budget_key((enum cause)(row->budget - 1)));
    else
        snprintf(text, CELL_MAX, "%s", name);
}

static void memory_text(const struct sight *sight, char text[CELL_MAX])
{
    char current[RENDER_MAX];
    char limit[RENDER_MAX];
    int64_t bytes = sight->current_bytes;

    if (bytes == 0)
        snprintf(text, CELL_MAX, "%s", "-");
    else if (sight->row->limit_bytes == 0)
        snprintf(text, CELL_MAX, "%s", render_bytes(bytes, current));
    else
        snprintf(text, CELL_MAX, "%s / %s (%.0f%%)", render_bytes(bytes, current),
                 render_bytes(sight->row->limit_bytes, limit),
                 100.0 * (double)bytes / (double)sight->row->limit_bytes);
}

static void stuck_text(const struct wire_left *left, char text[CELL_MAX])
{
    size_t used = (size_t)snprintf(text, CELL_MAX, "%.90s", *left->who ? left->who : "unkillable");

    if (*left->where)
        used += (size_t)snprintf(text + used, CELL_MAX - used, "; hangs on %.120s", left->where);
    if (*left->held)
        snprintf(text + used, CELL_MAX - used, "; holds %.80s", left->held);
}

static void add_row(struct table *table, const struct sight *sight)
{
    const struct wire_row *row = sight->row;
    bool alive =
        row->state == STATE_RUNNING || row->state == STATE_LEAVING || row->state == STATE_STOPPING;
    char text[CELL_MAX];
    char number[RENDER_MAX];

    table_cell(table, row->name, STYLE_BOLD);
    state_text(sight, text);
    table_cell(table, text, row_style(row));
    snprintf(number, sizeof(number), "%d", row->pid);
    table_cell(table, row->pid > 0 ? number : "-", STYLE_OFF);
    table_cell(table, alive ? render_span(row->uptime_ns, number) : "-", STYLE_OFF);
    snprintf(number, sizeof(number), "%lld", (long long)row->restarts);
    table_cell(table, number, row->restarts > 0 ? STYLE_YELLOW : STYLE_OFF);
    memory_text(sight, text);
    table_cell(table, text, STYLE_OFF);
    if (sight->left)
        stuck_text(sight->left, text);
    else
        row_death(row, text);
    table_cell(table, text,
               verdict_is_failure((enum verdict_kind)row->verdict) ? STYLE_RED : STYLE_OFF);
}

enum form { FORM_TABLE, FORM_JSON, FORM_QUIET, FORM_SERVICES };

/* --- which of them ---------------------------------------------------------------------------- */

/* Does the row answer to "status=running" or "health=healthy"? -1: that is no filter. */
static int passes(const struct wire_row *row, const char *filter)
{
    const char *value = strchr(filter, '=');
    bool of_health = strncmp(filter, "health=", strlen("health=")) == 0;
    bool known = false;

    if (!value || (!of_health && strncmp(filter, "status=", strlen("status=")) != 0))
        return -1;
    value++;
    for (int i = 0; of_health && i < HEALTHS_COUNT; i++)
        known = known || strcmp(value, health_name((enum health)i)) == 0;
    for (int i = 0; !of_health && i < STATES_COUNT; i++)
        known = known || strcmp(value, state_name((enum state)i)) == 0;
    if (!known)
        return -1;
    if (of_health)
        return strcmp(health_name((enum health)row->health), value) == 0;
    return strcmp(state_name((enum state)row->state), value) == 0;
}

/* Drops from `chosen` whom none of the filters of that option lets pass. 0 or an exit status. */
static int filter(const struct command_context *context, const struct watch *watch,
                  const char *option, const char *before, bool *chosen)
{
    const char *text;
    char one[128];

    for (uint32_t i = 0; option_given(context, option) && i < watch->rows_count; i++) {
        bool passed = false;
        size_t cursor = 0;

        while ((text = option_next(context, option, &cursor))) {
            int result;

            snprintf(one, sizeof(one), "%s%s", before, text);
            result = passes(&watch->rows[i], one);
            if (result < 0)
                return usage_error(context,
                                   "there is nothing like --%s %s: a status is one of the "
                                   "states in the manual",
                                   option, text);
            passed = passed || result == 1;
        }
        chosen[i] = chosen[i] && passed;
    }
    return 0;
}

/* Who is at rest is shown when asked for: by --all or by name of its state. */
static int choose(const struct command_context *context, const struct watch *watch, bool *chosen)
{
    bool all = option_given(context, "all") || option_given(context, "status") ||
               option_given(context, "filter");
    int status;

    for (uint32_t i = 0; i < watch->rows_count; i++)
        if (!all && (watch->rows[i].state == STATE_CREATED || watch->rows[i].state == STATE_EXITED))
            chosen[i] = false;
    status = filter(context, watch, "status", "status=", chosen);
    return status != 0 ? status : filter(context, watch, "filter", "", chosen);
}

/* --- the verb --------------------------------------------------------------------------------- */

/* Instances of a service stand together, so one look back is enough. */
static void print_service(const struct watch *watch, uint32_t i, const bool *chosen)
{
    const struct wire_row *row = &watch->rows[i];

    for (uint32_t j = i; j > 0; j--)
        if (chosen[j - 1] && watch->rows[j - 1].service_length == row->service_length &&
            memcmp(watch->rows[j - 1].name, row->name, row->service_length) == 0)
            return;
    printf("%.*s\n", (int)row->service_length, row->name);
}

static bool is_asked(const struct wire_row *row, char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (row_is(row, words[i]))
            return true;
    return count == 0;
}

static bool shows_left(const struct command_context *context, enum form form)
{
    size_t cursor = 0;
    const char *status;

    if (form != FORM_TABLE && form != FORM_JSON)
        return false;
    while ((status = option_next(context, "status", &cursor)))
        if (strcmp(status, "quarantined") == 0)
            return true;
    return option_given(context, "all") && !option_given(context, "status") &&
           !option_given(context, "filter");
}

/* What is to be shown, and how. */
struct choice {
    const struct watch *watch;
    bool *rows;         // of the watch
    char *const *words; // services and members
    size_t words_count;
    enum form form;
    struct roster roster; // "": not to be had
    struct labels labels;
    struct table *table;
};

/* False: out of memory, or nobody to write to. */
static bool put(struct choice *choice, const struct sight *sight)
{
    if (choice->form == FORM_JSON)
        return print_json(sight, &choice->labels);
    if (choice->form == FORM_QUIET)
        puts(sight->row->name);
    else
        add_row(choice->table, sight);
    return true;
}

static bool put_rows(struct choice *choice)
{
    const struct watch *watch = choice->watch;
    bool good = true;

    for (uint32_t i = 0; i < watch->rows_count && good; i++) {
        const struct wire_left *left = left_of(watch, &watch->rows[i]);
        struct sight sight;

        if (!choice->rows[i])
            continue;
        if (choice->form == FORM_SERVICES) {
            print_service(watch, i, choice->rows);
            continue;
        }
        look(watch, &choice->roster, &watch->rows[i], &sight);
        if (left)
            look_at_left(&choice->roster, left, &sight);
        good = put(choice, &sight);
    }
    return good;
}

/* Incarnations that do not end, and whose members have gone on. */
static bool put_left(struct choice *choice)
{
    const struct watch *watch = choice->watch;
    bool good = true;

    for (uint32_t i = 0; i < watch->left_count && good; i++) {
        const struct wire_row row = row_of_left(&watch->left[i]);
        struct sight sight = {.row = &row, .watch = watch};

        if (!is_asked(&row, choice->words, choice->words_count) ||
            is_in_table(watch, &watch->left[i]))
            continue;
        look_at_left(&choice->roster, &watch->left[i], &sight);
        good = put(choice, &sight);
    }
    return good;
}

static bool show(const struct command_context *context, struct choice *choice)
{
    static const char *const heads[] = {"NAME",     "STATE",  "PID",       "UPTIME",
                                        "RESTARTS", "MEMORY", "LAST DEATH"};
    bool good;

    choice->table = table_create(heads, sizeof(heads) / sizeof(heads[0]));
    labels_init(&choice->labels, context->runtime_dir);
    good = choice->table && put_rows(choice);
    if (good && shows_left(context, choice->form))
        good = put_left(choice);
    if (choice->form == FORM_TABLE && good)
        good = table_print(choice->table, context->colour_out, stdout);
    labels_finish(&choice->labels);
    table_destroy(choice->table);
    return good;
}

static int list(const struct command_context *context, struct choice *choice)
{
    const char *why;
    int status = choose(context, choice->watch, choice->rows);

    if (status != 0)
        return status;
    if ((choice->form == FORM_TABLE || choice->form == FORM_JSON) &&
        stack_roster_load(context->runtime_dir, &choice->roster, &why) != 0)
        command_note("the plan of stack \"%s\" cannot be read: cgroups and memory are left out",
                     context->stack);
    if (!show(context, choice) && !ferror(stdout))
        status = command_failed("out of memory");
    roster_finish(&choice->roster);
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct watch watch;
    struct choice choice = {.watch = &watch, .words = argv + 1, .words_count = (size_t)(argc - 1)};
    bool json;
    int status = ask_option_format(context, &json);

    choice.form = option_given(context, "services") ? FORM_SERVICES
                  : option_given(context, "quiet")  ? FORM_QUIET
                  : json                            ? FORM_JSON
                                                    : FORM_TABLE;
    if (status == 0)
        status = ask_snapshot(context, &watch);
    if (status != 0)
        return status;
    choice.rows = ask_choose(&watch, choice.words, choice.words_count);
    status = choice.rows ? list(context, &choice) : STATUS_FAILED;
    if (watch.info.journal_lost > 0)
        command_note("%lld lines of the journal are lost: is the runtime folder full?",
                     (long long)watch.info.journal_lost);
    free(choice.rows);
    watch_close(&watch);
    return status;
}

static const struct command_option options[] = {
    {'a', "all", NULL, "also members that were never started or have ended"},
    {'q', "quiet", NULL, "names only"},
    {0, "services", NULL, "names of services only"},
    {0, "status", "STATE", "only members in this state; may be given more than once"},
    {0, "filter", "status=STATE", "the same; or health=healthy"},
    {0, "format", "table|json", "a table, or one JSON object a line"},
    {0},
};

const struct command command_ps = {
    .name = "ps",
    .operands = "[SERVICE…]",
    .summary = "the services as they are now",
    .help =
        "Lists members with state, main process, uptime, restarts by policy since the stack\n"
        "came up, memory against limit, and the verdict of the last death.\n"
        "JSON has one object a line: Name Service Instance State Health Pid ExitCode Restarts\n"
        "Generation Verdict MemCurrent MemPeak MemLimit StartedAt Cgroup Labels; sizes in bytes,\n"
        "times RFC 3339, ExitCode 128 + the signal for a death by one.\n"
        "With --all also what the kernel does not let end, as \"quarantined\" with its generation\n"
        "and what it hangs on (in JSON: Quarantine).",
    .example = "bulkhead ps -a\n"
               "bulkhead ps --format json | jq -r 'select(.State == \"running\") | .Pid'",
    .options = options,
    .run = run,
};
