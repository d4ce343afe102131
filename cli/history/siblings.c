/* See siblings.h. */
#include "cli/history/siblings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK   span_sec(660) // who is idle is sampled every ten minutes
#define LOOK_BEYOND span_sec(60)  // and who is flat every minute

void siblings_init(struct siblings *siblings, const struct death *death)
{
    memset(siblings, 0, sizeof(*siblings));
    memcpy(siblings->name, death->name, sizeof(siblings->name));
    siblings->wall_ns = death->wall_ns;
}

void siblings_finish(struct siblings *siblings)
{
    free(siblings->item);
    siblings->item = NULL;
    siblings->count = siblings->capacity = 0;
}

int64_t siblings_from_ns(const struct siblings *siblings)
{
    return siblings->wall_ns - LOOK_BACK.ns;
}

int64_t siblings_to_ns(const struct siblings *siblings)
{
    return siblings->wall_ns + SIBLINGS_WINDOW.ns + LOOK_BEYOND.ns;
}

/* The sibling of that name; they come in the same order again and again. NULL: no memory. */
static struct sibling *find(struct siblings *siblings, const char *name)
{
    struct sibling *sibling;
    size_t i;

    for (i = 0; i < siblings->count; i++) {
        siblings->hint = (siblings->hint + 1) % siblings->count;
        if (strcmp(siblings->item[siblings->hint].name, name) == 0)
            return &siblings->item[siblings->hint];
    }
    if (siblings->count == siblings->capacity) {
        size_t capacity = siblings->capacity > 0 ? siblings->capacity * 2 : 16;

        sibling = reallocarray(siblings->item, capacity, sizeof(*sibling));
        if (!sibling)
            return NULL;
        siblings->item = sibling;
        siblings->capacity = capacity;
    }
    siblings->hint = siblings->count;
    sibling = &siblings->item[siblings->count++];
    *sibling = (struct sibling){.stalled_ns = -1};
    memcpy(sibling->name, name, strnlen(name, sizeof(sibling->name) - 1));
    return sibling;
}

int siblings_add(struct siblings *siblings, const char *name)
{
    if (strcmp(name, siblings->name) == 0)
        return 0;
    return find(siblings, name) ? 0 : -ENOMEM;
}

int siblings_feed(struct siblings *siblings, const struct sample *sample)
{
    struct sibling *sibling;

    if (strcmp(sample->name, siblings->name) == 0)
        return 0;
    sibling = find(siblings, sample->name);
    if (!sibling)
        return -ENOMEM;
    if (sample->wall_ns <= siblings->wall_ns)
        sibling->before = *sample;
    else if (sibling->after.generation == 0 ||
             sample->wall_ns <= siblings->wall_ns + SIBLINGS_WINDOW.ns)
        sibling->after = *sample;
    return 0;
}

static void judge(struct sibling *sibling, bool is_over)
{
    const struct sample *before = &sibling->before, *after = &sibling->after;

    if (is_over && before->generation != 0 && after->generation == 0 &&
        before->psi_some_usec >= 0) {
        sibling->stalled_ns = 0;
        sibling->within_ns = 2 * SIBLINGS_WINDOW.ns;
    }
    if (before->generation == 0 || before->generation != after->generation ||
        before->psi_some_usec < 0 || after->psi_some_usec < before->psi_some_usec)
        return;
    sibling->stalled_ns = (after->psi_some_usec - before->psi_some_usec) * NSEC_PER_USEC;
    sibling->within_ns = after->wall_ns - before->wall_ns;
}

int siblings_judge(struct siblings *siblings, const struct deaths *deaths, int64_t now_wall_ns)
{
    for (size_t i = 0; i < deaths->count; i++) {
        const struct death *death = &deaths->item[i];
        int64_t after_ns = death->wall_ns - siblings->wall_ns;
        struct sibling *sibling;

        if (death_is_of(death, siblings->name) || death->verdict.kind == VERDICT_STOPPED ||
            death->verdict.kind == VERDICT_DONE || after_ns < -SIBLINGS_WINDOW.ns ||
            after_ns > SIBLINGS_WINDOW.ns)
            continue;
        sibling = find(siblings, death->name);
        if (!sibling)
            return -ENOMEM;
        if (sibling->died == VERDICT_NONE) {
            sibling->died = death->verdict.kind;
            sibling->died_after_ns = after_ns;
        }
    }
    for (size_t i = 0; i < siblings->count; i++)
        judge(&siblings->item[i], now_wall_ns >= siblings_to_ns(siblings));
    return 0;
}

bool siblings_held(const struct siblings *siblings)
{
    for (size_t i = 0; i < siblings->count; i++) {
        const struct sibling *sibling = &siblings->item[i];
        int64_t within_ns = sibling->within_ns;

        if (within_ns > SIBLINGS_WINDOW.ns)
            within_ns = SIBLINGS_WINDOW.ns; // it may have been all at once
        if (sibling->died != VERDICT_NONE ||
            (sibling->stalled_ns > 0 && sibling->stalled_ns >= within_ns / 10))
            return false;
    }
    return true;
}
