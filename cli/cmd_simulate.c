/* bulkhead simulate: a stack file's policies tried on troubles, before they are needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/files.h"
#include "cli/show/charset.h"
#include "cli/simulate_load.h"
#include "cli/simulate_past.h"
#include "cli/simulate_report.h"
#include "cli/simulate_roster.h"
#include "cli/simulate_sweep.h"
#include "cli/stack/ask.h"
#include "cli/stack/wanted.h"
#include "stackfile/value.h"

#define DAY_NS        (INT64_C(86400) * NSEC_PER_SEC)
#define DAYS_MAX      36500
#define RUNS_MAX      100000
#define ALL_DAYS_MAX  100000 // more nanoseconds than that many days have are not counted
#define ATTENDANCE_NS (INT64_C(3600) * NSEC_PER_SEC)

struct simulating {
    struct command_context *context;
    bool json;
    struct stack_source source;
    struct spec spec;
    struct wanted wanted;
    struct roster roster;
    struct member *members; // of the roster, with a variant's policies
    struct trouble *troubles;
    struct simulate_past past;
    struct sweeps sweeps;
    struct simulation simulation;
    struct simulation_result *results; // one a variant
};

/* --- options ---------------------------------------------------------------------------------- */

static int whole_option(const struct command_context *context, const char *name, int64_t most,
                        int64_t *value)
{
    const char *text = option_text(context, name);

    if (!text)
        return 0;
    if (value_integer(text, value) != VALUE_OK || *value < 1 || *value > most)
        return usage_error(context, "--%s is a number from 1 to %lld, not \"%s\"", name,
                           (long long)most, text);
    return 0;
}

static int read_attendance(const struct command_context *context, span *ret)
{
    const char *text = option_text(context, "attend");

    *ret = span_ns(ATTENDANCE_NS);
    if (!text)
        return 0;
    if (strcmp(text, "never") == 0)
        *ret = span_ns(INT64_MAX);
    else if (value_duration(text, &ret->ns) != VALUE_OK || ret->ns < 0)
        return usage_error(context, "--attend is a time such as 30m, or never, not \"%s\"", text);
    return 0;
}

static int read_numbers(struct simulating *it)
{
    const struct command_context *context = it->context;
    bool replays = option_given(context, "history");
    const char *host = option_text(context, "host-memory");
    int64_t days = 30, runs = replays ? 1 : 100, seed = 1;
    int status = whole_option(context, "days", DAYS_MAX, &days);

    if (status == 0)
        status = whole_option(context, "runs", RUNS_MAX, &runs);
    if (status == 0)
        status = whole_option(context, "seed", INT64_MAX, &seed);
    if (status == 0)
        status = read_attendance(context, &it->simulation.attendance);
    if (status != 0)
        return status;
    if (host && (value_bytes(host, &it->simulation.host_bytes) != VALUE_OK ||
                 it->simulation.host_bytes <= 0))
        return usage_error(context, "--host-memory is a size such as 8G, not \"%s\"", host);
    if (replays && !option_given(context, "days"))
        it->simulation.length = span_ns(it->past.covered_ns);
    else
        it->simulation.length = span_ns(days * DAY_NS);
    if (it->simulation.length.ns / DAY_NS * runs > ALL_DAYS_MAX)
        return usage_error(context, "--days times --runs is more than %d", ALL_DAYS_MAX);
    it->simulation.runs = (uint32_t)runs;
    it->simulation.seed = (uint64_t)seed;
    return 0;
}

/* --- what is tried ---------------------------------------------------------------------------- */

static int make_roster(struct simulating *it)
{
    struct faults faults;
    int result;

    faults_init(&faults);
    for (size_t i = 0; i < it->spec.services_count; i++)
        if (!it->wanted.asked[i])
            it->wanted.selection.enabled[i] = false;
    result = simulate_roster(&it->spec, &it->wanted.selection, &it->roster, &faults);
    stack_source_show(&it->source, &faults, it->context->colour_err);
    if (result < 0)
        return command_failed("out of memory");
    if (result > 0)
        return STATUS_USAGE;
    if (it->roster.members_count == 0)
        return command_failed("there is no service to try");
    it->troubles = calloc(it->roster.members_count, sizeof(*it->troubles));
    it->members = calloc(it->roster.members_count, sizeof(*it->members));
    return it->troubles && it->members ? 0 : command_failed("out of memory");
}

static int make_troubles(struct simulating *it)
{
    bool replays = option_given(it->context, "history");
    int status = simulate_load(it->context, &it->roster, replays, it->troubles);

    if (status == 0 && replays)
        status = context_stack_named(it->context, it->spec.name);
    if (status == 0 && replays)
        status = simulate_past(it->context, &it->roster, it->troubles, &it->past);
    if (status == 0)
        status = read_numbers(it);
    if (status == 0)
        status = simulate_sweeps(it->context, &it->roster, &it->sweeps);
    return status;
}

