/* See budgets.h. */
#include "cli/host/budgets.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/show/explain.h"
#include "cli/show/render.h"

#define NO_LIMIT INT64_C(-1)

static void name_group(const struct plan *plan, uint32_t group, char name[NAME_BYTES_MAX + 16])
{
    if (group == GROUP_STACK)
        snprintf(name, NAME_BYTES_MAX + 16, "the stack");
    else
        snprintf(name, NAME_BYTES_MAX + 16, "group %s", plan->groups[group].name);
}

static int folder_of(const struct plan *plan, const struct budget *budget, char dir[PATH_MAX])
{
    int length = snprintf(dir, PATH_MAX, "%s/" CGROUP_SERVICES "%s%s", plan->cgroup_dir,
                          *budget->path ? "/" : "", budget->path);

    return length > 0 && length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int64_t read_number(const char *dir, const char *file)
{
    char text[32];

    return cgfile_read(dir, file, text, sizeof(text)) == 0 ? strtoll(text, NULL, 10) : 0;
}

static int64_t in_use(const char *dir, int64_t limit_bytes)
{
    int64_t current = read_number(dir, "memory.current");
    char text[32];

    if (current <= limit_bytes)
        return current;
    snprintf(text, sizeof(text), "%" PRId64, current - limit_bytes);
    (void)cgfile_write(dir, "memory.reclaim", text); // page cache may go
    return read_number(dir, "memory.current");
}

static int check(const struct plan *plan, uint32_t group, struct fault *ret_fault)
{
    char dir[PATH_MAX], name[NAME_BYTES_MAX + 16], has[RENDER_MAX], wants[RENDER_MAX];
    struct budget budget;
    int64_t current;

    budget_of(plan, group, &budget);
    if (budget.limit_bytes == NO_LIMIT || folder_of(plan, &budget, dir) != 0)
        return 0;
    current = in_use(dir, budget.limit_bytes);
    if (current <= budget.limit_bytes)
        return 0;
    name_group(plan, group, name);
    return explain(ret_fault, "stop some of its services first, or write a higher limit",
                   "%s: memory.current is %s, above the new limit of %s, which would kill", name,
                   render_bytes(current, has), render_bytes(budget.limit_bytes, wants));
}

/* Without its controller, and where there is nothing to set back, a file may be absent. */
static int write_one(const char *dir, const char *file, int64_t bytes, bool optional)
{
    char text[32] = "max";
    int result;

    if (bytes != NO_LIMIT)
        snprintf(text, sizeof(text), "%" PRId64, bytes);
    result = cgfile_write(dir, file, text);
    return result == -ENOENT && optional ? 0 : result;
}

/* The kernel rounds down to whole pages. */
static int verify(const char *dir, int64_t limit_bytes)
{
    int64_t kept = read_number(dir, "memory.max");

    if (limit_bytes == NO_LIMIT)
        return 0;
    return kept <= limit_bytes && limit_bytes - kept < sysconf(_SC_PAGESIZE) ? 0 : -EUCLEAN;
}

static int write_all(const struct budget *budget, const char *dir, const char **ret_file)
{
    bool is_stack = !*budget->path, is_limited = budget->limit_bytes != NO_LIMIT;
    const struct {
        const char *file;
        int64_t bytes;
        bool wanted;
        bool optional;
    } files[] = {
        {"memory.oom.group", 0, !is_stack, false}, // whom it kills is the compartments' business
        {"memory.min", budget->min_bytes, !is_stack, false},
        {"memory.low", budget->low_bytes, !is_stack, false},
        {"memory.swap.max", budget->swap_bytes, true, budget->swap_bytes <= 0},
        {"memory.max", budget->limit_bytes, true, !is_limited},
    };
    int result = 0;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && result == 0; i++) {
        *ret_file = files[i].file;
        if (files[i].wanted)
            result = write_one(dir, files[i].file, files[i].bytes, files[i].optional);
    }
    return result == 0 ? verify(dir, budget->limit_bytes) : result;
}

static int apply(const struct plan *plan, uint32_t group, struct fault *ret_fault)
{
    char dir[PATH_MAX], name[NAME_BYTES_MAX + 16];
    const char *file = "memory.max";
    struct budget budget;
    int result;

    budget_of(plan, group, &budget);
    result = folder_of(plan, &budget, dir);
    if (result == 0)
        result = write_all(&budget, dir, &file);
    if (result == 0)
        return 0;
    name_group(plan, group, name);
    return explain(ret_fault, NULL, "%s: cannot set %s: %s", name, file, strerror(-result));
}

int budgets_apply(const struct plan *plan, struct fault *ret_fault)
{
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (check(plan, i, ret_fault) != 0)
            return 1;
    for (uint32_t i = 0; i < plan->groups_count; i++)
        if (apply(plan, i, ret_fault) != 0)
            return 1;
    return 0;
}
