/* See adopt.h: what is there. Names and attributes may be anybody's: they are checked against the
 * plan, processes against the compartment that they are to be in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/handover.h"
#include "supervisor/adopt.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/cgroup_find.h"
#include "supervisor/sys/gauges.h"
#include "supervisor/sys/process.h"
#include "supervisor/sys/spawn.h"

#define FOUND_MAX  65536 // compartments
#define PATH_BYTES 4096

/* --- names -------------------------------------------------------------------------------- */

/* "probe-web.1.7" -> prefix "probe-", "web-1", 7. */
static bool take_apart(const char *name, size_t prefix, char member[INSTANCE_NAME_MAX],
                       uint32_t *ret_last)
{
    const char *last = strrchr(name, '.'), *middle = last;
    unsigned long number;
    char *end;
    int length;

    while (middle && middle > name + prefix && *--middle != '.')
        ;
    if (!middle || middle <= name + prefix || *middle != '.' || last[1] < '0' || last[1] > '9')
        return false;
    number = strtoul(last + 1, &end, 10);
    length = snprintf(member, INSTANCE_NAME_MAX, "%.*s-%.*s", (int)(middle - name - (int)prefix),
                      name + prefix, (int)(last - middle - 1), middle + 1);
    *ret_last = (uint32_t)number;
    return *end == '\0' && number <= UINT32_MAX && length < INSTANCE_NAME_MAX;
}

static size_t prefix_of(const char *name)
{
    static const char *const prefixes[] = {"s-", "probe-", "hook-", "exec-", "run-"};

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return strlen(prefixes[i]);
    return 0;
}

/* --- all of them -------------------------------------------------------------------------- */

struct named {
    const struct member *member;
};

struct search {
    const struct supervisor *supervisor;
    struct named *sorted; // by name
    struct compartments *found;
    const char *path; // of the cgroup at hand, below svc/; with its slash
    int cgroup;
    int depth;
};

static int by_name(const void *left, const void *right)
{
    const struct named *a = left, *b = right;

    return strcmp(a->member->name, b->member->name);
}

static int32_t find_member(const struct search *search, const char *name)
{
    const struct roster *roster = &search->supervisor->roster;
    struct member wanted;
    const struct named key = {&wanted}, *found;

    snprintf(wanted.name, sizeof(wanted.name), "%s", name);
    found = bsearch(&key, search->sorted, roster->members_count, sizeof(*search->sorted), by_name);
    return found ? (int32_t)(found->member - roster->members) : -1;
}

/* A compartment in another group than its member's is nobody's. */
static void check_place(const struct roster *roster, struct compartment *found)
{
    char name[COMPARTMENT_NAME_MAX];

    if (!found->is_service || found->member < 0)
        return;
    compartment_name(roster, (uint32_t)found->member, found->generation, name);
    if (strcmp(name, found->name) != 0)
        found->member = -1;
}

static int make_room(struct compartments *found)
{
    uint32_t capacity = found->capacity ? 2 * found->capacity : 64;
    struct compartment *item;

    if (found->count < found->capacity)
        return 0;
    if (capacity > FOUND_MAX)
        return -E2BIG;
    item = reallocarray(found->item, capacity, sizeof(*item));
    if (!item)
        return -ENOMEM;
    found->item = item;
    found->capacity = capacity;
    return 0;
}

static int add(const struct search *search, const char *name, size_t prefix)
{
    struct compartment found = {.is_service = strncmp(name, "s-", 2) == 0, .member = -1};
    char member[INSTANCE_NAME_MAX];
    int result;

    if (!take_apart(name, prefix, member, &found.generation) ||
        snprintf(found.name, sizeof(found.name), "%s%s", search->path, name) >=
            (int)sizeof(found.name))
        return 0; // none that we have made
    found.member = find_member(search, member);
    check_place(&search->supervisor->roster, &found);
    result = make_room(search->found);
    if (result == 0)
        search->found->item[search->found->count++] = found;
    return result;
}

static int visit(void *context, const char *name);

static int visit_group(const struct search *search, const char *name)
{
    char path[GROUP_PATH_MAX + NAME_BYTES_MAX];
    struct search below = *search;
    int result;

    if (search->depth + 1 >= ENCLOSING_MAX ||
        snprintf(path, sizeof(path), "%s%s/", search->path, name) >= (int)sizeof(path))
        return 0;
    result = cgroup_open(search->cgroup, name, &below.cgroup);
    if (result < 0)
        return result == -ENOENT ? 0 : result;
    below.path = path;
    below.depth++;
    result = cgroup_each(below.cgroup, visit, &below);
    close(below.cgroup);
    return result;
}

static int visit(void *context, const char *name)
{
    const struct search *search = context;
    size_t prefix = prefix_of(name);

    if (prefix > 0)
        return add(search, name, prefix);
    return strncmp(name, CGROUP_GROUP, strlen(CGROUP_GROUP)) == 0 ? visit_group(search, name) : 0;
}

