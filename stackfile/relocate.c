/* What a service says depends on where it says it: relative paths start at the folder of their
 * file, variables without a value come from the files of variables beside it. Before services of
 * several folders meet, both are written out. */
#include <errno.h>
#include <string.h>

#include "stackfile/load.h"
#include "stackfile/merge_forms.h"
#include "stackfile/paths.h"

/* A copy of one level, to be changed. */
static struct node *copy_of(struct loader *loader, const struct node *node, size_t more)
{
    struct node *copy = merge_new_node(&loader->merger, node->kind, node->at, node->count + more);

    if (!copy)
        return NULL;
    copy->count = node->count;
    copy->tag = node->tag;
    copy->broken = node->broken;
    if (node->kind == NODE_LIST && node->count)
        memcpy(copy->items, node->items, node->count * sizeof(struct node *));
    if (node->kind == NODE_MAP && node->count)
        memcpy(copy->pairs, node->pairs, node->count * sizeof(*node->pairs));
    return copy;
}

static struct node_pair *pair_of(struct node *map, const char *key)
{
    for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return &map->pairs[i];
    return NULL;
}

/* --- paths --- */

static bool is_relative(const struct node *value)
{
    return value->kind == NODE_SCALAR && value->type == SCALAR_STRING && !value->unknown &&
           *value->text && *value->text != '/';
}

static struct node *absolute(struct loader *loader, struct node *value, const char *dir)
{
    const char *path;
    struct node *moved;

    if (!is_relative(value))
        return value;
    path = path_join(loader->reader->scratch, dir, value->text);
    moved =
        path ? merge_new_text(&loader->merger, path, strlen(path), SCALAR_STRING, value->at) : NULL;
    if (moved)
        moved->tag = value->tag;
    return moved ? moved : value; // the arena or the merger remember
}

/* A mapping with one of its values moved. */
static struct node *move_in(struct loader *loader, struct node *map, const char *key,
                            const char *dir)
{
    struct node_pair *pair = pair_of(map, key);
    struct node *copy;

    if (!pair || !is_relative(pair->value))
        return map;
    copy = copy_of(loader, map, 0);
    if (!copy)
        return map;
    pair = pair_of(copy, key);
    pair->value = absolute(loader, pair->value, dir);
    node_count(copy);
    return copy;
}

/* A path, a list of paths, a list of mappings with a path. */
static struct node *move_list(struct loader *loader, struct node *value, const char *key,
                              const char *dir)
{
    struct node *copy;

    if (value->kind == NODE_SCALAR)
        return absolute(loader, value, dir);
    if (value->kind == NODE_MAP)
        return move_in(loader, value, key, dir);
    copy = copy_of(loader, value, 0);
    for (size_t i = 0; copy && i < copy->count; i++) {
        struct node *item = copy->items[i];
        copy->items[i] =
            item->kind == NODE_MAP ? move_in(loader, item, key, dir) : absolute(loader, item, dir);
    }
    if (copy)
        node_count(copy);
    return copy ? copy : value;
}

static const struct {
    const char *key;   // of a service
    const char *inner; // of the mappings in it
} located[] = {
    {"env_file", "path"},          {"label_file", ""},
    {"working_dir", ""},           {"pre_start", "working_dir"},
    {"post_start", "working_dir"}, {"pre_stop", "working_dir"},
};

static bool is_located(const struct node *service)
{
    for (size_t i = 0; i < sizeof(located) / sizeof(located[0]); i++)
        if (node_get(service, located[i].key))
            return true;
    return false;
}

/* A service of an included file runs in that file's folder unless it says otherwise. */
static void add_working_dir(struct loader *loader, struct node *service, const char *dir)
{
    struct node *key, *value;

    if (node_get(service, "working_dir"))
        return;
    key = merge_new_text(&loader->merger, "working_dir", 11, SCALAR_STRING, service->at);
    value = merge_new_text(&loader->merger, dir, strlen(dir), SCALAR_STRING, service->at);
    merge_add_pair(service, key, value);
}

