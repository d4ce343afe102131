/* See sampling.h. */
#include "core/sampling.h"

#define NEAR_PACE 2 // for half of the limit
#define LAST_PACE 1 // for four fifths of it

#define SNAPSHOT_STEP 8 // an eighth of the limit
#define DOUBLINGS_MAX 10

/* Growth forgets by this, so that a second's jump is no trend. */
#define MEMORY_MS INT64_C(10000)

/* Numbers beyond these are of no interest, and stay so far from the end of the type. */
#define BYTES_MAX  (INT64_C(1) << 42)
#define GROWTH_MAX (INT64_C(1) << 40)
#define LENGTH_MAX (INT64_C(1) << 20) // ms

static const int64_t paces[] = {1, 5, 20, SAMPLING_SECONDS_MAX}; // seconds

#define PACES (uint32_t)(sizeof(paces) / sizeof(paces[0]))

static int64_t within(int64_t value, int64_t most)
{
    return value > most ? most : value < -most ? -most : value;
}

static int64_t next_on_grid(int64_t now_ns, int64_t seconds)
{
    int64_t grid = seconds * NSEC_PER_SEC;

    return (now_ns / grid + 1) * grid;
}

void sampling_begin(struct sampling *sampling, instant now)
{
    *sampling = (struct sampling){
        .due_ns = next_on_grid(now.ns, paces[0]),
        .cpu_usec = -1,
    };
}

void sampling_end(struct sampling *sampling)
{
    *sampling = (struct sampling){.due_ns = INT64_MAX};
}

bool sampling_is_idle(const struct sampling *sampling, int64_t cpu_usec, instant now)
{
    return sampling->at_ns > 0 && cpu_usec >= 0 && cpu_usec == sampling->cpu_usec &&
           now.ns - sampling->kept_ns < SAMPLING_IDLE_MAX.ns;
}

int64_t sampling_growth(const struct sampling *sampling, int64_t bytes, instant now)
{
    int64_t length_ms = (now.ns - sampling->at_ns) / NSEC_PER_MSEC;
    int64_t more = within(bytes - sampling->bytes, BYTES_MAX);
    int64_t rate;

    if (sampling->at_ns == 0)
        return 0; // what it starts with is no growth
    if (length_ms <= 0)
        return sampling->growth;
    rate = within(more * 1000 / length_ms, GROWTH_MAX);
    length_ms = within(length_ms, LENGTH_MAX);
    return sampling->growth + (rate - sampling->growth) * length_ms / (length_ms + MEMORY_MS);
}

/* Seconds until the limit is met if it goes on like this. */
static int64_t seconds_left(const struct sampling *sampling, int64_t limit_bytes)
{
    if (limit_bytes <= 0 || sampling->growth <= 0)
        return INT64_MAX;
    return sampling->bytes >= limit_bytes ? 0 : (limit_bytes - sampling->bytes) / sampling->growth;
}

static uint32_t wanted_pace(const struct sampling *sampling, int64_t limit_bytes)
{
    int64_t left = seconds_left(sampling, limit_bytes);
    uint32_t pace = 0, slowest = PACES - 1;

    if (limit_bytes > 0 && sampling->bytes >= limit_bytes / 5 * 4)
        slowest = LAST_PACE;
    else if (limit_bytes > 0 && sampling->bytes >= limit_bytes / 2)
        slowest = NEAR_PACE;
    while (pace < slowest && left / SAMPLING_SAMPLES_LEFT >= paces[pace + 1])
        pace++;
    return pace;
}

static void look(struct sampling *sampling, int64_t bytes, int64_t limit_bytes, instant now)
{
    uint32_t wanted;

    sampling->growth = sampling_growth(sampling, bytes, now);
    sampling->bytes = bytes;
    sampling->at_ns = now.ns;
    wanted = wanted_pace(sampling, limit_bytes);
    sampling->pace = wanted > sampling->pace ? sampling->pace + 1 : wanted;
    sampling->due_ns = next_on_grid(now.ns, paces[sampling->pace]);
}

void sampling_rest(struct sampling *sampling, int64_t limit_bytes, instant now)
{
    look(sampling, sampling->bytes, limit_bytes, now);
}

/* Near its limit and on the way there, or nearer than before by much. */
static bool is_snapshot_due(const struct sampling *sampling, int64_t limit_bytes, instant now)
{
    uint32_t doublings = sampling->snapshots > DOUBLINGS_MAX ? DOUBLINGS_MAX : sampling->snapshots;
    int64_t grown = sampling->bytes - sampling->snapshot_bytes;

    if (limit_bytes <= 0 || sampling->bytes < limit_bytes / 2)
        return false;
    if (sampling->snapshots == 0)
        return sampling->pace == 0 || sampling->bytes >= limit_bytes / 5 * 4;
    return grown >= limit_bytes / SNAPSHOT_STEP &&
           now.ns - sampling->snapshot_ns >= (SAMPLING_SNAPSHOT_INTERVAL.ns << doublings) / 2;
}

bool sampling_take(struct sampling *sampling, int64_t bytes, int64_t cpu_usec, int64_t limit_bytes,
                   instant now)
{
    look(sampling, bytes, limit_bytes, now);
    sampling->kept_ns = now.ns;
    sampling->cpu_usec = cpu_usec;
    if (bytes < sampling->snapshot_bytes)
        sampling->snapshot_bytes = bytes;
    return is_snapshot_due(sampling, limit_bytes, now);
}

void sampling_snapped(struct sampling *sampling, instant now)
{
    sampling->snapshots++;
    sampling->snapshot_ns = now.ns;
    sampling->snapshot_bytes = sampling->bytes;
}

void sampling_hurry(struct sampling *sampling, const struct sampling *group, instant now)
{
    int64_t due_ns = next_on_grid(now.ns, paces[group->pace]);

    if (sampling->due_ns == INT64_MAX || group->pace >= sampling->pace)
        return;
    sampling->pace = group->pace;
    if (due_ns < sampling->due_ns)
        sampling->due_ns = due_ns;
}