int compartments_find(const struct supervisor *supervisor, struct compartments *ret)
{
    const struct roster *roster = &supervisor->roster;
    struct search search = {
        .supervisor = supervisor, .found = ret, .path = "", .cgroup = supervisor->services};
    int result;

    *ret = (struct compartments){0};
    search.sorted = calloc((size_t)roster->members_count + 1, sizeof(*search.sorted));
    if (!search.sorted)
        return -ENOMEM;
    for (uint32_t i = 0; i < roster->members_count; i++)
        search.sorted[i].member = &roster->members[i];
    qsort(search.sorted, roster->members_count, sizeof(*search.sorted), by_name);
    result = cgroup_each(supervisor->services, visit, &search);
    free(search.sorted);
    if (result < 0)
        compartments_finish(ret);
    return result;
}

void compartments_finish(struct compartments *found)
{
    free(found->item);
    *found = (struct compartments){0};
}

/* --- who is in one ------------------------------------------------------------------------ */

/* Is the process in svc/NAME, or in a cgroup that it has made there? */
static bool is_in(pid_t pid, const char *name)
{
    char own[PATH_BYTES], theirs[PATH_BYTES], *leaf;
    size_t length;

    if (process_cgroup(0, own, sizeof(own)) < 0 || process_cgroup(pid, theirs, sizeof(theirs)) < 0)
        return false;
    leaf = strrchr(own, '/'); // ours is beside svc/
    if (!leaf)
        return false;
    length = (size_t)(leaf - own);
    if (strncmp(theirs, own, length) != 0 ||
        strncmp(theirs + length, "/" CGROUP_SERVICES "/", sizeof(CGROUP_SERVICES) + 1) != 0)
        return false;
    leaf = theirs + length + sizeof(CGROUP_SERVICES) + 1;
    length = strlen(name);
    return strncmp(leaf, name, length) == 0 &&
           (leaf[length] == '\0' || leaf[length] == '/' || leaf[length] == ' '); // "(deleted)"
}

struct oldest {
    pid_t keeper;
    pid_t pid; // 0: none yet
    uint64_t start;
    bool is_child; // of the keeper
};

/* Who was there first, of the keeper's children; where another keeper bore them, of all. */
static int compare_age(void *context, pid_t pid)
{
    struct oldest *oldest = context;
    struct process process;

    bool is_child;

    if (pid < 2 || process_look(pid, &process) < 0)
        return 0;
    is_child = process.parent == oldest->keeper;
    if (oldest->pid && (oldest->is_child > is_child ||
                        (oldest->is_child == is_child && oldest->start <= process.start)))
        return 0;
    *oldest = (struct oldest){oldest->keeper, pid, process.start, is_child};
    return 0;
}

/* Has anybody ever run in it? */
static bool was_used(const struct supervisor *supervisor, const char *name)
{
    int64_t used_usec = 0;

    return gauges_cpu(supervisor->services, name, &used_usec) == 0 && used_usec > 0;
}

/* Is the process the one that the mark is of, and in that compartment? Then a file stands for it.
 * Who is known from elsewhere, too, may have been moved out of it. */
static void check(const char *name, pid_t pid, bool is_known, const struct main_mark *mark,
                  struct inhabitant *ret)
{
    int pidfd = process_open(pid);
    struct process process;
    bool is_marked = mark->pid == pid, is_it;

    if (pidfd < 0)
        return;
    is_it = process_look(pid, &process) == 0 && (!is_marked || mark->start == process.start) &&
            ((is_marked && is_known) || is_in(pid, name));
    if (!is_it) {
        close(pidfd);
        return;
    }
    ret->state = INHABITANT_THERE;
    ret->pidfd = pidfd;
    ret->is_program = process.is_program;
    ret->foreign = process.parent != getppid();
    ret->start = process.start;
}

int inhabitant_find(const struct supervisor *supervisor, const char *name, pid_t pid,
                    struct inhabitant *ret)
{
    struct inhabitant found = {.pid = pid, .pidfd = -1};
    struct oldest oldest = {.keeper = getppid()};
    struct main_mark mark = {0};
    int cgroup, result = cgroup_open(supervisor->services, name, &cgroup);

    if (result < 0)
        return result;
    found.was_frozen = cgroup_thaw(cgroup) == 1;
    if (marks_get_main(cgroup, &mark) && !found.pid)
        found.pid = mark.pid;
    if (found.pid)
        check(name, found.pid, pid > 0, &mark, &found);
    if (found.state == INHABITANT_NONE && !pid &&
        cgroup_each_process(cgroup, compare_age, &oldest) >= 0 && oldest.pid)
        check(name, found.pid = oldest.pid, false, &(struct main_mark){0}, &found);
    close(cgroup);
    if (found.state == INHABITANT_NONE && (found.pid || was_used(supervisor, name)))
        found.state = INHABITANT_GONE;
    *ret = found;
    return 0;
}