/* Every variant meets the same troubles. */
static int try_variants(struct simulating *it)
{
    struct roster roster = it->roster;
    int failed = 0;

    it->results = calloc(it->sweeps.variants, sizeof(*it->results));
    roster.members = it->members;
    it->simulation.roster = &roster;
    it->simulation.troubles = it->troubles;
    for (size_t i = 0; it->results && failed == 0 && i < it->sweeps.variants; i++) {
        memcpy(it->members, it->roster.members, roster.members_count * sizeof(*it->members));
        (void)sweep_apply(&it->sweeps, i, it->members, roster.members_count); // tried before
        failed = simulate(&it->simulation, &it->results[i]);
    }
    it->simulation.roster = &it->roster;
    return it->results && failed == 0 ? 0 : command_failed("out of memory");
}

static int report(const struct simulating *it)
{
    struct simulate_report shown = {
        .spec = &it->spec,
        .simulation = &it->simulation,
        .sweeps = &it->sweeps,
        .results = it->results,
        .has_requests = option_given(it->context, "requests"),
        .colour = it->context->colour_out,
        .utf8 = charset_is_utf8(),
    };

    if (it->past.deaths > 0 && !it->json)
        printf("%u recorded deaths, %u of them followed by a restart\n", it->past.deaths,
               it->past.restarts);
    if (it->json ? !simulate_report_json(&shown, stdout) : !simulate_report_text(&shown, stdout))
        return command_failed("cannot show the result: out of memory, or nobody reads it");
    return STATUS_DONE;
}

static void finish(struct simulating *it)
{
    for (size_t i = 0; it->results && i < it->sweeps.variants; i++)
        simulation_result_finish(&it->results[i]);
    free(it->results);
    free(it->members);
    free(it->troubles);
    simulate_past_finish(&it->past);
    roster_finish(&it->roster);
    wanted_finish(&it->wanted);
    spec_finish(&it->spec);
    stack_source_finish(&it->source);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct simulating it = {.context = context};
    int status = ask_option_format(context, &it.json);

    if (status == 0)
        status = stack_source_read(context, false, &it.source, &it.spec);
    if (status != 0)
        return status;
    status = wanted_read(context, &it.spec, false, argc, argv, &it.wanted);
    if (status == 0)
        status = make_roster(&it);
    if (status == 0)
        status = make_troubles(&it);
    if (status == 0)
        status = try_variants(&it);
    if (status == 0)
        status = report(&it);
    finish(&it);
    return status;
}

static const struct command_option options[] = {
    {0, "crash", "[SERVICE=]TIME[:HOW]", "it ends so often: with an exit code (1) or a signal"},
    {0, "leak", "[SERVICE=]RATE[~PERCENT]", "memory that it never gives back: 20M/h"},
    {0, "hang", "[SERVICE=]TIME", "so often it stops answering"},
    {0, "outage", "[SERVICE=]TIME/TIME", "so often, for so long, something that it needs is away"},
    {0, "memory", "[SERVICE=]SIZE", "what it has from the start"},
    {0, "start", "[SERVICE=]TIME[~PERCENT]", "from its birth until it serves; default 1s~20%"},
    {0, "requests", "[SERVICE=]N", "requests a second, of each instance"},
    {0, "host-memory", "SIZE", "memory of the host; without it there is always enough"},
    {0, "attend", "TIME", "until somebody starts what was given up, or never; default 1h"},
    {0, "history", NULL, "the deaths that were recorded, in place of troubles"},
    {0, "sweep", "[SERVICE:]KEY=VALUE,…", "compare policies; more than once: all combinations"},
    {0, "days", "N", "length of a run; default 30"},
    {0, "runs", "N", "how many; default 100"},
    {0, "seed", "N", "another one draws other troubles; default 1"},
    {0, "scale", "SERVICE=N", "so many instances of the service"},
    {0, "format", "text|json", "how it is printed"},
    {0},
};

const struct command command_simulate = {
    .name = "simulate",
    .operands = "[SERVICE…]",
    .summary = "try the policies of the stack file on troubles, or on the recorded ones",
    .help =
        "Runs the stack's policies against simulated crashes, leaks, hangs and outages, by the\n"
        "code that decides when the stack runs, and tells what comes of it: restarts and time\n"
        "down a day, requests lost, services that are given up, a host whose memory is full.\n"
        "Nothing is started, and nothing has to be installed. The same command prints the same\n"
        "numbers. Without a trouble that is named each instance crashes once a day.\n"
        "With --sweep other values of a key are compared, all of them under the same troubles.",
    .example = "bulkhead simulate --leak web=20M/h~50% --memory web=100M --requests 40\n"
               "bulkhead simulate --outage 7d/10m --sweep backoff.factor=1.5,2,3\n"
               "bulkhead simulate --history --sweep intensity.max_restarts=3,5,10",
    .options = options,
    .run = run,
};
