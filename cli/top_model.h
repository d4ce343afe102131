/* What `top` knows and shows: members with their samples, sorted, filtered, one of them selected.
 * Pure: who looks at the stack and who reads the keys are others. */
#ifndef BULKHEAD_CLI_TOP_MODEL_H
#define BULKHEAD_CLI_TOP_MODEL_H

#include "cli/stack/gauge.h"
#include "cli/show/series.h"
#include "core/wire.h"

#define TOP_FILTER_MAX 40

/* X(id, head): what the list can be sorted by, in the order of the key. */
#define TOP_SORTS(X)     \
    X(NAME, "NAME")      \
    X(MEMORY, "MEMORY")  \
    X(SHARE, "SHARE")    \
    X(GROWTH, "GROWTH")  \
    X(PROCESSORS, "CPU") \
    X(RESTARTS, "RESTARTS")

enum top_sort {
#define X(id, head) TOP_BY_##id,
    TOP_SORTS(X)
#undef X
        TOP_SORTS_COUNT
};

struct top_member {
    struct wire_row row;
    struct gauge gauge; // GAUGE_NONE where it has no compartment
    struct series series;
};

struct top {
    struct top_member *members; // owned; by member index
    uint32_t count;
    uint32_t *order; // owned; member indices as shown
    uint32_t shown;  // of them
    enum top_sort sort;
    char filter[TOP_FILTER_MAX]; // part of a name; "": all
    uint32_t selected;           // place in `order`; 0 when nothing is shown
    uint32_t first;              // place of the topmost line
};

/* 0 or -ENOMEM. */
int top_init(struct top *top, uint32_t count);
void top_finish(struct top *top); // may be zeroed

/* Takes over what another one was told by its user: sort, filter, and who was selected. */
void top_inherit(struct top *top, const struct top *from);

/* What is known of a member from now on. `gauge` NULL: it has no compartment. */
void top_sample(struct top *top, const struct wire_row *row, const struct gauge *gauge,
                int64_t now_ns);

/* What was seen of a member before, by somebody else. */
void top_recall(struct top *top, uint32_t member, uint32_t generation,
                const struct series_sample *sample);

/* Filters and sorts; the same member stays selected as long as it is shown. Highest first, except
 * names. */
void top_arrange(struct top *top);

/* Moves the selection, and the first line so that it is within `lines`. */
void top_move(struct top *top, int64_t by, uint32_t lines);

void top_sort_next(struct top *top); // arranges

/* A character typed into the filter; 0 takes the last one away. Arranges. */
void top_filter_type(struct top *top, char character);
void top_filter_clear(struct top *top);

/* NULL: nothing is shown. */
const struct top_member *top_selected(const struct top *top);

/* memory.max of the compartment, else of the plan; 0: none. */
int64_t top_limit(const struct top_member *member);
/* memory.current; 0: none. */
int64_t top_memory(const struct top_member *member);
/* memory.peak of this incarnation, or of the last death. */
int64_t top_peak(const struct top_member *member);

const char *top_sort_name(enum top_sort sort);

#endif
