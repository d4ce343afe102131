/* See follow_samples.h. */
#include "history/follow_samples.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/paths.h"
#include "history/past.h"

#define WHAT  "samples"
#define BATCH 16

void follow_samples_begin(struct follow_samples *follow)
{
    *follow = (struct follow_samples){.file = -1};
}

void follow_samples_finish(struct follow_samples *follow)
{
    if (follow->file >= 0)
        close(follow->file);
    follow->file = -1;
}

/* 0; 1: there is none at present. A supervisor that comes later may have made another one. */
static int read_head(struct follow_samples *follow, int folder, struct sample_head *ret)
{
    unsigned char bytes[SAMPLE_HEAD_BYTES];

    follow_samples_finish(follow);
    follow->file =
        openat(folder, PATH_SAMPLES, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (follow->file < 0 || pread(follow->file, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return 1;
    return sample_head_read(bytes, ret);
}

/* What history.db knows of it. */
static int find_place(struct follow_samples *follow, struct keep *keep)
{
    struct keep_place place;
    int got = follow->known ? 1 : keep_find_place(keep, WHAT, &place);

    if (got < 0)
        return got;
    if (got == 0) {
        follow->epoch = (uint64_t)place.file;
        follow->seen = (uint64_t)place.place;
    }
    follow->known = true;
    return 0;
}

/* Samples from `first` on, as far as one read brings them; *ret_next is behind. */
static int take_batch(struct follow_samples *follow, struct keep *keep, uint64_t first,
                      uint64_t end, uint64_t *ret_next)
{
    unsigned char places[BATCH][SAMPLE_PLACE_BYTES];
    uint64_t to_wrap = SAMPLE_PLACES - first % SAMPLE_PLACES;
    uint64_t count = end - first < BATCH ? end - first : BATCH;
    struct sample sample;
    ssize_t got;
    int failed = 0;

    if (count > to_wrap)
        count = to_wrap;
    got = pread(follow->file, places, count * SAMPLE_PLACE_BYTES, (off_t)sample_offset(first));
    if (got < 0)
        return -errno;
    for (uint64_t i = 0; i < count && failed == 0; i++) {
        if ((uint64_t)got < (i + 1) * SAMPLE_PLACE_BYTES ||
            sample_read(places[i], first + i, &sample) != 0)
            follow->missed++;
        else
            failed = keep_sample(keep, &sample);
    }
    *ret_next = first + count;
    return failed;
}

static int tell_missed(struct keep *keep, uint64_t missed, int64_t now_wall_ns)
{
    char text[80];

    if (missed == 0)
        return 0;
    snprintf(text, sizeof(text), "%" PRIu64 " memory samples were written over unread", missed);
    return keep_note(keep, now_wall_ns, NULL, 0, PAST_GAP, text);
}

int follow_samples_turn(struct follow_samples *follow, int folder, struct keep *keep,
                        int64_t now_wall_ns)
{
    uint64_t missed_before = follow->missed;
    struct sample_head head;
    struct keep_place place = {0};
    uint64_t next, missed = 0;
    int failed = find_place(follow, keep);

    if (failed != 0 || read_head(follow, folder, &head) != 0)
        return failed;
    if (follow->epoch != head.epoch)
        follow->seen = 0;
    if (follow->epoch == head.epoch && follow->seen == head.next)
        return 0;
    follow->epoch = head.epoch;
    next = sample_first(&head, follow->seen, &missed);
    follow->missed += missed;
    while (next < head.next && failed == 0)
        failed = take_batch(follow, keep, next, head.next, &next);
    if (failed == 0)
        failed = tell_missed(keep, follow->missed - missed_before, now_wall_ns);
    if (failed != 0)
        return failed;
    follow->seen = next;
    place.file = (int64_t)head.epoch;
    place.place = (int64_t)next;
    return keep_place(keep, WHAT, &place);
}
