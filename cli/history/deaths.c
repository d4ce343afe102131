/* See deaths.h. */
#include "cli/history/deaths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ABOUT_NS (60 * NSEC_PER_SEC) // between a death and what is told of it

void deaths_finish(struct deaths *deaths)
{
    while (deaths->words) {
        struct probe_words *before = deaths->words->before;

        free(deaths->words);
        deaths->words = before;
    }
    while (deaths->left) {
        struct left_words *before = deaths->left->before;

        free(deaths->left);
        deaths->left = before;
    }
    free(deaths->item);
    memset(deaths, 0, sizeof(*deaths));
}

static int add(struct deaths *deaths, const struct user_event *event)
{
    struct death *death;

    if (deaths->count == deaths->capacity) {
        size_t capacity = deaths->capacity > 0 ? deaths->capacity * 2 : 64;

        death = reallocarray(deaths->item, capacity, sizeof(*death));
        if (!death)
            return -ENOMEM;
        deaths->item = death;
        deaths->capacity = capacity;
    }
    death = &deaths->item[deaths->count++];
    memset(death, 0, sizeof(*death));
    death->index = event->index;
    death->service_length = event->member->service_length;
    death->number = event->member->number;
    death->generation = event->generation;
    memcpy(death->name, event->member->name, sizeof(death->name));
    death->wall_ns = event->wall_ns;
    if (event->policy)
        death->policy = *event->policy;
    death->verdict = event->verdict;
    return 0;
}

bool death_is_of(const struct death *death, const char *name)
{
    return strcmp(death->name, name) == 0;
}

/* The last death of the member, NULL: none. What died in it while it lived is not its death. A name
 * is the member's through every plan, an index is not. */
static struct death *last_of(struct deaths *deaths, const char *name)
{
    size_t i;

    for (i = deaths->count; i > 0; i--)
        if (death_is_of(&deaths->item[i - 1], name) &&
            deaths->item[i - 1].verdict.kind != VERDICT_OOM_CHILD)
            return &deaths->item[i - 1];
    return NULL;
}

int deaths_feed(struct deaths *deaths, const struct user_event *event)
{
    struct death *last;

    if (event->action == ACTION_DIE ||
        (event->action == ACTION_OOM && event->verdict.kind == VERDICT_OOM_CHILD))
        return add(deaths, event);
    last = last_of(deaths, event->member->name);
    if (!last)
        return 0;
    if (event->action == ACTION_CREATE && last->again_wall_ns == 0)
        last->again_wall_ns = event->wall_ns;
    else if (event->action == ACTION_READY && last->again_wall_ns != 0 && last->ready_wall_ns == 0)
        last->ready_wall_ns = event->wall_ns;
    else if (event->action == ACTION_HOLD && last->verdict.next != NEXT_STOP_STACK &&
             last->verdict.next != NEXT_OOM_STOP)
        last->verdict.next = NEXT_HOLD;
    else if (event->action == ACTION_QUARANTINE && last->generation == event->generation)
        last->is_left = true;
    return 0;
}

int deaths_left(struct deaths *deaths, int64_t wall_ns, const struct quarantine_note *note)
{
    struct left_words *words = malloc(sizeof(*words));

    if (!words)
        return -ENOMEM;
    *words = (struct left_words){.before = deaths->left, .wall_ns = wall_ns, .note = *note};
    deaths->left = words;
    return 0;
}

const char *deaths_left_said(const struct deaths *deaths, const struct death *death,
                             enum quarantine_about about)
{
    for (const struct left_words *words = deaths->left; words && death->is_left;
         words = words->before)
        if (words->note.about == about && words->note.generation == death->generation &&
            words->wall_ns >= death->wall_ns - ABOUT_NS && death_is_of(death, words->note.name))
            return words->note.text;
    return NULL;
}

int deaths_probe(struct deaths *deaths, int64_t wall_ns, const char *name, uint32_t generation,
                 const char *said)
{
    size_t length = strlen(said) + 1;
    struct probe_words *words = malloc(sizeof(*words) + length);

    if (!words)
        return -ENOMEM;
    words->before = deaths->words;
    words->wall_ns = wall_ns;
    words->generation = generation;
    memset(words->name, 0, sizeof(words->name));
    memcpy(words->name, name, strnlen(name, sizeof(words->name) - 1));
    memcpy(words->said, said, length);
    deaths->words = words;
    return 0;
}

const char *deaths_probe_said(const struct deaths *deaths, const struct death *death)
{
    const struct probe_words *words = deaths->words;

    if (death->verdict.kind != VERDICT_UNHEALTHY)
        return NULL;
    while (words &&
           (words->generation != death->generation || words->wall_ns > death->wall_ns + ABOUT_NS ||
            !death_is_of(death, words->name)))
        words = words->before;
    return words ? words->said : NULL;
}

/* How many deaths came up to then: they are in the order of their times, but for steps of a clock.
 */
static size_t count_until(const struct deaths *deaths, int64_t wall_ns)
{
    size_t low = 0, high = deaths->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (deaths->item[middle].wall_ns <= wall_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void deaths_beside(struct deaths *deaths, int64_t wall_ns, const char *name, uint32_t generation,
                   const struct death_other *other)
{
    for (size_t i = count_until(deaths, wall_ns + ABOUT_NS); i > 0; i--) {
        struct death *death = &deaths->item[i - 1];

        if (death->wall_ns < wall_ns - ABOUT_NS)
            return;
        if (death->generation != generation || death->verdict.kind == VERDICT_OOM_CHILD ||
            !death_is_of(death, name))
            continue;
        if (death->others_count < DEATH_OTHERS_MAX)
            death->others[death->others_count++] = *other;
        return;
    }
}

struct death_history deaths_history(const struct deaths *deaths, size_t last, int64_t window_ns)
{
    const struct death *this = &deaths->item[last];
    struct death_history history = {.shortest_ns = INT64_MAX};
    size_t i;

    for (i = last + 1; i > 0; i--) {
        const struct death *death = &deaths->item[i - 1];

        if (this->wall_ns - death->wall_ns > window_ns)
            break;
        if (!death_is_of(death, this->name) || death->verdict.kind == VERDICT_STOPPED)
            continue;
        history.count++;
        if (death->verdict.kind != this->verdict.kind)
            continue;
        history.alike++;
        history.period_ns = this->wall_ns - death->wall_ns;
        if (death->verdict.uptime.ns < history.shortest_ns)
            history.shortest_ns = death->verdict.uptime.ns;
        if (death->verdict.uptime.ns > history.longest_ns)
            history.longest_ns = death->verdict.uptime.ns;
    }
    return history;
}
