/* See simulate_report.h. */
#include "cli/simulate_report.h"

#include <string.h>

#include "cli/show/json.h"
#include "cli/show/render.h"

#define DAY_NS     (INT64_C(86400) * NSEC_PER_SEC)
#define CELL_MAX   160
#define BAR_WIDTH  48
#define NAME_WIDTH 40

static double days_of(const struct simulation *simulation)
{
    return (double)simulation->length.ns / (double)DAY_NS * (double)simulation->runs;
}

static int64_t a_day(const struct simulation *simulation, double value)
{
    double mean = value / days_of(simulation) + 0.5;

    return mean < 0x1p62 ? (int64_t)mean : INT64_MAX;
}

static uint32_t instances_of(const struct simulation *simulation, const char *service)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < simulation->roster->members_count; i++)
        count += !service || member_is_of(&simulation->roster->members[i], service);
    return count;
}

/* Thousandths of a percent of the time in which it served. */
static int64_t availability(const struct simulate_report *report, const struct tally *sum,
                            const char *service)
{
    double all = (double)report->simulation->length.ns * (double)report->simulation->runs *
                 (double)instances_of(report->simulation, service);

    return all > 0 ? (int64_t)((1 - (double)sum->down_ns / all) * 100000 + 0.5) : 0;
}

/* The middle one: half of the runs that came to it had come to it by then. */
static int64_t median_held(const struct simulation_result *result)
{
    return result->runs_held ? result->held_ns[(result->runs_held - 1) / 2] : 0;
}

/* --- the table -------------------------------------------------------------------------------- */

static void number_cell(struct table *table, double value)
{
    char text[CELL_MAX];

    snprintf(text, sizeof(text), value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    table_cell(table, text, STYLE_OFF);
}

static void span_cell(struct table *table, int64_t ns)
{
    char text[RENDER_MAX];

    table_cell(table, ns > 0 ? render_span(ns, text) : "-", STYLE_OFF);
}

static void share_cell(struct table *table, uint32_t some, uint32_t all)
{
    char text[CELL_MAX];

    snprintf(text, sizeof(text), "%.1f%%", all ? 100.0 * some / all : 0);
    table_cell(table, text, some ? STYLE_YELLOW : STYLE_OFF);
}

static void sum_cells(const struct simulate_report *report, struct table *table,
                      const struct tally *sum, const char *service)
{
    const struct simulation *simulation = report->simulation;
    char text[CELL_MAX];

    number_cell(table, (double)sum->restarts / days_of(simulation));
    span_cell(table, a_day(simulation, (double)sum->down_ns));
    span_cell(table, sum->longest_ns);
    snprintf(text, sizeof(text), "%.3f%%", (double)availability(report, sum, service) / 1000);
    table_cell(table, text, STYLE_OFF);
    if (report->has_requests)
        number_cell(table, (double)sum->lost_milli / 1000 / days_of(simulation));
}

static const char *const sum_heads[] = {"RESTARTS/DAY", "DOWN/DAY", "LONGEST", "SERVING",
                                        "LOST/DAY"};

static size_t add_heads(const struct simulate_report *report, const char **heads)
{
    size_t count = report->has_requests ? 5 : 4;

    memcpy(heads, sum_heads, count * sizeof(*heads));
    return count;
}

static bool services_table(const struct simulate_report *report, FILE *to)
{
    const char *heads[TABLE_COLUMNS_MAX] = {"SERVICE"};
    size_t columns = 1 + add_heads(report, heads + 1);
    char text[CELL_MAX];
    struct table *table;
    struct tally sum;
    bool good;

    heads[columns++] = "GIVEN UP";
    table = table_create(heads, columns);
    for (size_t i = 0; table && i <= report->spec->services_count; i++) {
        const char *service =
            i < report->spec->services_count ? report->spec->services[i].name : NULL;
        if (service && instances_of(report->simulation, service) == 0)
            continue;
        sum = simulation_sum(report->simulation, report->results, service);
        table_cell(table, service ? service : "all", STYLE_BOLD);
        sum_cells(report, table, &sum, service);
        snprintf(text, sizeof(text), "%lld", (long long)sum.holds);
        table_cell(table, text, sum.holds ? STYLE_YELLOW : STYLE_OFF);
    }
    good = table && table_print(table, report->colour, to);
    table_destroy(table);
    return good;
}

static bool variants_table(const struct simulate_report *report, FILE *to)
{
    const char *heads[TABLE_COLUMNS_MAX];
    size_t columns = 0;
    struct table *table;
    bool good;

    for (; columns < report->sweeps->count; columns++)
        heads[columns] = report->sweeps->item[columns].name;
    columns += add_heads(report, heads + columns);
    heads[columns++] = "GIVEN UP IN";
    heads[columns++] = "AFTER";
    if (report->simulation->host_bytes > 0)
        heads[columns++] = "HOST FULL IN";
    table = table_create(heads, columns);
    for (size_t i = 0; table && i < report->sweeps->variants; i++) {
        const struct simulation_result *result = &report->results[i];
        struct tally sum = simulation_sum(report->simulation, result, NULL);
        for (size_t j = 0; j < report->sweeps->count; j++)
            table_cell(table, sweep_value(report->sweeps, i, j), STYLE_BOLD);
        sum_cells(report, table, &sum, NULL);
        share_cell(table, result->runs_held, result->runs);
        span_cell(table, median_held(result));
        if (report->simulation->host_bytes > 0)
            share_cell(table, result->runs_outside, result->runs);
    }
    good = table && table_print(table, report->colour, to);
    table_destroy(table);
    return good;
}

/* --- bars ------------------------------------------------------------------------------------- */

struct bar {
    char name[CELL_MAX];
    char shown[RENDER_MAX];
    double value;
};

/* `width` eighths of columns, as a bar. */
static void print_bar(size_t eighths, bool utf8, FILE *to)
{
    static const char *const parts[] = {"",       "\u258f", "\u258e", "\u258d",
                                        "\u258c", "\u258b", "\u258a", "\u2589"};

    for (; eighths >= 8; eighths -= 8)
        fputs(utf8 ? "\u2588" : "#", to);
    if (eighths > 0)
        fputs(utf8 ? parts[eighths] : "-", to);
}

static void print_bars(const struct simulate_report *report, const char *title,
                       const struct bar *bars, size_t count, FILE *to)
{
    size_t widest = 0;
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        size_t width = render_width(bars[i].name);
        widest = width > widest ? width : widest;
        most = bars[i].value > most ? bars[i].value : most;
    }
    if (most <= 0)
        return;
    fprintf(to, "\n%s%s%s\n", render_style(report->colour, STYLE_BOLD), title,
            render_style(report->colour, STYLE_OFF));
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "%s%*s ", bars[i].name, (int)(widest - render_width(bars[i].name)), "");
        print_bar((size_t)(bars[i].value / most * BAR_WIDTH * 8 + 0.5), report->utf8, to);
        fprintf(to, " %s\n", bars[i].shown);
    }
}

