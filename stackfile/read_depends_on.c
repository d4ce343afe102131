/* The reader of depends_on, in both forms. */
#include "stackfile/readers.h"

#include <stddef.h>

static const char *const conditions[] = {
    [SPEC_SERVICE_STARTED] = "service_started",
    [SPEC_SERVICE_HEALTHY] = "service_healthy",
    [SPEC_SERVICE_COMPLETED] = "service_completed_successfully",
    NULL,
};

static void read_condition(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    int condition = take_choice(reader, key, value, conditions, "a condition");

    if (condition >= 0)
        *(enum spec_condition *)into = (enum spec_condition)condition;
}

static void read_required(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    bool required = true;

    if (take_bool(reader, key, value, &required))
        *(bool *)into = !required;
}

static const struct key_row rows[] = {
    {"condition", .class = KEY_HONOURED, .needed = true, .shape = SHAPE_TEXT, .choices = conditions,
     .read = read_condition, .offset = offsetof(struct spec_dependency, condition),
     .about = "what the other must have reached; needed"},
    {"required", .class = KEY_HONOURED, .shape = SHAPE_BOOL, .read = read_required,
     .offset = offsetof(struct spec_dependency, optional),
     .about = "false: go on without the other where it is not in the file or fails"},
    {"restart", .class = KEY_HONOURED, .shape = SHAPE_BOOL, .read = read_bool,
     .offset = offsetof(struct spec_dependency, restart),
     .about = "true: restart with the other when that is restarted on request or changed"},
};

const struct key_table keys_dependency = {
    .prefix = "depends_on.",
    .where = "an entry of depends_on",
    .row = rows,
    .count = KEY_COUNT(rows),
};

static size_t of_map(struct reader *reader, const struct node *map,
                     struct spec_dependency *dependencies)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct node_pair *pair = &map->pairs[i];
        struct shown name = shown(pair->key->text);

        dependencies[i].service = keep_text(reader, pair->key->text);
        dependencies[i].at = pair->key->at;
        keys_read(reader, &keys_dependency, "depends_on", pair->value, &dependencies[i]);
        if ((pair->value->kind == NODE_MAP && !node_get(pair->value, "condition")) ||
            (pair->value->kind == NODE_SCALAR && pair->value->type == SCALAR_NULL))
            report_key(reader, pair->key->at, "depends_on",
                       remedy_of("write %s: {condition: service_started}", name.text).text,
                       "%s has no condition", name.text);
    }
    return map->count;
}

static size_t of_list(struct reader *reader, const struct node *list,
                      struct spec_dependency *dependencies)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        const char *text =
            take_text(reader, "depends_on", item, ACCEPT_STRING, "a list of services");

        if (!text)
            continue;
        dependencies[count].service = keep_text(reader, text);
        dependencies[count++].at = item->at;
    }
    return count;
}

void read_depends_on(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    struct spec_dependency *dependencies;

    if (value->kind == NODE_SCALAR) {
        report_key(reader, value->at, key, "write it as depends_on: [db, cache]",
                   "must be a list or a mapping, not %s", node_kind_name(value));
        return;
    }
    dependencies = arena_array(reader->arena, value->count, sizeof(*dependencies));
    if (!dependencies)
        return; // the arena remembers
    service->depends_on_count = value->kind == NODE_MAP ? of_map(reader, value, dependencies)
                                                        : of_list(reader, value, dependencies);
    service->depends_on = dependencies;
}
