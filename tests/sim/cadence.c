/* One member's memory over an hour or two, and when core/sampling looks at it: shapes are drawn,
 * and what is promised of the pace, the growth and the snapshots is checked at every look. */
#include <stdlib.h>

#include "core/sampling.h"
#include "tests/sim/sim.h"

#define LOOKS_MAX 6000
#define LATE_MS   50 // a look comes so late at most

enum shape { FLAT, LEAK, SAW, IDLE, SHAPES };

struct life {
    struct sampling sampling;
    enum shape shape;
    instant since;   // the shape
    instant until;   //
    instant looked;  // last
    instant sampled; // last look that was one
    instant snapped; // last
    int64_t least;   // bytes seen since then
    int64_t limit;   // 0: none
    int64_t from;    // bytes at `since`
    int64_t slope;   // bytes a second, of a leak
    uint32_t snapshots;
    uint32_t leak_snapshots; // since `since`
};

static int64_t bytes_at(const struct life *life, instant at)
{
    int64_t ms = at.ns > life->since.ns ? (at.ns - life->since.ns) / NSEC_PER_MSEC : 0;

    switch (life->shape) {
    case LEAK:
        return life->from + life->slope * ms / 1000;
    case SAW:
        return life->from + ms % 8000 * 1024;
    default:
        return life->from;
    }
}

static void draw_shape(struct sim *sim, struct life *life, instant now)
{
    int64_t now_has = bytes_at(life, now);

    life->shape = (enum shape)draw(sim, SHAPES);
    life->from = chance(sim, 80) ? now_has : now_has / 2;
    if (life->limit && life->from < life->limit / 4 && chance(sim, 30))
        life->from = life->limit / 16 * (int64_t)draw(sim, 15);
    life->slope = INT64_C(1) << (10 + draw(sim, 14));
    life->since = instant_add(now, span_ms(1)); // what it does to change takes a processor
    life->until = instant_add(now, span_sec(1 + (int64_t)draw(sim, chance(sim, 50) ? 60 : 1500)));
    life->leak_snapshots = 0;
}

static void be_born(struct life *life, instant now)
{
    sampling_begin(&life->sampling, now);
    life->looked = life->sampled = now;
    life->snapshots = life->leak_snapshots = 0;
    life->snapped = (instant){-1};
}

static bool is_leaking(const struct life *life, instant now, int64_t seconds)
{
    return life->shape == LEAK && now.ns - life->since.ns >= seconds * NSEC_PER_SEC &&
           life->looked.ns > life->since.ns;
}

/* Before a look: was it in time? */
static void check_gap(struct sim *sim, const struct life *life, instant now)
{
    int64_t gap_ns = now.ns - life->looked.ns, held = bytes_at(life, now);
    bool is_quiet = life->shape == FLAT || life->shape == IDLE;

    if (gap_ns <= 0 || gap_ns > (SAMPLING_SECONDS_MAX + 1) * NSEC_PER_SEC)
        break_rule(sim, "cadence-on-time", "%lld ns from one look to the next", (long long)gap_ns);
    /* Two of the slowest looks show a leak whatever was before. */
    if (life->limit && is_leaking(life, now, 2 * SAMPLING_SECONDS_MAX + 5) &&
        (life->limit - held) / life->slope <= 300 && gap_ns > NSEC_PER_SEC * 11 / 10)
        break_rule(sim, "cadence-sees-leaks", "full in %lld s and not looked at for %lld ns",
                   (long long)((life->limit - held) / life->slope), (long long)gap_ns);
    if (is_quiet && now.ns - life->since.ns > 400 * NSEC_PER_SEC &&
        (!life->limit || life->limit - held > 1 << 20)) {
        int64_t least = !life->limit || held < life->limit / 2 ? 60
                        : held < life->limit / 5 * 4           ? 20
                                                               : 5;
        if (gap_ns < (least - 1) * NSEC_PER_SEC)
            break_rule(sim, "cadence-rests", "flat at %lld of %lld, looked at after %lld ns",
                       (long long)held, (long long)life->limit, (long long)gap_ns);
    }
}