/* "backoff.factor=2 backoff.max=1m" would be long: the values alone, as in the table. */
static void name_variant(const struct simulate_report *report, size_t variant, struct bar *bar)
{
    size_t used = 0;

    for (size_t i = 0; i < report->sweeps->count && used < sizeof(bar->name); i++)
        used += (size_t)snprintf(bar->name + used, sizeof(bar->name) - used, "%s%s", i ? " " : "",
                                 sweep_value(report->sweeps, variant, i));
}

static size_t make_bars(const struct simulate_report *report, bool of_time, struct bar *bars)
{
    bool has_sweep = report->sweeps->count > 0;
    size_t rows = has_sweep ? report->sweeps->variants : report->spec->services_count, count = 0;

    for (size_t i = 0; i < rows && count < VARIANTS_MAX; i++) {
        const char *service = has_sweep ? NULL : report->spec->services[i].name;
        const struct simulation_result *result = &report->results[has_sweep ? i : 0];
        struct tally sum = simulation_sum(report->simulation, result, service);
        struct bar *bar = &bars[count];
        if (service && instances_of(report->simulation, service) == 0)
            continue;
        if (has_sweep)
            name_variant(report, i, bar);
        else
            snprintf(bar->name, sizeof(bar->name), "%s", service);
        bar->value = of_time ? (double)sum.down_ns : (double)sum.restarts;
        if (of_time)
            render_span(a_day(report->simulation, bar->value), bar->shown);
        else
            snprintf(bar->shown, sizeof(bar->shown), "%.2f",
                     bar->value / days_of(report->simulation));
        count++;
    }
    return count;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void print_head(const struct simulate_report *report, FILE *to)
{
    const struct simulation *simulation = report->simulation;
    double days = (double)simulation->length.ns / (double)DAY_NS;

    fprintf(to, "%u run%s of %.4g days, seed %llu\n\n", simulation->runs,
            simulation->runs == 1 ? "" : "s", days, (unsigned long long)simulation->seed);
}

static void print_foot(const struct simulate_report *report, FILE *to)
{
    const struct simulation_result *result = report->results;
    char text[RENDER_MAX];

    if (result->runs_held > 0)
        fprintf(to, "\nA service was given up in %u of %u runs, first after %s (median).\n",
                result->runs_held, result->runs, render_span(median_held(result), text));
    if (report->simulation->host_bytes > 0)
        fprintf(to, "\nThe host's memory was full in %u of %u runs, %lld times.\n",
                result->runs_outside, result->runs, (long long)result->outsides);
}

bool simulate_report_text(const struct simulate_report *report, FILE *to)
{
    struct bar bars[VARIANTS_MAX];
    size_t count;
    bool good;

    print_head(report, to);
    good = report->sweeps->count > 0 ? variants_table(report, to) : services_table(report, to);
    if (good && report->sweeps->count == 0)
        print_foot(report, to);
    count = make_bars(report, true, bars);
    if (good && count > 1)
        print_bars(report, "down a day", bars, count, to);
    count = make_bars(report, false, bars);
    if (good && count > 1)
        print_bars(report, "restarts a day", bars, count, to);
    return good && fflush(to) == 0;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void json_sum(const struct simulate_report *report, struct json *object,
                     const struct tally *sum, const char *service)
{
    const struct simulation *simulation = report->simulation;
    struct json *deaths = json_create();

    json_number(object, "Instances", instances_of(simulation, service));
    json_number(object, "Restarts", sum->restarts);
    json_milli(object, "RestartsPerDay", a_day(simulation, (double)sum->restarts * 1000));
    json_seconds(object, "DownPerDay", a_day(simulation, (double)sum->down_ns));
    json_seconds(object, "LongestDown", sum->longest_ns);
    json_milli(object, "ServingPercent", availability(report, sum, service));
    json_milli(object, "LostPerDay", a_day(simulation, (double)sum->lost_milli));
    json_number(object, "GivenUp", sum->holds);
    for (int kind = 0; kind < VERDICTS_COUNT; kind++)
        if (sum->deaths[kind] > 0)
            json_number(deaths, verdict_name((enum verdict_kind)kind), sum->deaths[kind]);
    json_child(object, "Deaths", deaths);
}

static struct json *json_services(const struct simulate_report *report,
                                  const struct simulation_result *result)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < report->spec->services_count; i++) {
        const char *service = report->spec->services[i].name;
        struct tally sum = simulation_sum(report->simulation, result, service);
        struct json *object;
        if (instances_of(report->simulation, service) == 0)
            continue;
        object = json_create();
        json_text(object, "Service", service);
        json_sum(report, object, &sum, service);
        json_append(list, object);
    }
    return list;
}

