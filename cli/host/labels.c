/* See labels.h. */
#include "cli/host/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/stack_roster.h"
#include "core/paths.h"

struct labels_row {
    char name[INSTANCE_NAME_MAX];
    char *const *item;
};

void labels_init(struct labels *labels, const char *runtime_dir)
{
    *labels = (struct labels){.runtime_dir = runtime_dir};
    arena_init(&labels->arena, 0);
}

void labels_finish(struct labels *labels)
{
    arena_finish(&labels->arena);
    *labels = (struct labels){0};
}

static int compare(const void *left, const void *right)
{
    return strcmp(((const struct labels_row *)left)->name,
                  ((const struct labels_row *)right)->name);
}

static void add(struct labels *labels, const struct member *member, char *const *from)
{
    struct labels_row *row = &labels->rows[labels->count];
    size_t count = 0;
    char **item;

    while (from[count])
        count++;
    item = arena_array(&labels->arena, count + 1, sizeof(*item));
    for (size_t i = 0; item && i < count; i++)
        item[i] = arena_string(&labels->arena, from[i]);
    if (count == 0 || arena_failed(&labels->arena))
        return;
    memcpy(row->name, member->name, sizeof(row->name));
    row->item = item;
    labels->count++;
}

static void load(struct labels *labels)
{
    struct roster roster = {0};
    const char *why;

    labels->count = 0;
    if (stack_roster_load(labels->runtime_dir, &roster, &why) != 0)
        return;
    labels->rows = arena_array(&labels->arena, roster.members_count + 1, sizeof(*labels->rows));
    for (uint32_t i = 0; labels->rows && i < roster.members_count; i++) {
        struct launch_record record;
        unsigned char *bytes;

        if (stack_launch_load(labels->runtime_dir, &roster.members[i], &record, &bytes) != 0)
            continue;
        add(labels, &roster.members[i], record.launch.labels);
        launch_record_finish(&record);
        free(bytes);
    }
    if (labels->rows && labels->count > 0)
        qsort(labels->rows, labels->count, sizeof(*labels->rows), compare);
    roster_finish(&roster);
}

/* The plan as it was when the stack ended is kept. */
static void refresh(struct labels *labels)
{
    char path[4096];
    struct stat plan;

    if ((size_t)snprintf(path, sizeof(path), "%s/" PATH_PLAN, labels->runtime_dir) >=
            sizeof(path) ||
        stat(path, &plan) != 0 ||
        (plan.st_ino == labels->plan.st_ino && plan.st_mtim.tv_sec == labels->plan.st_mtim.tv_sec &&
         plan.st_mtim.tv_nsec == labels->plan.st_mtim.tv_nsec))
        return;
    arena_finish(&labels->arena);
    arena_init(&labels->arena, 0);
    labels->plan = plan;
    load(labels);
}

char *const *labels_of(struct labels *labels, const char *member)
{
    struct labels_row key;
    const struct labels_row *found;

    refresh(labels);
    if (labels->count == 0)
        return NULL;
    snprintf(key.name, sizeof(key.name), "%s", member);
    found = bsearch(&key, labels->rows, labels->count, sizeof(key), compare);
    return found ? found->item : NULL;
}

struct json *labels_json(char *const *labels)
{
    struct json *object = json_create();

    for (; labels && *labels; labels++) {
        const char *value = strchr(*labels, '=');
        char *name = strndup(*labels, value ? (size_t)(value - *labels) : strlen(*labels));

        if (!name)
            return json_destroy(object);
        json_text(object, name, value ? value + 1 : "");
        free(name);
    }
    return object;
}
