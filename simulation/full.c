/* Memory that many share: groups, the stack, the host. Each member's grows evenly, so it is known
 * in advance when a level is full; a forecast holds until somebody is born or dies. */
#include "simulation/world.h"

static double seconds(span length)
{
    return (double)length.ns / (double)NSEC_PER_SEC;
}

static double bytes_of(const struct world *world, const struct box *box)
{
    return box->is_program
               ? box->bytes + box->growth * seconds(instant_since(world->now, box->since))
               : 0;
}

int64_t full_bytes(const struct world *world, uint32_t member)
{
    double bytes = bytes_of(world, &world->boxes[member]);

    return bytes < 0x1p62 ? (int64_t)bytes : INT64_MAX;
}

static bool is_in(const struct world *world, uint32_t member, uint32_t level)
{
    const struct roster *roster = world->simulation->roster;

    return level == LEVEL_HOST || group_level(roster->groups, roster->groups_count,
                                              roster->members[member].group, level) >= 0;
}

struct sum {
    double bytes;
    double growth; // a second
};

static struct sum sum_of(const struct world *world, uint32_t level)
{
    struct sum sum = {0};

    for (uint32_t i = 0; i < world->simulation->roster->members_count; i++) {
        const struct box *box = &world->boxes[i];
        if (!box->is_program || !is_in(world, i, level))
            continue;
        sum.bytes += bytes_of(world, box);
        sum.growth += box->growth;
    }
    return sum;
}

int64_t full_available(const struct world *world)
{
    double left = (double)world->simulation->host_bytes - sum_of(world, LEVEL_HOST).bytes;

    if (world->simulation->host_bytes == 0)
        return 0;
    return left > 1 ? (int64_t)left : 1;
}

/* How long until the level is full; INT64_MAX: never. */
static span until_full(const struct world *world, uint32_t level, int64_t limit)
{
    struct sum sum = sum_of(world, level);
    double left = (double)limit - sum.bytes, length;

    if (left <= 0)
        return span_ns(sum.bytes > 0 ? 0 : INT64_MAX);
    if (sum.growth <= 0)
        return span_ns(INT64_MAX);
    length = left / sum.growth * (double)NSEC_PER_SEC;
    return span_ns(length < 0x1p62 ? (int64_t)length : INT64_MAX);
}

void full_forecast(struct world *world)
{
    const struct roster *roster = world->simulation->roster;
    struct happening full = {.kind = HAPPENS_FULL, .serial = ++world->forecast};
    span soonest = span_ns(INT64_MAX);

    if (world->simulation->host_bytes > 0) {
        soonest = until_full(world, LEVEL_HOST, world->simulation->host_bytes);
        full.member = LEVEL_HOST;
    }
    for (uint32_t i = 0; i < roster->groups_count; i++) {
        span length = roster->groups[i].limit_bytes > 0
                          ? until_full(world, i, roster->groups[i].limit_bytes)
                          : span_ns(INT64_MAX);
        if (length.ns >= soonest.ns)
            continue;
        soonest = length;
        full.member = i;
    }
    if (soonest.ns != INT64_MAX)
        world_plan(world, soonest, &full);
}

/* The kernel takes the one that has most. */
void full_happens(struct world *world, const struct happening *happening)
{
    uint32_t level = happening->member, victim = UINT32_MAX;
    double most = -1;

    if (happening->serial != world->forecast)
        return;
    for (uint32_t i = 0; i < world->simulation->roster->members_count; i++) {
        double bytes = bytes_of(world, &world->boxes[i]);
        if (!world->boxes[i].is_program || !is_in(world, i, level) || bytes <= most)
            continue;
        most = bytes;
        victim = i;
    }
    if (victim == UINT32_MAX)
        return;
    if (level == LEVEL_HOST) {
        world->had_outside = true;
        world->result->outsides++;
    }
    life_dies_for_memory(world, victim,
                         level == LEVEL_HOST ? VERDICT_OOM_OUTSIDE : VERDICT_OOM_GROUP, level);
}
