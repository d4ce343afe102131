/* The readers of memory budgets: the groups of the top-level x-bulkhead, and cgroup_parent. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#include "core/limits.h"
#include "core/roster.h"
#include "stackfile/check.h"
#include "stackfile/load.h"

#define GROUPS_MOST (BUDGETS_MAX - 1)   // the stack itself is one of the levels and of the groups
#define DEPTH_MOST  (ENCLOSING_MAX - 1) //

static void read_parent(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "the name of a group");

    if (!text)
        return;
    if (!*text)
        report_key(reader, value->at, key, "write a name below groups:, or remove the key",
                   "the name of the group is empty");
    else
        *(struct spec_text *)into =
            (struct spec_text){.value = keep_text(reader, text), .at = value->at};
}

void read_cgroup_parent(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    read_parent(reader, key, value, into);
}

static const struct key_row rows[] = {
    {"cgroup_parent", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_parent,
     .offset = offsetof(struct spec_group, parent),
     .about = "the group that this one is in; default: the stack"},
    {"intensity", .class = KEY_LATER, .remedy = "write it in each service of the group"},
    {"mem_limit", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_SIZE, .read = read_bytes,
     .offset = offsetof(struct spec_group, mem_limit_bytes),
     .about = "what all in the group may have together; needed"},
    {"restart_strategy", .class = KEY_LATER, .remedy = "remove it: each service restarts alone",
     .harmless = "one-for-one"},
};

const struct key_table keys_group = {
    .prefix = "x-bulkhead.groups.",
    .where = "a group",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
    .other = &keys_service,
    .other_remedy = "write it in each service of the group",
};

static void read_group(struct reader *reader, const struct node *key, const struct node *value,
                       struct spec_group *group)
{
    size_t errors = reader->faults->errors;

    *group = (struct spec_group){.name = keep_text(reader, key->text), .at = key->at};
    if (!roster_name_is_valid(key->text))
        report(reader, FAULT_ERROR, key->at,
               "use letters, digits, _ . and -, at most 64, a letter, a digit or _ first",
               "\"%s\" cannot be the name of a group", shown(key->text).text);
    keys_read(reader, &keys_group, key->text, value, group);
    if (!group->mem_limit_bytes.set && reader->faults->errors == errors)
        report(reader, FAULT_ERROR, key->at, "write mem_limit: with a size such as 512m",
               "group %s has no mem_limit", shown(key->text).text);
}

void read_groups(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_groups *groups = into;
    struct spec_group *item;

    if (value->kind == NODE_SCALAR && value->type == SCALAR_NULL)
        return;
    if (value->kind != NODE_MAP) {
        report_key(reader, value->at, key, "write each group as a name with its keys below",
                   "must be a mapping, not %s", node_kind_name(value));
        return;
    }
    if (value->count > GROUPS_MOST) {
        report_key(reader, value->at, key, "put services of several groups into one",
                   "%u groups, and %d is the most", value->count, GROUPS_MOST);
        return;
    }
    item = arena_array(reader->arena, value->count, sizeof(*item));
    if (!item)
        return; // the arena remembers
    for (size_t i = 0; i < value->count; i++)
        read_group(reader, value->pairs[i].key, value->pairs[i].value, &item[i]);
    groups->item = item;
    groups->count = value->count;
}

/* --- what belongs together --- */

static ptrdiff_t find(const struct spec_groups *groups, const char *name)
{
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->item[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

/* False, and it is said, when there is no such group. */
static bool check_parent(struct reader *reader, const struct spec_groups *groups,
                         const struct spec_text *parent)
{
    const char *names[GROUPS_MOST], *nearest;

    if (find(groups, parent->value) >= 0)
        return true;
    for (size_t i = 0; i < groups->count; i++)
        names[i] = groups->item[i].name;
    nearest = fault_nearest(parent->value, names, groups->count);
    report(reader, FAULT_ERROR, parent->at,
           nearest ? remedy_of("did you mean %s?", nearest).text
                   : "write it below groups: in the top-level x-bulkhead, with a mem_limit",
           "cgroup_parent: there is no group %s", shown(parent->value).text);
    return false;
}

/* How many levels of groups end with this one; more than there are groups: it is in itself. */
static size_t depth_of(const struct spec_groups *groups, const struct spec_group *group)
{
    size_t depth = 1;

    while (group->parent.value && depth <= groups->count) {
        ptrdiff_t parent = find(groups, group->parent.value);
        if (parent < 0)
            break;
        group = &groups->item[parent];
        depth++;
    }
    return depth;
}

static void check_depth(struct reader *reader, const struct spec_groups *groups,
                        const struct spec_group *group)
{
    size_t depth = depth_of(groups, group);

    if (depth > groups->count)
        report(reader, FAULT_ERROR, group->parent.at, "remove one of the cgroup_parent: keys",
               "group %s is in itself, by way of its cgroup_parent", shown(group->name).text);
    else if (depth > DEPTH_MOST)
        report(reader, FAULT_ERROR, group->parent.at, "put it into a group further out",
               "group %s is %zu groups deep, and %d is the most", shown(group->name).text, depth,
               DEPTH_MOST);
}

void check_groups(struct reader *reader, const struct spec *spec)
{
    const struct spec_groups *groups = &spec->groups;
    bool whole = true;

    if (reader->loader->incomplete)
        return;
    for (size_t i = 0; i < groups->count; i++)
        if (groups->item[i].parent.value)
            whole &= check_parent(reader, groups, &groups->item[i].parent);
    for (size_t i = 0; whole && i < groups->count; i++)
        check_depth(reader, groups, &groups->item[i]);
    for (size_t i = 0; i < spec->services_count; i++)
        if (spec->services[i].cgroup_parent.value)
            (void)check_parent(reader, groups, &spec->services[i].cgroup_parent);
}