static struct node *relocate(struct loader *loader, struct node *service, const char *dir,
                             bool included)
{
    struct node *copy;

    if (service->kind != NODE_MAP || (!included && !is_located(service)))
        return service;
    copy = copy_of(loader, service, 1);
    if (!copy)
        return service;
    for (size_t i = 0; i < sizeof(located) / sizeof(located[0]); i++) {
        struct node_pair *pair = pair_of(copy, located[i].key);
        if (pair)
            pair->value = move_list(loader, pair->value, located[i].inner, dir);
    }
    if (included)
        add_working_dir(loader, copy, dir);
    node_count(copy);
    return copy;
}

int relocate_services(struct loader *loader, struct node *document, const char *dir, bool included)
{
    struct node *services = services_of(document);

    for (size_t i = 0; services && i < services->count; i++)
        services->pairs[i].value = relocate(loader, services->pairs[i].value, dir, included);
    if (services)
        node_count(services);
    node_count(document);
    return arena_failed(loader->reader->scratch) ? -ENOMEM : 0;
}

/* --- variables --- */

/* Of a file of variables; what the process has itself is passed on by the planner. */
static const struct variable *from_file(struct loader *loader, const struct scope *scope,
                                        const struct node *name)
{
    const struct variable *found = variables_find(&scope->variables, name->text, name->count);

    if (!found || !found->at.file || loader->too_much)
        return NULL;
    if (template_charge(&loader->template, found->value_length) == 0)
        return found;
    report(loader->reader, FAULT_ERROR, name->at, loader->template.remedy, "%s",
           loader->template.what);
    loader->too_much = true;
    return NULL;
}

static struct node *passed_pair(struct loader *loader, const struct scope *scope,
                                const struct node_pair *pair)
{
    const struct node *value = pair->value;
    const struct variable *found =
        value->kind == NODE_SCALAR && value->type == SCALAR_NULL && value->tag == NODE_UNTAGGED
            ? from_file(loader, scope, pair->key)
            : NULL;

    return found ? merge_new_text(&loader->merger, found->value, found->value_length, SCALAR_STRING,
                                  pair->key->at)
                 : NULL;
}

/* "NAME" becomes "NAME=value". */
static struct node *passed_item(struct loader *loader, const struct scope *scope,
                                const struct node *item)
{
    const struct variable *found =
        item->kind == NODE_SCALAR && item->type == SCALAR_STRING && !strchr(item->text, '=')
            ? from_file(loader, scope, item)
            : NULL;
    size_t length = found ? (size_t)found->name_length + 1 + found->value_length : 0;
    struct node *passed =
        found ? merge_new_text(&loader->merger, "", 0, SCALAR_STRING, item->at) : NULL;
    char *text = passed ? arena_alloc(loader->reader->scratch, length + 1) : NULL;

    if (!text)
        return NULL;
    memcpy(text, found->name, found->name_length);
    text[found->name_length] = '=';
    memcpy(text + found->name_length + 1, found->value, found->value_length);
    passed->text = text;
    passed->count = (uint32_t)length;
    node_count(passed);
    return passed;
}

static void pass_in_place(struct loader *loader, const struct scope *scope,
                          struct node *environment)
{
    for (size_t i = 0; i < environment->count; i++) {
        struct node **place =
            environment->kind == NODE_MAP ? &environment->pairs[i].value : &environment->items[i];
        struct node *passed = environment->kind == NODE_MAP
                                  ? passed_pair(loader, scope, &environment->pairs[i])
                                  : passed_item(loader, scope, *place);
        if (passed)
            *place = passed;
    }
    node_count(environment);
}

int pass_variables(struct loader *loader, const struct scope *scope, struct node *document)
{
    struct node *services = services_of(document);
    bool files = loader->request->env_files_count > 0 || scope->depth > 0;

    for (size_t i = 0; files && services && i < services->count; i++) {
        struct node *service = services->pairs[i].value;
        struct node_pair *pair = pair_of(service, "environment");
        struct node *copy =
            pair && pair->value->kind != NODE_SCALAR ? copy_of(loader, pair->value, 0) : NULL;

        if (!copy)
            continue;
        pass_in_place(loader, scope, copy);
        pair->value = copy;
        node_count(service);
    }
    return arena_failed(loader->reader->scratch) ? -ENOMEM : 0;
}
