/* extends: a service on top of another one, of the same file or of another. Source: compose-go,
 * loader/extends.go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "stackfile/load.h"
#include "stackfile/loading_keys.h"
#include "stackfile/merge_forms.h"
#include "stackfile/paths.h"

enum progress {
    UNTOUCHED,
    UNDER_WAY,
    DONE,
};

/* Services that may extend each other: of one document, or of a file that is extended. */
struct extended {
    struct extended *next; // scope::extended
    const char *path;      // of the file that is extended; NULL: the document
    const char *dir;       // where its own `file` start
    struct node *services;
    uint32_t *by_name; // their indices, sorted by name
    uint8_t *progress; // enum progress, of each
    uint8_t *height;   // how many services each stands on
    bool refused;      // the file itself has a fault, which is said
};

/* From the service that was asked for down to the one at hand. */
struct chain {
    const struct chain *up;
    const struct extended *file;
    size_t index;
};

struct extension {
    const char *service;
    const char *file; // NULL: the same
    struct mark at;   // of the service's name
    struct mark file_at;
};

static int extend(struct loader *loader, struct scope *scope, struct extended *file, size_t index,
                  const struct chain *up);

/* --- what is written --- */

static const char *take_name(struct loader *loader, const struct node *value, const char *what)
{
    if (value->unknown)
        return NULL;
    if (value->kind == NODE_SCALAR && value->type == SCALAR_STRING && *value->text)
        return value->text;
    report(loader->reader, FAULT_ERROR, value->at, "write extends: {service: NAME, file: PATH}",
           "extends: %s must be a text, not %s", what,
           value->kind == NODE_SCALAR && value->type == SCALAR_STRING ? "an empty one"
                                                                      : node_kind_name(value));
    return NULL;
}

/* False after a fault. */
static bool take_extension(struct loader *loader, const struct node *value,
                           struct extension *extension)
{
    struct extends_draft draft = {.service = value->kind == NODE_SCALAR ? value : NULL};
    size_t errors = loader->reader->faults->errors;

    *extension = (struct extension){.at = value->at};
    if (value->kind != NODE_SCALAR)
        keys_read(loader->reader, &keys_extends, "extends", value, &draft);
    if (draft.service) {
        extension->service = take_name(loader, draft.service, "the service");
        extension->at = draft.service->at;
    } else if (value->kind == NODE_MAP && !value->unknown) {
        report(loader->reader, FAULT_ERROR, value->at, "write extends: {service: NAME, file: PATH}",
               "extends names no service");
    }
    if (draft.file) {
        extension->file = take_name(loader, draft.file, "the file");
        extension->file_at = draft.file->at;
    }
    return extension->service && loader->reader->faults->errors == errors && !value->unknown;
}

/* --- files --- */

static int compare_names(const void *a, const void *b, void *services)
{
    const struct node *map = services;

    return strcmp(map->pairs[*(const uint32_t *)a].key->text,
                  map->pairs[*(const uint32_t *)b].key->text);
}

static struct extended *new_extended(struct loader *loader, struct node *services, const char *path,
                                     const char *dir)
{
    struct arena *arena = loader->reader->scratch;
    struct extended *file = arena_alloc(arena, sizeof(*file));
    size_t count = services ? services->count : 0;

    if (!file)
        return NULL;
    *file = (struct extended){
        .path = path,
        .dir = dir,
        .services = services,
        .by_name = arena_array(arena, count + 1, sizeof(uint32_t)),
        .progress = arena_array(arena, count + 1, sizeof(uint8_t)),
        .height = arena_array(arena, count + 1, sizeof(uint8_t)),
    };
    if (arena_failed(arena))
        return NULL;
    for (size_t i = 0; i < count; i++)
        file->by_name[i] = (uint32_t)i;
    if (count)
        qsort_r(file->by_name, count, sizeof(uint32_t), compare_names, services);
    return file;
}

