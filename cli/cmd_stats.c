/* bulkhead stats: what the members use of what they may, now and again. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/stack/gauge.h"
#include "cli/stack/recent.h"
#include "cli/show/json.h"
#include "cli/show/render.h"
#include "cli/show/row.h"
#include "cli/show/series.h"
#include "cli/host/stack_roster.h"

#define INTERVAL_NS NSEC_PER_SEC
#define CELL_MAX    128

struct stats {
    struct command_context *context;
    struct watch watch;
    struct roster roster;
    bool *chosen;
    struct series *series; // by member index
    char *const *words;    // services, as written
    size_t words_count;
    bool json;
    bool all;
    bool once;
    bool output_failed;
};

static const char *const heads[] = {"NAME", "CPU %",      "MEMORY",  "MEM %", "HIGH",
                                    "PEAK", "GROWTH/MIN", "FULL IN", "PIDS"};

/* --- one row ---------------------------------------------------------------------------------- */

static const char *bytes_text(int64_t bytes, char text[RENDER_MAX])
{
    return bytes > 0 ? render_bytes(bytes, text) : "-";
}

static const char *growth_text(const struct series *series, char text[RENDER_MAX])
{
    char amount[RENDER_MAX];
    int64_t growth;

    if (!series_growth(series, &growth))
        return "-";
    snprintf(text, RENDER_MAX, "%s%s", growth < 0 ? "-" : "+",
             render_bytes(growth < 0 ? -growth : growth, amount));
    return text;
}

static int64_t limit_of(const struct wire_row *row, const struct gauge *gauge)
{
    return gauge->limit_bytes > 0 ? gauge->limit_bytes : row->limit_bytes;
}

static void memory_cells(struct table *table, const struct wire_row *row, const struct gauge *gauge)
{
    int64_t limit = limit_of(row, gauge);
    char text[CELL_MAX], one[RENDER_MAX], two[RENDER_MAX];
    double percent = limit > 0 ? 100.0 * (double)gauge->current_bytes / (double)limit : 0;

    snprintf(text, sizeof(text), "%s%s%s", bytes_text(gauge->current_bytes, one),
             limit > 0 ? " / " : "", limit > 0 ? render_bytes(limit, two) : "");
    table_cell(table, text, STYLE_OFF);
    snprintf(text, sizeof(text), "%.1f", percent);
    table_cell(table, limit > 0 && gauge->current_bytes >= 0 ? text : "-",
               percent >= 90   ? STYLE_RED
               : percent >= 75 ? STYLE_YELLOW
                               : STYLE_OFF);
    table_cell(table, bytes_text(gauge->high_bytes, one), STYLE_OFF);
    table_cell(table, bytes_text(gauge->peak_bytes > 0 ? gauge->peak_bytes : row->peak_bytes, one),
               STYLE_OFF);
}

static void add_row(struct table *table, const struct wire_row *row, const struct gauge *gauge,
                    const struct series *series)
{
    char text[RENDER_MAX];
    int64_t milli, left_ns;

    table_cell(table, row->name, STYLE_BOLD);
    if (series_processors(series, &milli))
        snprintf(text, sizeof(text), "%.1f", (double)milli / 10);
    else
        snprintf(text, sizeof(text), "-");
    table_cell(table, text, STYLE_OFF);
    memory_cells(table, row, gauge);
    table_cell(table, growth_text(series, text), STYLE_OFF);
    if (series_full_in(series, limit_of(row, gauge), &left_ns))
        table_cell(table, render_span(left_ns, text), STYLE_YELLOW);
    else
        table_cell(table, "-", STYLE_OFF);
    snprintf(text, sizeof(text), "%lld", (long long)gauge->processes);
    table_cell(table, gauge->processes >= 0 ? text : "-", STYLE_OFF);
}

static void json_gauge(struct json *object, const char *key, int64_t value)
{
    if (value >= 0)
        json_number(object, key, value);
    else
        json_nothing(object, key);
}

