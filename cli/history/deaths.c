/* See deaths.h. */
#include "cli/history/deaths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/probe_note.h"

void deaths_finish(struct deaths *deaths)
{
    while (deaths->words) {
        struct probe_words *before = deaths->words->before;

        free(deaths->words);
        deaths->words = before;
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
    else if (event->action == ACTION_HOLD && last->verdict.next != NEXT_STOP_STACK)
        last->verdict.next = NEXT_HOLD;
    else if (event->action == ACTION_QUARANTINE && last->generation == event->generation)
        last->verdict.kind = VERDICT_UNKILLABLE;
    return 0;
}

int deaths_note(struct deaths *deaths, const struct event_view *view, const char *text)
{
    struct probe_words *words;
    struct probe_note note;
    size_t length;

    if (!probe_note_read(text, &note) || note.member >= view->members_count)
        return 0;
    length = strlen(note.said) + 1;
    words = malloc(sizeof(*words) + length);
    if (!words)
        return -ENOMEM;
    words->before = deaths->words;
    words->generation = note.generation;
    memcpy(words->name, view->members[note.member].name, sizeof(words->name));
    memcpy(words->said, note.said, length);
    deaths->words = words;
    return 0;
}

const char *deaths_probe_said(const struct deaths *deaths, const struct death *death)
{
    const struct probe_words *words = deaths->words;

    if (death->verdict.kind != VERDICT_UNHEALTHY)
        return NULL;
    while (words && (words->generation != death->generation || !death_is_of(death, words->name)))
        words = words->before;
    return words ? words->said : NULL;
}

void deaths_other(struct deaths *deaths, const struct event_view *view, const struct record *record)
{
    struct death_other *other;
    struct death *death;

    if (record->member >= view->members_count || record->other.member >= view->members_count)
        return;
    death = last_of(deaths, view->members[record->member].name);
    if (!death || death->generation != record->generation ||
        death->others_count == DEATH_OTHERS_MAX)
        return;
    other = &death->others[death->others_count++];
    memcpy(other->name, view->members[record->other.member].name, sizeof(other->name));
    other->current_bytes = record->other.current_bytes;
    other->peak_bytes = record->other.peak_bytes;
    other->growth = record->other.growth;
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