/* A file that could not be read has no services. */
static int read_extended(struct loader *loader, struct scope *scope, const char *path,
                         struct mark at, struct extended **ret_file)
{
    size_t errors = loader->reader->faults->errors;
    struct node *root = NULL, *services;
    const char *dir = path_folder(loader->reader->scratch, path);
    struct stackfile_text text;
    int rc = dir ? loader_open(loader, path, at, &text) : -ENOMEM;

    if (rc == 0)
        rc = loader_take_file(loader, scope, &text, true, &root);
    if (rc < 0)
        return rc;
    services = root ? services_of(root) : NULL;
    if (services && strcmp(dir, scope->dir) != 0)
        rc = relocate_services(loader, root, dir, false);
    *ret_file = rc < 0 ? NULL : new_extended(loader, services, path, dir);
    if (!*ret_file)
        return -ENOMEM;
    (*ret_file)->refused = loader->reader->faults->errors > errors;
    return 0;
}

static int find_file(struct loader *loader, struct scope *scope, const struct extended *from,
                     const struct extension *extension, struct extended **ret_file)
{
    const char *path = path_join(loader->reader->scratch, from->dir, extension->file);
    int rc;

    if (!path)
        return -ENOMEM;
    for (struct extended *file = scope->extended; file; file = file->next)
        if (strcmp(file->path, path) == 0) {
            *ret_file = file;
            return 0;
        }
    rc = read_extended(loader, scope, path, extension->file_at, ret_file);
    if (rc == 0) {
        (*ret_file)->next = scope->extended;
        scope->extended = *ret_file;
    }
    return rc;
}

/* --- services --- */

