/* include: other stack files whose services and the like become part of this one. Each include has
 * its own folder and variables. Source: compose-go, loader/include.go. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "stackfile/load.h"
#include "stackfile/loading_keys.h"
#include "stackfile/merge_forms.h"
#include "stackfile/paths.h"

static const char *text_of(struct loader *loader, const struct node *value, const char *what)
{
    if (value->unknown)
        return NULL;
    if (value->kind == NODE_SCALAR && value->type != SCALAR_NULL && *value->text)
        return value->text;
    report(loader->reader, FAULT_ERROR, value->at, "write the path of a file, or a list of paths",
           "include: %s must be a path, not %s", what,
           value->kind == NODE_SCALAR && value->type == SCALAR_STRING ? "an empty text"
                                                                      : node_kind_name(value));
    return NULL;
}

/* The n-th of a path or a list of paths. */
static const struct node *item_of(const struct node *value, size_t n)
{
    if (value && value->kind == NODE_LIST)
        return n < value->count ? value->items[n] : NULL;
    return n == 0 ? value : NULL;
}

/* False after a fault. */
static bool take_entry(struct loader *loader, const struct node *entry, struct include_draft *draft)
{
    *draft = (struct include_draft){.path = entry->kind == NODE_SCALAR ? entry : NULL};
    if (entry->kind != NODE_SCALAR)
        keys_read(loader->reader, &keys_include, "include", entry, draft);
    if (item_of(draft->path, 0))
        return text_of(loader, item_of(draft->path, 0), "path") != NULL;
    if (!entry->unknown && entry->kind != NODE_LIST)
        report(loader->reader, FAULT_ERROR, entry->at,
               "write it as - other.yaml, or as - path: other.yaml",
               "include: an entry without a path");
    return false;
}

/* "a.yaml includes b.yaml includes a.yaml" */
static void report_cycle(struct loader *loader, const struct scope *scope, const char *path,
                         struct mark at)
{
    char text[300];
    size_t used = (size_t)snprintf(text, sizeof(text), "%s", path);

    for (; scope && scope->path && used < sizeof(text); scope = scope->outer) {
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, " is included by %s", scope->path);
        if (strcmp(scope->path, path) == 0)
            break;
    }
    shown_trim(text);
    report(loader->reader, FAULT_ERROR, at, "remove one of these includes",
           "files include each other: %s", text);
}

static bool may_include(struct loader *loader, const struct scope *outer, const char *path,
                        struct mark at)
{
    for (const struct scope *scope = outer; scope; scope = scope->outer)
        if (scope->path && strcmp(scope->path, path) == 0) {
            report_cycle(loader, outer, path, at);
            return false;
        }
    if (outer->depth < STACKFILE_INCLUDE_MAX)
        return true;
    report(loader->reader, FAULT_ERROR, at, "include less deeply",
           "files include each other more than %d deep", STACKFILE_INCLUDE_MAX);
    return false;
}

/* --- an include's own variables --- */

static int take_env_file(struct loader *loader, struct scope *scope, const char *path,
                         struct mark at, bool may_lack)
{
    struct stackfile_text text;
    int rc = loader_open_variables(loader, path, at, may_lack, &text);

    if (rc)
        return rc < 0 ? rc : 0;
    return loader_take_variables(loader, &text, DOTENV_COMPOSE, &scope->variables);
}

/* env_file is found from where it is written; .env from the included file. */
static int take_env_files(struct loader *loader, struct scope *scope,
                          const struct include_draft *draft)
{
    struct arena *arena = loader->reader->scratch;
    const struct node *item;
    const char *path;
    int rc = 0;

    if (!item_of(draft->env_file, 0)) {
        path = path_join(arena, scope->dir, ".env");
        return path ? take_env_file(loader, scope, path, item_of(draft->path, 0)->at, true)
                    : -ENOMEM;
    }
    for (size_t i = 0; !rc && (item = item_of(draft->env_file, i)); i++) {
        const char *text = text_of(loader, item, "env_file");

        if (!text || strcmp(text, "/dev/null") == 0)
            continue;
        path = path_join(arena, scope->outer->dir, text);
        rc = path ? take_env_file(loader, scope, path, item->at, false) : -ENOMEM;
    }
    return rc;
}