static void check_growth(struct sim *sim, const struct life *life, instant now)
{
    int64_t growth = sampling_growth(&life->sampling, bytes_at(life, now), now);

    if (is_leaking(life, now, 700) && llabs(growth - life->slope) > life->slope / 4)
        break_rule(sim, "growth-true", "%lld B/s for %lld B/s", (long long)growth,
                   (long long)life->slope);
}

static void check_snapshot(struct sim *sim, struct life *life, instant now)
{
    if (!life->limit || bytes_at(life, now) < life->limit / 2)
        break_rule(sim, "snapshots-bounded", "one far from the limit");
    if (life->snapped.ns >= 0 && now.ns - life->snapped.ns < SAMPLING_SNAPSHOT_INTERVAL.ns)
        break_rule(sim, "snapshots-bounded", "%lld ns after the last",
                   (long long)(now.ns - life->snapped.ns));
    if (life->snapped.ns >= 0 && bytes_at(life, now) - life->least < life->limit / 8)
        break_rule(sim, "snapshots-bounded", "it has not grown since the last");
    if (++life->snapshots > 10) // in two hours, and a doubling between any two
        break_rule(sim, "snapshots-bounded", "%u of one incarnation", life->snapshots);
    sampling_snapped(&life->sampling, now);
    life->snapped = now;
    life->least = bytes_at(life, now);
    life->leak_snapshots++;
}

static void look(struct sim *sim, struct life *life, instant now)
{
    int64_t held = bytes_at(life, now),
            used_usec = (life->shape == IDLE ? life->since.ns : now.ns) / NSEC_PER_USEC;

    check_gap(sim, life, now);
    check_growth(sim, life, now);
    if (sampling_is_idle(&life->sampling, used_usec, now)) {
        if (held != life->sampling.bytes)
            break_rule(sim, "cadence-idle", "it has other memory, and is not read");
        sampling_rest(&life->sampling, life->limit, now);
    } else {
        life->least = held < life->least ? held : life->least;
        if (sampling_take(&life->sampling, held, used_usec, life->limit, now))
            check_snapshot(sim, life, now);
        life->sampled = now;
    }
    if (now.ns - life->sampled.ns >= SAMPLING_IDLE_MAX.ns)
        break_rule(sim, "cadence-idle", "no sample for %lld ns",
                   (long long)(now.ns - life->sampled.ns));
    life->looked = now;
}

/* Killed at its limit: a leak that took its time from half of it has two snapshots to compare. */
static void die(struct sim *sim, struct life *life, instant now)
{
    uint32_t before = life->snapshots - life->leak_snapshots; // far back, when they are few
    uint32_t least = before == 0 ? 2 : before <= 2 ? 1 : 0;

    if (is_leaking(life, now, 2 * SAMPLING_SECONDS_MAX + 5) && life->from < life->limit / 2 &&
        life->limit / 2 / life->slope >= 60 && life->leak_snapshots < least)
        break_rule(sim, "snapshots-there", "%u of a leak of %lld s", life->snapshots,
                   (long long)((now.ns - life->since.ns) / NSEC_PER_SEC));
    life->from = 0;
    life->shape = FLAT;
    sampling_end(&life->sampling);
    if (life->sampling.due_ns != INT64_MAX)
        break_rule(sim, "cadence-on-time", "the dead are looked at");
    be_born(life, now);
    draw_shape(sim, life, now);
}

void check_cadence(struct sim *sim)
{
    struct life life = {.limit = chance(sim, 80) ? INT64_C(1) << (24 + draw(sim, 10)) : 0};
    instant now = {(int64_t)(1 + draw(sim, 1 << 20)) * NSEC_PER_MSEC};

    life.from = 1 << 20;
    life.since = now;
    be_born(&life, now);
    draw_shape(sim, &life, now);
    for (int i = 0; i < LOOKS_MAX && now.ns < span_sec(7200).ns && !sim->broken; i++) {
        now = instant_add((instant){life.sampling.due_ns}, span_ms((int64_t)draw(sim, LATE_MS)));
        if (life.limit && bytes_at(&life, now) >= life.limit)
            die(sim, &life, now);
        else
            look(sim, &life, now);
        if (now.ns >= life.until.ns)
            draw_shape(sim, &life, now);
    }
}