static bool find_service(const struct extended *file, const char *name, size_t *ret_index)
{
    size_t low = 0, high = file->services ? file->services->count : 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2, index = file->by_name[middle];
        int order = strcmp(name, file->services->pairs[index].key->text);

        if (order == 0) {
            *ret_index = index;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static void unknown_service(struct loader *loader, const struct extended *file,
                            const struct extension *extension)
{
    const char *names[INSTANCES_MAX], *nearest;
    size_t count = file->services ? file->services->count : 0;

    if (report_is_idle(loader->reader, extension->at))
        return;
    if (file->refused)
        return;
    for (size_t i = 0; i < count; i++)
        names[i] = file->services->pairs[i].key->text;
    nearest = fault_nearest(extension->service, names, count);
    report(loader->reader, FAULT_ERROR, extension->at,
           nearest      ? remedy_of("did you mean %s?", nearest).text
           : file->path ? "name a service of that file"
                        : "name a service of this file, or write file: with the one it is in",
           "there is no service %s to extend in %s", shown(extension->service).text,
           file->path ? file->path : "this file");
}

/* "web -> base (/srv/common.yaml) -> web" */
static void report_cycle(struct loader *loader, const struct chain *chain,
                         const struct extended *file, size_t index,
                         const struct extension *extension)
{
    const struct chain *shown_of[16];
    char text[300] = "";
    size_t count = 0, used = 0;

    for (; chain && count < 16; chain = chain->up) {
        shown_of[count++] = chain;
        if (chain->file == file && chain->index == index)
            break;
    }
    while (count > 0 && used < sizeof(text)) {
        const struct chain *at = shown_of[--count];
        const struct node *key = at->file->services->pairs[at->index].key;

        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 at->file->path ? "%s (%s) -> " : "%s -> ", shown(key->text).text,
                                 at->file->path);
    }
    shown_trim(text);
    report(loader->reader, FAULT_ERROR, extension->at, "remove one of these extends",
           "services extend each other: %s%s", text, shown(extension->service).text);
}

/* The service goes on as one whose fault is said. */
static void break_service(struct loader *loader, struct node_pair *pair)
{
    struct node *copy = arena_alloc(loader->reader->scratch, sizeof(*copy));

    if (!copy)
        return; // the arena remembers
    *copy = *pair->value;
    copy->broken = true;
    pair->value = copy;
}

/* The base, ready to be merged over: extended itself, and what it took from its own base is its
 * own now. NULL after a fault. -ENOMEM in *ret. */
static struct node *find_base(struct loader *loader, struct scope *scope, struct extended *file,
                              const struct chain *chain, const struct extension *extension,
                              int *ret)
{
    struct extended *other = file;
    size_t index, depth = 0;

    for (const struct chain *at = chain; at; at = at->up)
        depth++;
    *ret = extension->file ? find_file(loader, scope, file, extension, &other) : 0;
    if (*ret)
        return NULL;
    if (!find_service(other, extension->service, &index)) {
        unknown_service(loader, other, extension);
        return NULL;
    }
    if (other->progress[index] == UNDER_WAY) {
        report_cycle(loader, chain, other, index, extension);
        return NULL;
    }
    *ret = depth <= STACKFILE_EXTENDS_MAX ? extend(loader, scope, other, index, chain) : 0;
    if (*ret || other->services->pairs[index].value->broken)
        return NULL;
    file->height[chain->index] = (uint8_t)(other->height[index] + 1);
    if (depth <= STACKFILE_EXTENDS_MAX && file->height[chain->index] <= STACKFILE_EXTENDS_MAX)
        return merge_strip(&loader->merger, other->services->pairs[index].value);
    report(loader->reader, FAULT_ERROR, extension->at, "extend less deeply",
           "services extend each other more than %d deep", STACKFILE_EXTENDS_MAX);
    return NULL;
}

static struct node *without_extends(struct loader *loader, const struct node *service)
{
    struct node *copy = merge_new_node(&loader->merger, NODE_MAP, service->at, service->count);

    for (size_t i = 0; copy && i < service->count; i++)
        if (strcmp(service->pairs[i].key->text, "extends") != 0)
            copy->pairs[copy->count++] = service->pairs[i];
    if (copy) {
        copy->tag = service->tag;
        node_count(copy);
    }
    return copy;
}

static int extend_one(struct loader *loader, struct scope *scope, struct extended *file,
                      const struct chain *chain, const struct node *extends)
{
    struct node_pair *pair = &file->services->pairs[chain->index];
    struct node *own, *base = NULL, *merged;
    struct extension extension;
    int rc = 0;

    if (take_extension(loader, extends, &extension))
        base = find_base(loader, scope, file, chain, &extension, &rc);
    if (rc)
        return rc;
    own = without_extends(loader, pair->value);
    if (own)
        pair->value = own;
    if (!base || !own) {
        break_service(loader, pair);
        return 0;
    }
    merged = merge_services(&loader->merger, base, own);
    if (merged)
        pair->value = merged;
    return 0;
}

/* As deep as STACKFILE_EXTENDS_MAX at most. */
static int extend(struct loader *loader, struct scope *scope, struct extended *file, size_t index,
                  const struct chain *up)
{
    const struct chain chain = {up, file, index};
    const struct node *service = file->services->pairs[index].value;
    const struct node *extends = node_get(service, "extends");
    int rc = 0;

    if (file->progress[index] == DONE || loader->merger.refused)
        return 0;
    file->progress[index] = UNDER_WAY;
    if (extends && extends->tag != NODE_RESET &&
        !(extends->kind == NODE_SCALAR && extends->type == SCALAR_NULL))
        rc = extend_one(loader, scope, file, &chain, extends);
    file->progress[index] = DONE;
    return rc;
}

int extend_services(struct loader *loader, struct scope *scope, struct node *document)
{
    struct node *services = services_of(document);
    struct extended *own = new_extended(loader, services, NULL, scope->dir);
    int rc = own ? 0 : -ENOMEM;

    for (size_t i = 0; !rc && services && i < services->count; i++)
        rc = extend(loader, scope, own, i, NULL);
    if (services)
        node_count(services);
    node_count(document);
    return rc ? rc : arena_failed(loader->reader->scratch) ? -ENOMEM : 0;
}
