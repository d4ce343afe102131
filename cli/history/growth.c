/* See growth.h. */
#include "cli/history/growth.h"

#include <string.h>

#define WINDOW span_sec(3600)
#define LEVELS 8

void growth_init(struct growth *growth, int64_t death_wall_ns, span uptime)
{
    int64_t back_ns = uptime.ns < WINDOW.ns ? uptime.ns : WINDOW.ns;

    memset(growth, 0, sizeof(*growth));
    growth->to_ns = death_wall_ns;
    growth->from_ns = death_wall_ns - (back_ns > 0 ? back_ns : 1);
}

void growth_feed(struct growth *growth, const struct sample *sample)
{
    struct sample *slice;
    int64_t into_ns = sample->wall_ns - growth->from_ns;
    int64_t slice_ns = (growth->to_ns - growth->from_ns) / GROWTH_SLICES + 1;

    if (sample->current_bytes < 0 || into_ns < 0 || sample->wall_ns > growth->to_ns)
        return;
    if (growth->count++ == 0)
        growth->first = *sample;
    growth->last = *sample;
    slice = &growth->slice[into_ns / slice_ns];
    if (slice->generation == 0 || slice->current_bytes < sample->current_bytes)
        *slice = *sample;
}

/* The last slice with a sample at or before `index`; NULL: none. */
static const struct sample *slice_before(const struct growth *growth, size_t index)
{
    for (size_t i = index + 1; i > 0; i--)
        if (growth->slice[i - 1].generation != 0)
            return &growth->slice[i - 1];
    return NULL;
}

bool growth_rate(const struct growth *growth, int64_t *ret_bytes)
{
    const struct sample *from = slice_before(growth, GROWTH_SLICES * 3 / 4);
    int64_t ms;

    if (!from)
        from = &growth->first;
    ms = (growth->last.wall_ns - from->wall_ns) / NSEC_PER_MSEC;
    if (growth->count < 2 || ms <= 0)
        return false;
    *ret_bytes =
        (int64_t)((double)(growth->last.current_bytes - from->current_bytes) * 1000 / (double)ms);
    return true;
}

void growth_spark(const struct growth *growth, int64_t full_bytes, bool utf8,
                  char text[GROWTH_SPARK_MAX])
{
    static const char *const plain[LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    static const char *const blocks[LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    char *end = text;

    *text = '\0';
    for (size_t i = 0; i < GROWTH_SLICES && full_bytes > 0; i++) {
        const struct sample *sample = slice_before(growth, i);
        int level;

        if (!sample)
            continue;
        level = (int)((double)sample->current_bytes * LEVELS / (double)full_bytes);
        level = level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level;
        end = stpcpy(end, utf8 ? blocks[level] : plain[level]);
    }
}
