/* See sampler.h. */
#include "supervisor/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"
#include "core/sample_text.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/gauges.h"

/* --- the ring ----------------------------------------------------------------------------- */

static void give_up(struct supervisor *supervisor, int error)
{
    supervisor_say(supervisor, "samples of memory cannot be kept: %s; the stack runs on without",
                   strerrordesc_np(-error));
    sample_ring_close(&supervisor->sampler.ring);
}

void sampler_open(struct supervisor *supervisor, bool goes_on)
{
    struct sampler *sampler = &supervisor->sampler;
    int result = -ENOENT;

    *sampler = (struct sampler){.due = INSTANT_NEVER};
    if (goes_on)
        result = sample_ring_continue(&sampler->ring, supervisor->runtime);
    if (result < 0)
        result =
            sample_ring_make(&sampler->ring, supervisor->runtime, (uint64_t)supervisor->wall_ns);
    if (result < 0)
        give_up(supervisor, result);
    sampler_reloaded(supervisor);
}

/* Samples of one turn. */
struct batch {
    unsigned char places[SAMPLES_PER_TURN][SAMPLE_PLACE_BYTES];
    uint32_t count;
};

static void write_batch(struct supervisor *supervisor, struct batch *batch)
{
    struct sampler *sampler = &supervisor->sampler;
    int result;

    if (batch->count == 0 || sampler->ring.file < 0)
        return;
    result = sample_ring_write(&sampler->ring, batch->places, batch->count);
    if (result < 0 && !sampler->failing)
        supervisor_say(supervisor, "samples of memory cannot be kept: %s; the stack runs on",
                       strerrordesc_np(-result));
    sampler->failing = result < 0;
}

/* --- one look ----------------------------------------------------------------------------- */

static int64_t unreclaimable(const struct sample *sample)
{
    return sample->unreclaimable_bytes > 0 ? sample->unreclaimable_bytes : 0;
}

static void keep(struct supervisor *supervisor, uint32_t index, struct sample *sample,
                 struct batch *batch)
{
    const struct member *member = &supervisor->roster.members[index];
    uint64_t number = supervisor->sampler.ring.head.next + batch->count;

    sample->wall_ns = supervisor->wall_ns;
    sample->at_ns = supervisor->now.ns;
    sample->generation = supervisor->slots[index].generation;
    if (member->policy.mem_limit_bytes > 0)
        sample->limit_bytes = member->policy.mem_limit_bytes;
    memcpy(sample->name, member->name, sizeof(sample->name));
    sample_write(sample, number, batch->places[batch->count++]);
}

/* Nobody has run since: without a look at its files. */
static bool is_at_rest(const struct sampler *sampler, const struct sampling *sampling, instant now)
{
    return sampling->at_ns >= sampler->moved.ns &&
           sampling_is_idle(sampling, sampling->cpu_usec, now);
}

static void look(struct supervisor *supervisor, uint32_t index, struct batch *batch)
{
    struct slot *slot = &supervisor->slots[index];
    int64_t limit = supervisor->roster.members[index].policy.mem_limit_bytes;
    char name[COMPARTMENT_NAME_MAX];
    struct sample sample;

    compartment_name(&supervisor->roster, index, slot->generation, name);
    sample_text_begin(&sample);
    (void)gauges_cpu(supervisor->services, name, &sample.cpu_usec);
    if (sampling_is_idle(&slot->sampling, sample.cpu_usec, supervisor->now)) {
        sampling_rest(&slot->sampling, limit, supervisor->now);
        return;
    }
    gauges_read(supervisor->services, name, &sample);
    keep(supervisor, index, &sample, batch);
    if (sampling_take(&slot->sampling, unreclaimable(&sample), sample.cpu_usec, limit,
                      supervisor->now) &&
        snapshot_begin(supervisor, index))
        sampling_snapped(&slot->sampling, supervisor->now);
}

int64_t sampler_growth(const struct supervisor *supervisor, uint32_t member)
{
    const struct slot *slot = &supervisor->slots[member];
    char name[COMPARTMENT_NAME_MAX];
    struct sample sample;
    int64_t now = 0, before = slot->sampling.growth;

    compartment_name(&supervisor->roster, member, slot->generation, name);
    if (gauges_memory(supervisor->services, name, &sample))
        now = sampling_growth(&slot->sampling, unreclaimable(&sample), supervisor->now);
    return now > before ? now : before; // the kernel may be taking its memory away already
}

