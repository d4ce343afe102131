/* See top_model.h. */
#include "cli/top_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct gauge no_gauge = {GAUGE_NONE, GAUGE_NONE, GAUGE_NONE, GAUGE_NONE,
                                      GAUGE_NONE, GAUGE_NONE, GAUGE_NONE};

int top_init(struct top *top, uint32_t count)
{
    *top = (struct top){.sort = TOP_BY_SHARE, .count = count};
    top->members = calloc((size_t)count + 1, sizeof(*top->members));
    top->order = calloc((size_t)count + 1, sizeof(*top->order));
    if (top->members && top->order)
        return 0;
    top_finish(top);
    return -ENOMEM;
}

void top_finish(struct top *top)
{
    free(top->members);
    free(top->order);
    *top = (struct top){0};
}

const struct top_member *top_selected(const struct top *top)
{
    return top->shown > 0 ? &top->members[top->order[top->selected]] : NULL;
}

/* The place of a member by its name; 0 when it is not shown. */
static uint32_t place_of(const struct top *top, const char *name)
{
    for (uint32_t i = 0; i < top->shown; i++)
        if (strcmp(top->members[top->order[i]].row.name, name) == 0)
            return i;
    return 0;
}

void top_inherit(struct top *top, const struct top *from)
{
    const struct top_member *selected = top_selected(from);

    top->sort = from->sort;
    memcpy(top->filter, from->filter, sizeof(top->filter));
    top_arrange(top);
    if (selected)
        top->selected = place_of(top, selected->row.name);
}

void top_sample(struct top *top, const struct wire_row *row, const struct gauge *gauge,
                int64_t now_ns)
{
    struct top_member *member;
    struct series_sample sample = {.at_ns = now_ns};

    if (row->member >= top->count)
        return;
    member = &top->members[row->member];
    member->row = *row;
    member->gauge = gauge ? *gauge : no_gauge;
    if (!gauge)
        return;
    sample.bytes = top_memory(member);
    sample.processor_ns = gauge->processor_ns;
    series_add(&member->series, row->generation, &sample);
}

void top_recall(struct top *top, uint32_t member, uint32_t generation,
                const struct series_sample *sample)
{
    if (member < top->count)
        series_add(&top->members[member].series, generation, sample);
}

int64_t top_limit(const struct top_member *member)
{
    return member->gauge.limit_bytes > 0 ? member->gauge.limit_bytes : member->row.limit_bytes;
}

int64_t top_memory(const struct top_member *member)
{
    return member->gauge.current_bytes > 0 ? member->gauge.current_bytes : 0;
}

int64_t top_peak(const struct top_member *member)
{
    return member->gauge.peak_bytes > 0 ? member->gauge.peak_bytes : member->row.peak_bytes;
}

const char *top_sort_name(enum top_sort sort)
{
    static const char *const names[] = {
#define X(id, head) head,
        TOP_SORTS(X)
#undef X
    };
    return names[sort];
}

/* --- the order -------------------------------------------------------------------------------- */

/* What the member weighs in the order; who has nothing to weigh is the lightest. */
static double weight(const struct top_member *member, enum top_sort sort)
{
    int64_t value = 0;

    switch (sort) {
    case TOP_BY_MEMORY:
        return (double)top_memory(member);
    case TOP_BY_SHARE:
        if (top_limit(member) > 0)
            return (double)top_memory(member) / (double)top_limit(member);
        return -1 / ((double)top_memory(member) + 1); // below all limited ones, by size
    case TOP_BY_GROWTH:
        return series_growth(&member->series, &value) && member->gauge.current_bytes >= 0
                   ? (double)value
                   : -0x1p63;
    case TOP_BY_PROCESSORS:
        return series_processors(&member->series, &value) && member->gauge.current_bytes >= 0
                   ? (double)value
                   : -1;
    case TOP_BY_RESTARTS:
        return (double)member->row.restarts;
    case TOP_BY_NAME:
    case TOP_SORTS_COUNT:
        break;
    }
    return 0;
}

static int compare(const void *left, const void *right, void *context)
{
    const struct top *top = context;
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    double heavy = weight(&top->members[a], top->sort);
    double other = weight(&top->members[b], top->sort);
    int order;

    if (heavy > other || heavy < other)
        return heavy > other ? -1 : 1;
    order = strverscmp(top->members[a].row.name, top->members[b].row.name);
    return order != 0 ? order : (a > b) - (a < b);
}

void top_arrange(struct top *top)
{
    const struct top_member *selected = top_selected(top);

    top->shown = 0;
    for (uint32_t i = 0; i < top->count; i++)
        if (top->members[i].row.name[0] && strstr(top->members[i].row.name, top->filter))
            top->order[top->shown++] = i;
    qsort_r(top->order, top->shown, sizeof(*top->order), compare, top);
    top->selected = selected ? place_of(top, selected->row.name) : 0;
}

void top_move(struct top *top, int64_t by, uint32_t lines)
{
    int64_t place = (int64_t)top->selected + by;

    if (place >= top->shown)
        place = (int64_t)top->shown - 1;
    top->selected = place > 0 ? (uint32_t)place : 0;
    if (lines == 0)
        lines = 1;
    if (top->first > top->selected)
        top->first = top->selected;
    if (top->selected - top->first >= lines)
        top->first = top->selected - lines + 1;
    if (top->shown <= lines)
        top->first = 0;
    else if (top->first > top->shown - lines)
        top->first = top->shown - lines;
}

void top_sort_next(struct top *top)
{
    top->sort = (enum top_sort)((top->sort + 1) % TOP_SORTS_COUNT);
    top_arrange(top);
}

void top_filter_type(struct top *top, char character)
{
    size_t length = strlen(top->filter);

    if (character == '\0' && length > 0)
        top->filter[length - 1] = '\0';
    else if (character > ' ' && character < 0x7f && length + 1 < sizeof(top->filter))
        top->filter[length] = character;
    top_arrange(top);
}

void top_filter_clear(struct top *top)
{
    memset(top->filter, 0, sizeof(top->filter));
    top_arrange(top);
}
