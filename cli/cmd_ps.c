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
    const struct watch *watch;
    char cgroup[GAUGE_PATH_MAX]; // "": it has none
    int64_t current_bytes;
    int64_t peak_bytes;
};

static void look(const struct watch *watch, const struct roster *roster, const struct wire_row *row,
                 struct sight *ret)
{
    ret->row = row;
    ret->watch = watch;
    ret->current_bytes = ret->peak_bytes = 0;
    if (gauge_cgroup(roster, row, ret->cgroup)) {
        ret->current_bytes = gauge_number(ret->cgroup, "memory.current", 0);
        ret->peak_bytes = gauge_number(ret->cgroup, "memory.peak", 0);
    }
    if (ret->peak_bytes == 0) // at rest, or before Linux 5.19
        ret->peak_bytes = row->peak_bytes;
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

    if (row->state == STATE_BACKOFF && row->deadline_in_ns >= 0)
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

static bool show(const struct command_context *context, const struct watch *watch,
                 const struct roster *roster, const bool *chosen, enum form form)
{
    static const char *const heads[] = {"NAME",     "STATE",  "PID",       "UPTIME",
                                        "RESTARTS", "MEMORY", "LAST DEATH"};
    struct table *table = table_create(heads, sizeof(heads) / sizeof(heads[0]));
    struct labels labels;
    bool good = table != NULL;

    labels_init(&labels, context->runtime_dir);
    for (uint32_t i = 0; i < watch->rows_count && good; i++) {
        struct sight sight;

        if (!chosen[i])
            continue;
        look(watch, roster, &watch->rows[i], &sight);
        if (form == FORM_JSON)
            good = print_json(&sight, &labels);
        else if (form == FORM_QUIET)
            puts(watch->rows[i].name);
        else if (form == FORM_SERVICES)
            print_service(watch, i, chosen);
        else
            add_row(table, &sight);
    }
    if (form == FORM_TABLE && good)
        good = table_print(table, context->colour_out, stdout);
    labels_finish(&labels);
    table_destroy(table);
    return good;
}

static int list(const struct command_context *context, const struct watch *watch, bool *chosen,
                enum form form)
{
    struct roster roster = {0};
    const char *why;
    int status = choose(context, watch, chosen);

    if (status != 0)
        return status;
    if ((form == FORM_TABLE || form == FORM_JSON) &&
        stack_roster_load(context->runtime_dir, &roster, &why) != 0)
        command_note("the plan of stack \"%s\" cannot be read: cgroups and memory are left out",
                     context->stack);
    if (!show(context, watch, &roster, chosen, form) && !ferror(stdout))
        status = command_failed("out of memory");
    roster_finish(&roster);
    return status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct watch watch;
    bool *chosen;
    bool json;
    enum form form;
    int status = ask_option_format(context, &json);

    form = option_given(context, "services") ? FORM_SERVICES
           : option_given(context, "quiet")  ? FORM_QUIET
           : json                            ? FORM_JSON
                                             : FORM_TABLE;
    if (status == 0)
        status = ask_snapshot(context, &watch);
    if (status != 0)
        return status;
    chosen = ask_choose(&watch, argv + 1, (size_t)(argc - 1));
    status = chosen ? list(context, &watch, chosen, form) : STATUS_FAILED;
    if (watch.info.journal_lost > 0)
        command_note("%lld lines of the journal are lost: is the runtime folder full?",
                     (long long)watch.info.journal_lost);
    free(chosen);
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
        "times RFC 3339, ExitCode 128 + the signal for a death by one.",
    .example = "bulkhead ps -a\n"
               "bulkhead ps --format json | jq -r 'select(.State == \"running\") | .Pid'",
    .options = options,
    .run = run,
};
