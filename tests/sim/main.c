/* Runs seeds: draws a stack and a world, turns the crank, tells what broke.
 *
 *   sim [--seeds N] [--from N] [--coverage]    N seeds, as TAP; cells of the state table reached
 *   sim --seed N [--verbose]                   one seed again; with its journal
 *   sim … --only INVARIANT                     as if there were no other */
#include "tests/sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 200000

static void step(struct sim *sim, struct event *event)
{
    event->at = sim->now;
    event->wall_ns = INT64_C(1700000000000000000) + sim->now.ns;
    world_read(sim, event);
    check_before(sim, event);
    tale_event(sim, event);
    fleet_step(&sim->fleet, event);
    tale_outcome(sim);
    check_after(sim, event);
    check_reports(sim, event);
    for (uint32_t i = 0; i < sim->fleet.effects.count && !sim->broken; i++)
        world_act(sim, &sim->fleet.effects.item[i]);
    sim->events++;
}

/* A supervisor is woken late now and then. */
static instant lateness(struct sim *sim, instant at)
{
    if (sim->is_calm || chance(sim, 90))
        return at;
    return instant_add(at, draw_span(sim, 0, chance(sim, 95) ? 2000 : 1500000));
}

/* What the host has to give, where somebody knows. */
static int64_t draw_available(struct sim *sim)
{
    return chance(sim, 70) ? 0 : (int64_t)draw(sim, 5) << 20;
}

static bool turn(struct sim *sim, instant end)
{
    instant happening_at = agenda_next(sim), deadline = fleet_deadline(&sim->fleet);
    instant next = instant_min(happening_at, deadline);

    if (next.ns > end.ns)
        return false;
    if (next.ns > sim->now.ns)
        sim->now = next;
    if (deadline.ns < happening_at.ns || (deadline.ns == happening_at.ns && chance(sim, 50))) {
        struct event tick = {.kind = EVENT_TICK, .available_bytes = draw_available(sim)};
        sim->now = lateness(sim, sim->now);
        step(sim, &tick);
    } else {
        struct happening happening = agenda_take(sim);
        if (happening.kind == HAPPENS_ECHO)
            happening.event = world_echo(sim, happening.member);
        if (happening.kind == HAPPENS_EVENT || happening.kind == HAPPENS_ECHO)
            step(sim, &happening.event);
        else
            world_happens(sim, &happening);
    }
    return true;
}

static void run(struct sim *sim)
{
    instant end;
    uint64_t rotation, reloading;

    scenario_draw(sim);
    if (fleet_init(&sim->fleet, &sim->roster) < 0)
        abort();
    twin_begin(sim);
    tale_begin(sim);
    rotation = chance(sim, 30) ? draw(sim, 300) : UINT64_MAX;
    reloading = chance(sim, 30) ? draw(sim, 300) : UINT64_MAX;
    end = instant_add(sim->horizon, span_sec(20));
    for (uint64_t i = 0; !sim->broken; i++) {
        if (!turn(sim,
                  sim->is_down && !sim->fleet.finished ? instant_add(end, span_sec(3600)) : end))
            break;
        if (i > STEPS_MAX)
            break_rule(sim, "nobody-forgotten", "no end in %d steps", STEPS_MAX);
        if (sim->events == rotation && !(sim->fleet.effects.count == 0 && sim->events == 0)) {
            tale_rotate(sim);
            rotation = UINT64_MAX;
        }
        if (sim->events >= reloading) {
            reload(sim);
            reloading = chance(sim, 40) ? sim->events + draw(sim, 100) : UINT64_MAX;
        }
    }
    tale_end(sim);
    if (!sim->broken)
        check_end(sim);
    if (!sim->broken)
        check_cadence(sim);
}

static void tell_failure(const struct sim *sim)
{
    const size_t tail = sizeof(sim->tale.tail) / sizeof(sim->tale.tail[0]);

    printf("# seed %llu breaks invariant %s after %llu events: %s\n", (unsigned long long)sim->seed,
           sim->broken, (unsigned long long)sim->events, sim->why);
    if (sim->verbose)
        return;
    for (size_t i = 0; i < tail; i++) {
        const char *line = sim->tale.tail[(sim->tale.next + i) % tail];
        if (line)
            printf("#   %s\n", line);
    }
    printf("# again: %s --seed %llu --verbose\n", program_invocation_name,
           (unsigned long long)sim->seed);
}

struct options {
    uint64_t from;
    uint64_t seeds;
    bool one;
    bool verbose;
    bool coverage;
    const char *only;
};

/* False: broken. */
static bool run_seed(uint64_t seed, const struct options *options, struct coverage *coverage,
                     uint64_t *events)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    bool good;

    if (!sim)
        abort();
    sim->seed = seed;
    sim->random = seed;
    sim->verbose = options->verbose;
    sim->only = options->only;
    sim->coverage = coverage;
    run(sim);
    good = !sim->broken;
    if (!good)
        tell_failure(sim);
    *events += sim->events;
    tale_finish(sim);
    twin_finish(sim);
    fleet_finish(&sim->fleet);
    roster_finish(&sim->roster);
    free(sim->agenda.heap);
    free(sim);
    return good;
}

static void usage(void)
{
    fprintf(stderr, "usage: sim [--seeds N] [--from N] [--coverage] [--only INVARIANT]\n"
                    "       sim --seed N [--verbose]\n");
    exit(2);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"seeds", required_argument, NULL, 'n'},
        {"from", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},
        {"coverage", no_argument, NULL, 'c'},
        {"only", required_argument, NULL, 'o'},
        {"verbose", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.from = 1, .seeds = 1000};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'n')
            options.seeds = strtoull(optarg, NULL, 10);
        else if (option == 'f')
            options.from = strtoull(optarg, NULL, 10);
        else if (option == 's') {
            options.from = strtoull(optarg, NULL, 10);
            options.seeds = 1;
            options.one = true;
        } else if (option == 'o')
            options.only = optarg;
        else if (option == 'c')
            options.coverage = true;
        else if (option == 'v')
            options.verbose = true;
        else
            usage();
    }
    if (optind != argc)
        usage();
    return options;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct coverage coverage = {0};
    uint64_t events = 0, seed = options.from;
    bool good = true;

    while (good && seed < options.from + options.seeds)
        good = run_seed(seed++, &options, &coverage, &events);
    printf("%s 1 - no invariant is broken in %llu seeds, %llu events, and each replays the same\n",
           good ? "ok" : "not ok", (unsigned long long)(seed - options.from),
           (unsigned long long)events);
    if (options.coverage || !options.one) {
        unsigned missing = coverage_missing(&coverage);
        if (options.coverage || missing)
            coverage_print(&coverage);
        printf("%s 2 - every cell of the state table is reached\n", missing ? "not ok" : "ok");
        good = good && !missing;
    }
    printf("1..%d\n", options.coverage || !options.one ? 2 : 1);
    return good ? 0 : 1;
}
