/* The reader of env_file: the variables of files, for a service. label_file has such files, too. */
#include "stackfile/readers.h"

#include <stdlib.h>
#include <string.h>

#include "stackfile/load.h"
#include "stackfile/loading_keys.h"
#include "stackfile/paths.h"

/* One file, as an entry names it. */
struct entry {
    const char *path; // NULL: there is a fault
    struct mark at;
    bool may_lack;
    enum dotenv_format format;
};

static void take_format(struct reader *reader, const struct node *value, struct entry *entry)
{
    static const char *const formats[] = {"raw", NULL};

    if (take_choice(reader, "env_file.format", value, formats, "a format") == 0)
        entry->format = DOTENV_RAW;
}

static struct entry take_entry(struct reader *reader, const char *key, const struct node *value,
                               const struct key_table *table)
{
    bool is_path = value->kind == NODE_SCALAR || !table;
    struct env_file_draft draft = {.path = is_path ? value : NULL};
    struct entry entry = {.at = value->at};
    bool required = true;

    if (!is_path)
        keys_read(reader, table, key, value, &draft);
    if (draft.required && take_bool(reader, "env_file.required", draft.required, &required))
        entry.may_lack = !required;
    if (draft.format)
        take_format(reader, draft.format, &entry);
    if (draft.path) {
        entry.at = draft.path->at;
        entry.path =
            take_text(reader, key, draft.path, ACCEPT_STRING, "the path of a file of variables");
    } else if (value->kind == NODE_MAP) {
        report_key(reader, value->at, key, "write path: with the file", "an entry has no path");
    }
    if (entry.path && !*entry.path) {
        report_key(reader, entry.at, key, "write the path of a file, or remove it",
                   "the path is empty");
        entry.path = NULL;
    }
    return entry;
}

/* -ENOMEM is remembered by the arena. */
static void take_file(struct reader *reader, const struct entry *entry, struct variables *variables)
{
    const char *path = path_join(reader->scratch, reader->request->project_dir, entry->path);
    struct stackfile_text text;

    if (!path ||
        loader_open_variables(reader->loader, path, entry->at, entry->may_lack, &text) != 0)
        return;
    (void)loader_take_variables(reader->loader, &text, entry->format, variables);
}

const struct variables *take_variables(struct reader *reader, const char *key,
                                       const struct node *value, const struct key_table *table)
{
    struct variables *variables = arena_alloc(reader->scratch, sizeof(*variables));
    size_t count = value->kind == NODE_LIST ? value->count : 1;

    if (!variables)
        return NULL; // the arena remembers
    *variables =
        (struct variables){.arena = reader->scratch, .over = &reader->loader->scope.variables};
    for (size_t i = 0; i < count; i++) {
        struct entry entry =
            take_entry(reader, key, value->kind == NODE_LIST ? value->items[i] : value, table);
        if (entry.path)
            take_file(reader, &entry, variables);
    }
    return variables;
}

void read_env_file(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct service_draft *draft = into;

    draft->env_file = take_variables(reader, key, value, &keys_env_file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct spec_env *)a)->name, ((const struct spec_env *)b)->name);
}

static bool has(const struct spec_service *service, const char *name)
{
    const struct spec_env wanted = {.name = name};

    return service->environment_count > 0 &&
           bsearch(&wanted, service->environment, service->environment_count, sizeof(wanted),
                   by_name) != NULL;
}

/* What environment says wins. */
void settle_environment(struct reader *reader, struct service_draft *draft)
{
    struct spec_service *service = &draft->service;
    const struct variables *variables = draft->env_file;
    size_t count = service->environment_count;
    struct spec_env *env;

    if (!variables || variables->count == 0)
        return;
    env = arena_array(reader->arena, count + variables->count, sizeof(*env));
    if (!env)
        return; // the arena remembers
    if (count)
        memcpy(env, service->environment, count * sizeof(*env));
    for (size_t i = 0; i < variables->count; i++) {
        const struct variable *variable = &variables->item[i];
        if (!has(service, variable->name))
            env[count++] = (struct spec_env){.name = keep_text(reader, variable->name),
                                             .value = keep_text(reader, variable->value),
                                             .at = variable->at};
    }
    if (arena_failed(reader->arena))
        return;
    qsort(env, count, sizeof(*env), by_name);
    service->environment = env;
    service->environment_count = count;
}
