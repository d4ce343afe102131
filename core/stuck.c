/* See stuck.h. */
#include "core/stuck.h"

/* They are told in the same order mostly: `hint` is where it was the last time. */
static const struct stuck_task *find(const struct stuck_task *tasks, size_t count, int32_t tid,
                                     size_t hint)
{
    for (size_t i = 0; i < count; i++)
        if (tasks[(hint + i) % count].tid == tid)
            return &tasks[(hint + i) % count];
    return NULL;
}

static bool is_dead(const struct stuck_task *task)
{
    return task->state == 'Z' || task->state == 'X' || task->state == 'x';
}

static bool has_not_moved(const struct stuck_task *before, const struct stuck_task *after)
{
    return before && before->pid == after->pid && before->state == 'D' && after->state == 'D' &&
           after->switches >= 0 && before->switches == after->switches;
}

bool stuck_judge(const struct stuck_task *before, size_t before_count,
                 const struct stuck_task *after, size_t after_count, size_t *ret_first)
{
    bool is_any = false, is_moving = false;

    for (size_t i = 0; i < after_count; i++) {
        const struct stuck_task *task = &after[i];
        if (is_dead(task))
            continue;
        if (!has_not_moved(find(before, before_count, task->tid, i), task)) {
            is_moving = true;
            continue;
        }
        if (!is_any)
            *ret_first = i;
        is_any = true;
    }
    return is_any && !is_moving;
}