static bool json_variant(const struct simulate_report *report, size_t variant, FILE *to)
{
    const struct simulation_result *result = &report->results[variant];
    struct tally sum = simulation_sum(report->simulation, result, NULL);
    struct json *object = json_create(), *sweep = json_create();
    bool printed;

    for (size_t i = 0; i < report->sweeps->count; i++)
        json_text(sweep, report->sweeps->item[i].name, sweep_value(report->sweeps, variant, i));
    json_child(object, "Sweep", sweep);
    json_number(object, "Seed", (int64_t)report->simulation->seed);
    json_number(object, "Runs", result->runs);
    json_seconds(object, "RunLength", report->simulation->length.ns);
    json_sum(report, object, &sum, NULL);
    json_number(object, "RunsGivenUp", result->runs_held);
    if (result->runs_held > 0)
        json_seconds(object, "GivenUpAfter", median_held(result));
    else
        json_nothing(object, "GivenUpAfter");
    json_number(object, "RunsHostFull", result->runs_outside);
    json_number(object, "HostFull", result->outsides);
    json_number(object, "Events", (int64_t)result->events);
    json_child(object, "Services", json_services(report, result));
    printed = json_print(object, to);
    json_destroy(object);
    return printed;
}

bool simulate_report_json(const struct simulate_report *report, FILE *to)
{
    bool good = true;

    for (size_t i = 0; good && i < report->sweeps->variants; i++)
        good = json_variant(report, i, to);
    return good && fflush(to) == 0;
}
