/* See series.h. */
#include "cli/show/series.h"

#include <string.h>

/* The sample `back` steps before the last. */
static const struct series_sample *sample_at(const struct series *series, size_t back)
{
    return &series->samples[(series->next + SERIES_SAMPLES - 1 - back) % SERIES_SAMPLES];
}

void series_add(struct series *series, uint32_t generation, const struct series_sample *sample)
{
    if (series->generation != generation) {
        series->count = series->next = 0;
        series->generation = generation;
    }
    series->samples[series->next] = *sample;
    series->next = (series->next + 1) % SERIES_SAMPLES;
    if (series->count < SERIES_SAMPLES)
        series->count++;
}

bool series_growth(const struct series *series, int64_t *ret_bytes)
{
    double sum_t = 0, sum_b = 0, sum_tt = 0, sum_tb = 0;
    double slope, n = 0;
    const struct series_sample *last = sample_at(series, 0);
    int64_t length_ns = 0;

    for (size_t back = 0; back < series->count; back++) {
        const struct series_sample *one = sample_at(series, back);
        double t = (double)(one->at_ns - last->at_ns) / (double)NSEC_PER_SEC;
        double b = (double)(one->bytes - last->bytes);

        if (last->at_ns - one->at_ns > SERIES_WINDOW_NS)
            break;
        length_ns = last->at_ns - one->at_ns;
        n += 1;
        sum_t += t;
        sum_b += b;
        sum_tt += t * t;
        sum_tb += t * b;
    }
    if (length_ns < SERIES_LEAST_NS || n * sum_tt <= sum_t * sum_t)
        return false;
    slope = (n * sum_tb - sum_t * sum_b) / (n * sum_tt - sum_t * sum_t) * 60;
    *ret_bytes = slope >= 0x1p62 ? INT64_MAX : slope <= -0x1p62 ? -INT64_MAX : (int64_t)slope;
    return true;
}

bool series_processors(const struct series *series, int64_t *ret_milli)
{
    const struct series_sample *last = sample_at(series, 0);
    const struct series_sample *before = sample_at(series, 1);
    int64_t length_ns;

    if (series->count < 2 || last->processor_ns < 0 || before->processor_ns < 0)
        return false;
    length_ns = last->at_ns - before->at_ns;
    if (length_ns <= 0 || last->processor_ns < before->processor_ns)
        return false;
    *ret_milli =
        (int64_t)((double)(last->processor_ns - before->processor_ns) / (double)length_ns * 1000 +
                  0.5);
    return true;
}

bool series_full_in(const struct series *series, int64_t limit_bytes, int64_t *ret_ns)
{
    const struct series_sample *last = sample_at(series, 0);
    int64_t growth;
    double minutes;

    if (limit_bytes <= 0 || !series_growth(series, &growth) || growth <= 0)
        return false;
    minutes = (double)(limit_bytes - last->bytes) / (double)growth;
    if (minutes > 366.0 * 1440)
        return false;
    *ret_ns = minutes > 0 ? (int64_t)(minutes * 60 * (double)NSEC_PER_SEC) : 0;
    return true;
}

static int64_t height(const struct series *series, int64_t limit_bytes, size_t shown)
{
    int64_t highest = limit_bytes > 0 ? limit_bytes : 1;

    for (size_t back = 0; back < shown; back++)
        if (sample_at(series, back)->bytes > highest)
            highest = sample_at(series, back)->bytes;
    return highest;
}

void series_spark(const struct series *series, int64_t limit_bytes, size_t width, bool utf8,
                  char *text)
{
    static const char *const bars[2][8] = {
        {"_", ".", ":", "-", "=", "+", "*", "#"},
        {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"},
    };
    size_t shown = series->count < width ? series->count : width;
    int64_t full = height(series, limit_bytes, shown);

    memset(text, ' ', width - shown);
    text += width - shown;
    *text = '\0';
    for (size_t back = shown; back-- > 0;) {
        int64_t bytes = sample_at(series, back)->bytes;
        double part = bytes > 0 ? (double)bytes / (double)full : 0;
        size_t bar = part >= 1 ? 7 : (size_t)(part * 8);

        text = stpcpy(text, bars[utf8][bar]);
    }
}
