/* See sample_text.h. */
#include "core/sample_text.h"

#include <string.h>

/* What is wanted of memory.stat. */
enum stat {
    STAT_ANON,
    STAT_FILE,
    STAT_SHMEM,
    STAT_KERNEL, // since Linux 5.18; with the three below and all slab
    STAT_KERNEL_STACK,
    STAT_PAGETABLES,
    STAT_PERCPU,
    STAT_SOCK,
    STAT_SLAB_RECLAIMABLE,
    STAT_SLAB_UNRECLAIMABLE,
    STATS_COUNT
};

static const char *const stat_names[] = {
    [STAT_ANON] = "anon",
    [STAT_FILE] = "file",
    [STAT_SHMEM] = "shmem",
    [STAT_KERNEL] = "kernel",
    [STAT_KERNEL_STACK] = "kernel_stack",
    [STAT_PAGETABLES] = "pagetables",
    [STAT_PERCPU] = "percpu",
    [STAT_SOCK] = "sock",
    [STAT_SLAB_RECLAIMABLE] = "slab_reclaimable",
    [STAT_SLAB_UNRECLAIMABLE] = "slab_unreclaimable",
};

/* So that ten of them can be added up. */
#define NUMBER_MAX (INT64_MAX / 16)

/* The number from `at` to the end of the line; SAMPLE_NONE: it is none. */
static int64_t number(const char *at, const char *stop)
{
    int64_t value = 0;

    if (at >= stop)
        return SAMPLE_NONE;
    for (; at < stop; at++) {
        if (*at < '0' || *at > '9')
            return SAMPLE_NONE;
        if (value < NUMBER_MAX)
            value = value * 10 + (*at - '0');
    }
    return value < NUMBER_MAX ? value : NUMBER_MAX;
}

void sample_text_begin(struct sample *sample)
{
#define NONE(field, name) sample->field = SAMPLE_NONE;
    SAMPLE_NUMBERS(NONE)
#undef NONE
}

static void take_stat(const char *line, const char *stop, int64_t stats[STATS_COUNT])
{
    const char *space = memchr(line, ' ', (size_t)(stop - line));

    for (size_t i = 0; space && i < STATS_COUNT; i++) {
        size_t length = strlen(stat_names[i]);
        if (length == (size_t)(space - line) && memcmp(line, stat_names[i], length) == 0)
            stats[i] = number(space + 1, stop);
    }
}

static int64_t known(int64_t value)
{
    return value > 0 ? value : 0;
}

/* What goes away by nothing that the kernel can do. */
static int64_t unreclaimable(const int64_t stats[STATS_COUNT])
{
    int64_t kernel = known(stats[STAT_KERNEL_STACK]) + known(stats[STAT_PAGETABLES]) +
                     known(stats[STAT_PERCPU]) + known(stats[STAT_SLAB_UNRECLAIMABLE]);

    if (stats[STAT_KERNEL] >= 0)
        kernel = known(stats[STAT_KERNEL] - known(stats[STAT_SLAB_RECLAIMABLE]));
    return known(stats[STAT_ANON]) + known(stats[STAT_SHMEM]) + known(stats[STAT_SOCK]) + kernel;
}

void sample_text_memory(const char *text, size_t length, struct sample *sample)
{
    const char *end = text + length, *stop;
    int64_t stats[STATS_COUNT];

    for (size_t i = 0; i < STATS_COUNT; i++)
        stats[i] = SAMPLE_NONE;
    for (; (stop = memchr(text, '\n', (size_t)(end - text))); text = stop + 1)
        take_stat(text, stop, stats);
    sample->anon_bytes = stats[STAT_ANON];
    sample->file_bytes = stats[STAT_FILE];
    sample->shmem_bytes = stats[STAT_SHMEM];
    sample->kernel_bytes = stats[STAT_KERNEL];
    sample->slab_bytes = stats[STAT_SLAB_UNRECLAIMABLE];
    sample->unreclaimable_bytes = stats[STAT_ANON] >= 0 ? unreclaimable(stats) : SAMPLE_NONE;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void take_pressure(const char *line, const char *stop, const char *word, int64_t *ret)
{
    static const char key[] = " total=";
    const char *found;

    if ((size_t)(stop - line) < strlen(word) || memcmp(line, word, strlen(word)) != 0)
        return;
    found = memmem(line, (size_t)(stop - line), key, sizeof(key) - 1);
    if (found)
        *ret = number(found + sizeof(key) - 1, stop);
}

void sample_text_pressure(const char *text, size_t length, struct sample *sample)
{
    const char *end = text + length, *stop;

    for (; (stop = memchr(text, '\n', (size_t)(end - text))); text = stop + 1) {
        take_pressure(text, stop, "some ", &sample->psi_some_usec);
        take_pressure(text, stop, "full ", &sample->psi_full_usec);
    }
}
