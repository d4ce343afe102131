/* See recent.h. */
#include "cli/stack/recent.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/paths.h"

#define BATCH   64
#define LONG_NS (INT64_C(2) * 60 * NSEC_PER_SEC) // what a series is about

static int open_ring(const char *runtime_dir)
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s/" PATH_SAMPLES, runtime_dir) >= (int)sizeof(path))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

static void take_batch(int fd, uint64_t first, uint64_t count, int64_t since_ns,
                       void (*take)(void *context, const struct sample *sample), void *context)
{
    unsigned char places[BATCH][SAMPLE_PLACE_BYTES];
    ssize_t length = pread(fd, places, count * SAMPLE_PLACE_BYTES, (off_t)sample_offset(first));
    struct sample sample;

    for (uint64_t i = 0; i < count && (ssize_t)((i + 1) * SAMPLE_PLACE_BYTES) <= length; i++)
        if (sample_read(places[i], first + i, &sample) == 0 && sample.at_ns >= since_ns)
            take(context, &sample);
}

void recent_samples(const char *runtime_dir, int64_t now_ns,
                    void (*take)(void *context, const struct sample *sample), void *context)
{
    unsigned char bytes[SAMPLE_HEAD_BYTES];
    int fd = open_ring(runtime_dir);
    struct sample_head head;
    uint64_t next, missed;

    if (fd < 0)
        return;
    if (pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
        sample_head_read(bytes, &head) == 0) {
        next = sample_first(&head, 0, &missed);
        while (next < head.next) {
            uint64_t to_wrap = SAMPLE_PLACES - next % SAMPLE_PLACES;
            uint64_t count = head.next - next < BATCH ? head.next - next : BATCH;
            count = count < to_wrap ? count : to_wrap;
            take_batch(fd, next, count, now_ns - LONG_NS, take, context);
            next += count;
        }
    }
    close(fd);
}

struct series_sample recent_to_series(const struct sample *sample)
{
    bool is_known = sample->cpu_usec >= 0 && sample->cpu_usec <= INT64_MAX / NSEC_PER_USEC;

    return (struct series_sample){
        .at_ns = sample->at_ns,
        .bytes = sample->current_bytes > 0 ? sample->current_bytes : 0,
        .processor_ns = is_known ? sample->cpu_usec * NSEC_PER_USEC : -1,
    };
}
