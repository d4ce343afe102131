/* See governor.h. */
#include "core/governor.h"

#include "core/restart.h"

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t after(int64_t at_ns, span length)
{
    return instant_add((instant){at_ns}, length).ns;
}

static void blow(struct governor *governor, instant now)
{
    governor->until_ns = after(now.ns, GOVERNOR_REIGN);
}

void governor_hears(struct governor *governor, enum verdict_kind kind, instant now)
{
    if (kind == VERDICT_OOM_OUTSIDE || kind == VERDICT_OOM_USERSPACE)
        blow(governor, now);
}

/* Moments follow one another: the first who dies after one begins the next. */
void governor_counts(struct governor *governor, const struct governed *member, instant now)
{
    if (governor->dead == 0 || now.ns > after(governor->moment_ns, GOVERNOR_MOMENT)) {
        governor->moment_ns = now.ns;
        governor->dead = 0;
    } else if (*member->counted_ns >= governor->moment_ns && *member->counted_ns > 0) {
        return; // one that dies again and again is not many
    }
    *member->counted_ns = now.ns;
    if (++governor->dead >= GOVERNOR_MASS)
        blow(governor, now);
}

/* Nor does it end before its queue. */
bool governor_reigns(const struct governor *governor, instant now)
{
    return now.ns < governor->until_ns || now.ns < governor->next_ns;
}

static int64_t draw_gap(uint64_t *random)
{
    uint64_t swing = (uint64_t)(GOVERNOR_LONGEST.ns - GOVERNOR_SHORTEST.ns);

    return GOVERNOR_SHORTEST.ns + (int64_t)(random_next(random) % (swing + 1));
}

static void take_place(struct governor *governor, const struct governed *member, instant now,
                       uint64_t *random)
{
    int64_t earliest =
        governor->started_ns ? after(governor->started_ns, GOVERNOR_SHORTEST) : now.ns;

    *member->place_ns = later(later(now.ns, governor->next_ns), earliest);
    governor->next_ns = after(*member->place_ns, span_ns(draw_gap(random)));
}

static bool is_too_soon(const struct governor *governor, instant now)
{
    return governor->started_ns && now.ns < after(governor->started_ns, GOVERNOR_SHORTEST);
}

static bool lacks_memory(const struct governed *member, int64_t need_bytes, int64_t available_bytes,
                         instant now)
{
    return available_bytes > 0 && available_bytes < need_bytes &&
           now.ns < after(*member->queued_ns, GOVERNOR_PATIENCE);
}

bool governor_admits(struct governor *governor, const struct governed *member, int64_t need_bytes,
                     int64_t available_bytes, instant now, uint64_t *random, instant *ret_at)
{
    if (!governor_reigns(governor, now) && *member->queued_ns == 0)
        return true;
    if (*member->queued_ns == 0)
        *member->queued_ns = now.ns;
    if (lacks_memory(member, need_bytes, available_bytes, now)) {
        *member->place_ns = 0;
        *ret_at = instant_add(now, GOVERNOR_LOOK);
        return false;
    }
    if (*member->place_ns == 0 || (*member->place_ns <= now.ns && is_too_soon(governor, now)))
        take_place(governor, member, now, random);
    if (*member->place_ns > now.ns) {
        *ret_at = (instant){*member->place_ns};
        return false;
    }
    governor->started_ns = now.ns;
    return true;
}