static bool print_json(const struct wire_row *row, const struct gauge *gauge,
                       const struct series *series)
{
    struct json *object = json_create();
    int64_t limit = limit_of(row, gauge);
    char service[INSTANCE_NAME_MAX], time[RENDER_MAX];
    int64_t milli, growth, left_ns;
    bool printed;

    snprintf(service, sizeof(service), "%.*s", (int)row->service_length, row->name);
    json_text(object, "Time", render_time(ask_wall_now(), time));
    json_text(object, "Name", row->name);
    json_text(object, "Service", service);
    json_number(object, "Instance", row->number);
    if (series_processors(series, &milli))
        json_milli(object, "CpuPercent", milli * 100);
    else
        json_nothing(object, "CpuPercent");
    json_gauge(object, "MemCurrent", gauge->current_bytes);
    json_number(object, "MemLimit", limit);
    json_gauge(object, "MemHigh", gauge->high_bytes);
    json_number(object, "MemPeak", gauge->peak_bytes > 0 ? gauge->peak_bytes : row->peak_bytes);
    if (series_growth(series, &growth))
        json_number(object, "MemGrowth", growth);
    else
        json_nothing(object, "MemGrowth");
    if (series_full_in(series, limit, &left_ns))
        json_seconds(object, "FullIn", left_ns);
    else
        json_nothing(object, "FullIn");
    json_gauge(object, "Pids", gauge->processes);
    json_gauge(object, "PidsLimit", gauge->processes_limit);
    printed = json_print(object, stdout);
    json_destroy(object);
    return printed;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* False: this one is not shown. */
static bool sample(struct stats *stats, uint32_t i, struct gauge *ret)
{
    const struct wire_row *row = &stats->watch.rows[i];
    struct series_sample now = {.at_ns = ask_monotonic_now()};
    char cgroup[GAUGE_PATH_MAX];

    *ret = (struct gauge){-1, -1, -1, -1, -1, -1, -1};
    if (!stats->chosen[i])
        return false;
    if (!gauge_cgroup(&stats->roster, row, cgroup))
        return stats->all;
    gauge_read(cgroup, ret);
    now.bytes = ret->current_bytes > 0 ? ret->current_bytes : 0;
    now.processor_ns = ret->processor_ns;
    series_add(&stats->series[i], row->generation, &now);
    return true;
}

/* `shown` false: the first look, which the processors' share is counted from. */
static bool show(struct stats *stats, bool shown)
{
    struct table *table = table_create(heads, sizeof(heads) / sizeof(heads[0]));
    bool good = table != NULL;
    bool redraw = stats->context->colour_out && stats->context->stdout_tty && !stats->once;

    for (uint32_t i = 0; good && i < stats->watch.rows_count; i++) {
        const struct wire_row *row = &stats->watch.rows[i];
        struct gauge gauge;

        if (!sample(stats, i, &gauge) || !shown)
            continue;
        if (stats->json)
            good = print_json(row, &gauge, &stats->series[i]);
        else
            add_row(table, row, &gauge, &stats->series[i]);
    }
    if (good && shown && !stats->json) {
        fputs(redraw ? "\x1b[H\x1b[J" : "", stdout);
        good = table_print(table, stats->context->colour_out, stdout);
        fputs(redraw || stats->once ? "" : "\n", stdout);
    }
    table_destroy(table);
    return fflush(stdout) == 0 && good;
}

/* Reads what changes in the table until the next look is due. 0, or an exit status. */
static int pause_until(struct stats *stats, int64_t due_ns)
{
    struct fault fault;
    int64_t left_ns;

    while (!stats->watch.ended && !stats->watch.reloaded &&
           (left_ns = due_ns - ask_monotonic_now()) > 0) {
        struct pollfd ready = {.fd = watch_fd(&stats->watch), .events = POLLIN};

        if (poll(&ready, 1, (int)(left_ns / NSEC_PER_MSEC) + 1) < 0 && errno != EINTR)
            return command_failed("cannot wait: %s", strerror(errno));
        if (watch_read(&stats->watch, NULL, NULL, &fault) != 0)
            return ask_failed(&fault);
    }
    return 0;
}

static int follow(struct stats *stats)
{
    int64_t due_ns = ask_monotonic_now();
    bool good = show(stats, false);
    int status = 0;

    do {
        due_ns += INTERVAL_NS;
        status = pause_until(stats, due_ns);
        if (status == 0 && good && !stats->watch.ended && !stats->watch.reloaded)
            good = show(stats, true);
    } while (status == 0 && good && !stats->once && !stats->watch.ended && !stats->watch.reloaded);
    stats->output_failed = !good;
    if (good || ferror(stdout)) // `bulkhead stats | head`: main tells of other troubles
        return status;
    return command_failed("out of memory");
}

static void finish(struct stats *stats)
{
    roster_finish(&stats->roster);
    free(stats->series);
    free(stats->chosen);
    stats->series = NULL;
    stats->chosen = NULL;
    watch_close(&stats->watch);
}

/* What the supervisor saw before: growth is known at once. */
static void recall(void *context, const struct sample *sample)
{
    struct stats *stats = context;
    const struct series_sample then = recent_to_series(sample);

    for (uint32_t i = 0; i < stats->watch.rows_count; i++)
        if (strcmp(stats->watch.rows[i].name, sample->name) == 0)
            series_add(&stats->series[i], sample->generation, &then);
}

/* The table, and what is to be known beside it. 0 or an exit status; finish() in every case. */
static int begin(struct stats *stats)
{
    const char *why;
    int status = ask_watch(stats->context, &stats->watch);

    if (status != 0)
        return status;
    stats->chosen = ask_choose(&stats->watch, stats->words, stats->words_count);
    stats->series = calloc((size_t)stats->watch.rows_count + 1, sizeof(*stats->series));
    if (!stats->chosen)
        return STATUS_FAILED;
    if (!stats->series)
        return command_failed("out of memory");
    if (stack_roster_load(stats->context->runtime_dir, &stats->roster, &why) != 0)
        return command_failed("the plan of stack \"%s\" cannot be read", stats->context->stack);
    recent_samples(stats->context->runtime_dir, ask_monotonic_now(), recall, stats);
    return 0;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct stats stats = {.context = context,
                          .words = argv + 1,
                          .words_count = (size_t)(argc - 1),
                          .all = option_given(context, "all"),
                          .once = option_given(context, "no-stream")};
    bool again = true;
    int status = ask_option_format(context, &stats.json);

    while (status == 0 && again) { // another plan begins it anew
        status = begin(&stats);
        if (status == 0)
            status = follow(&stats);
        again = stats.watch.reloaded && !stats.watch.ended && !stats.output_failed;
        finish(&stats);
    }
    return status;
}

static const struct command_option options[] = {
    {'a', "all", NULL, "also members that do not run"},
    {0, "no-stream", NULL, "once, not every second"},
    {0, "format", "table|json", "a table, or one JSON object a line"},
    {0},
};

const struct command command_stats = {
    .name = "stats",
    .operands = "[SERVICE…]",
    .summary = "memory, processors and processes, every second",
    .help =
        "Shows what the kernel counts for the compartment of every member, each second until it\n"
        "is interrupted or the stack ends: processors in use (100 is one), memory against limit,\n"
        "memory.high, the peak, growth a minute over the last minute, when the limit is met if\n"
        "it goes on like this, and processes. Growth goes on from the supervisor's samples, or\n"
        "takes a few seconds to be known; \"-\" stands for what is not.\n"
        "JSON has one object a line: Time Name Service Instance CpuPercent MemCurrent MemLimit\n"
        "MemHigh MemPeak MemGrowth FullIn Pids PidsLimit; sizes in bytes, FullIn in seconds, null\n"
        "for what is not known or not limited.",
    .example = "bulkhead stats --no-stream\n"
               "bulkhead stats --format json web | jq .MemCurrent",
    .options = options,
    .run = run,
};