/* --- groups ------------------------------------------------------------------------------- */

void sampler_reloaded(struct supervisor *supervisor)
{
    const struct roster *roster = &supervisor->roster;
    struct sampler *sampler = &supervisor->sampler;

    free(sampler->groups);
    sampler->groups = calloc((size_t)roster->groups_count + 1, sizeof(*sampler->groups));
    sampler->groups_count = sampler->groups ? roster->groups_count : 0;
    for (uint32_t i = 0; i < sampler->groups_count; i++) {
        sampling_end(&sampler->groups[i]);
        if (supervisor->counted && roster->groups[i].limit_bytes > 0)
            sampling_begin(&sampler->groups[i], supervisor->now);
        sampler->due = instant_min(sampler->due, (instant){sampler->groups[i].due_ns});
    }
}

static void look_at_group(struct supervisor *supervisor, uint32_t group)
{
    const struct roster *roster = &supervisor->roster;
    struct sampling *sampling = &supervisor->sampler.groups[group];
    char path[GROUP_PATH_MAX];
    struct sample sample;

    group_path(roster->groups, group, path);
    sample_text_begin(&sample);
    (void)gauges_memory(supervisor->services, *path ? path : ".", &sample);
    (void)sampling_take(sampling, unreclaimable(&sample), -1, roster->groups[group].limit_bytes,
                        supervisor->now);
    for (uint32_t i = 0; i < roster->members_count; i++)
        if (group_level(roster->groups, roster->groups_count, roster->members[i].group, group) >= 0)
            sampling_hurry(&supervisor->slots[i].sampling, sampling, supervisor->now);
}

/* --- the round ---------------------------------------------------------------------------- */

static bool is_due(const struct sampling *sampling, instant now)
{
    return now.ns >= sampling->due_ns;
}

/* Has anybody run since the last round? One file for all of them. */
static void begin_round(struct supervisor *supervisor)
{
    struct sampler *sampler = &supervisor->sampler;
    int64_t used_usec = -1;

    sampler->in_round = true;
    if (gauges_cpu(supervisor->services, ".", &used_usec) == 0 && used_usec == sampler->used_usec)
        return;
    sampler->used_usec = used_usec;
    sampler->moved = supervisor->now;
}

/* Members that are due, as many as a turn has room for. */
static void look_at_members(struct supervisor *supervisor, struct batch *batch)
{
    struct sampler *sampler = &supervisor->sampler;
    uint32_t looks = 0;

    sampler->due = INSTANT_NEVER;
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++) {
        struct sampling *sampling = &supervisor->slots[i].sampling;
        int64_t limit = supervisor->roster.members[i].policy.mem_limit_bytes;
        if (is_due(sampling, supervisor->now) && is_at_rest(sampler, sampling, supervisor->now)) {
            sampling_rest(sampling, limit, supervisor->now);
        } else if (is_due(sampling, supervisor->now) && looks < SAMPLES_PER_TURN) {
            looks++;
            look(supervisor, i, batch);
        }
        sampler->due = instant_min(sampler->due, (instant){sampling->due_ns});
    }
}

void sampler_turn(struct supervisor *supervisor)
{
    struct sampler *sampler = &supervisor->sampler;
    struct batch batch;

    snapshot_turn(supervisor);
    if (!instant_reached(sampler->due, supervisor->now))
        return;
    if (!sampler->in_round)
        begin_round(supervisor);
    batch.count = 0;
    for (uint32_t i = 0; i < sampler->groups_count; i++)
        if (is_due(&sampler->groups[i], supervisor->now))
            look_at_group(supervisor, i);
    look_at_members(supervisor, &batch);
    for (uint32_t i = 0; i < sampler->groups_count; i++)
        sampler->due = instant_min(sampler->due, (instant){sampler->groups[i].due_ns});
    write_batch(supervisor, &batch);
    sampler->in_round = instant_reached(sampler->due, supervisor->now);
}

instant sampler_deadline(const struct sampler *sampler)
{
    return instant_min(sampler->due, snapshot_deadline(&sampler->snapshot));
}

void sampler_born(struct supervisor *supervisor, uint32_t member)
{
    struct sampling *sampling = &supervisor->slots[member].sampling;

    sampling_begin(sampling, supervisor->now);
    supervisor->sampler.due = instant_min(supervisor->sampler.due, (instant){sampling->due_ns});
}
