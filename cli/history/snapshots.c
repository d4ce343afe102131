/* See snapshots.h. */
#include "cli/history/snapshots.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void snapshots_finish(struct snapshots *snapshots)
{
    free(snapshots->item);
    memset(snapshots, 0, sizeof(*snapshots));
}

int snapshots_feed(struct snapshots *snapshots, const struct snapshot_note *note)
{
    if (snapshots->count == snapshots->capacity) {
        size_t capacity = snapshots->capacity > 0 ? snapshots->capacity * 2 : 64;
        struct snapshot_note *item =
            reallocarray(snapshots->item, capacity, sizeof(struct snapshot_note));

        if (!item)
            return -ENOMEM;
        snapshots->item = item;
        snapshots->capacity = capacity;
    }
    snapshots->item[snapshots->count++] = *note;
    return 0;
}

static bool is_of(const struct snapshot_note *note, const struct snapshot_life *life)
{
    return note->generation == life->generation && note->wall_ns >= life->from_ns &&
           note->wall_ns <= life->to_ns && strcmp(note->name, life->name) == 0;
}

/* The time of its last snapshot before that; 0: there is none. */
static int64_t last_before(const struct snapshots *snapshots, const struct snapshot_life *life,
                           int64_t before_ns)
{
    int64_t last_ns = 0;

    for (size_t i = 0; i < snapshots->count; i++) {
        const struct snapshot_note *note = &snapshots->item[i];

        if (note->wall_ns < before_ns && note->wall_ns > last_ns && is_of(note, life))
            last_ns = note->wall_ns;
    }
    return last_ns;
}

static const struct snapshot_process *process_at(const struct snapshots *snapshots,
                                                 const struct snapshot_note *like, int64_t wall_ns)
{
    for (size_t i = 0; i < snapshots->count; i++) {
        const struct snapshot_note *note = &snapshots->item[i];

        if (note->wall_ns == wall_ns && note->generation == like->generation &&
            note->process.pid == like->process.pid && strcmp(note->name, like->name) == 0)
            return &note->process;
    }
    return NULL;
}

static void measure(const struct snapshot_process *before, int64_t before_ns,
                    struct process_memory *memory)
{
    const struct snapshot_process *now = &memory->process;

#define SUM(field, words)                  \
    memory->total_bytes += now->field;     \
    if (now->field > memory->most_bytes) { \
        memory->most_bytes = now->field;   \
        memory->most = words;              \
    }
    MEMORY_KINDS(SUM)
#undef SUM
    if (!before)
        return;
    memory->within_ns = memory->wall_ns - before_ns;
#define GROWN(field, words)                                 \
    if (now->field - before->field > memory->grown_bytes) { \
        memory->grown_bytes = now->field - before->field;   \
        memory->grown = words;                              \
    }
    MEMORY_KINDS(GROWN)
#undef GROWN
}

static int compare_totals(const void *left, const void *right)
{
    const struct process_memory *one = left, *other = right;

    return (one->total_bytes < other->total_bytes) - (one->total_bytes > other->total_bytes);
}

size_t snapshots_compare(const struct snapshots *snapshots, const struct snapshot_life *life,
                         struct process_memory ret[SNAPSHOT_PROCESSES_MAX])
{
    int64_t last_ns = last_before(snapshots, life, INT64_MAX);
    int64_t before_ns = last_before(snapshots, life, last_ns);
    size_t count = 0;

    for (size_t i = 0; i < snapshots->count && count < SNAPSHOT_PROCESSES_MAX; i++) {
        const struct snapshot_note *note = &snapshots->item[i];

        if (note->wall_ns != last_ns || !is_of(note, life))
            continue;
        ret[count] =
            (struct process_memory){.process = note->process, .wall_ns = last_ns, .most = "heap"};
        measure(before_ns > 0 ? process_at(snapshots, note, before_ns) : NULL, before_ns,
                &ret[count++]);
    }
    qsort(ret, count, sizeof(*ret), compare_totals);
    return count;
}