/* --- what comes of it --- */

/* Not of an included file: its name, its version, its fragments. */
static bool stays_behind(const char *key)
{
    if (strncmp(key, "x-", 2) == 0)
        return strcmp(key, "x-bulkhead") != 0;
    return strcmp(key, "name") == 0 || strcmp(key, "version") == 0;
}

static struct node *without(struct loader *loader, const struct node *document,
                            bool (*leaves)(const char *key))
{
    struct node *copy = merge_new_node(&loader->merger, NODE_MAP, document->at, document->count);

    for (size_t i = 0; copy && i < document->count; i++)
        if (!leaves(document->pairs[i].key->text))
            copy->pairs[copy->count++] = document->pairs[i];
    if (copy)
        node_count(copy);
    return copy;
}

static bool is_include(const char *key)
{
    return strcmp(key, "include") == 0;
}

/* What was included is the base of what includes it. */
static int put_below(struct loader *loader, const struct node *included, struct node **document)
{
    struct node *base = without(loader, included, stays_behind), *merged;

    if (!base)
        return 0; // the arena or the merger remember
    loader->merger.keep_tags = true;
    merged = merge_documents(&loader->merger, base, *document);
    loader->merger.keep_tags = false;
    if (merged)
        *document = merged;
    return 0;
}

static int load_files(struct loader *loader, struct scope *scope, const struct include_draft *draft,
                      struct node **ret_root)
{
    const struct node *item;
    int rc = 0;

    for (size_t i = 0; !rc && (item = item_of(draft->path, i)); i++) {
        const char *text = text_of(loader, item, "path");
        const char *path =
            text ? path_join(loader->reader->scratch, scope->outer->dir, text) : NULL;
        struct stackfile_text file;

        rc = path ? loader_open(loader, path, item->at, &file) : 1;
        if (rc == 0)
            rc = loader_take_file(loader, scope, &file, false, ret_root);
        else
            loader->incomplete = true;
        rc = rc < 0 ? rc : 0;
    }
    return rc;
}

static int include_one(struct loader *loader, const struct scope *outer,
                       const struct include_draft *draft, struct node **document)
{
    struct arena *arena = loader->reader->scratch;
    const struct node *first = item_of(draft->path, 0);
    struct scope *scope = arena_alloc(arena, sizeof(*scope));
    const char *path = path_join(arena, outer->dir, first->text), *dir = NULL;
    struct node *root = NULL;
    int rc;

    if (!scope || !path)
        return -ENOMEM;
    if (!may_include(loader, outer, path, first->at)) {
        loader->incomplete = true;
        return 0;
    }
    if (draft->dir)
        dir = text_of(loader, draft->dir, "project_directory");
    *scope =
        (struct scope){.outer = outer,
                       .path = path,
                       .dir = dir ? path_join(arena, outer->dir, dir) : path_folder(arena, path),
                       .depth = outer->depth + 1,
                       .variables = {.arena = arena, .over = &outer->variables}};
    if (!scope->dir)
        return -ENOMEM;
    rc = take_env_files(loader, scope, draft);
    if (!rc)
        rc = load_files(loader, scope, draft, &root);
    if (rc || !root)
        return rc;
    if (strcmp(scope->dir, outer->dir) != 0)
        rc = relocate_services(loader, root, scope->dir, true);
    return rc ? rc : put_below(loader, root, document);
}

int include_files(struct loader *loader, struct scope *scope, struct node **document)
{
    const struct node *include = node_get(*document, "include");
    struct include_draft draft;
    int rc = 0;

    if (!include || include->tag == NODE_RESET)
        return 0;
    *document = without(loader, *document, is_include);
    if (!*document)
        return -ENOMEM;
    if (include->kind == NODE_SCALAR && include->type == SCALAR_NULL)
        return 0;
    if (include->kind != NODE_LIST) {
        if (!include->unknown)
            report(loader->reader, FAULT_ERROR, include->at, "write each file behind \"- \"",
                   "include must be a list, not %s", node_kind_name(include));
        return 0;
    }
    for (size_t i = 0; !rc && i < include->count; i++) {
        if (take_entry(loader, include->items[i], &draft))
            rc = include_one(loader, scope, &draft, document);
        else
            loader->incomplete = true;
    }
    return rc;
}
