/* See load.h. */
#include "stackfile/load.h"

#include <errno.h>
#include <string.h>

#include "core/limits.h"
#include "stackfile/read_stack.h"
#include "stackfile/yaml.h"

#define UNSET_SHOWN 12 // warnings about single variables

/* --- variables without a value --- */

static void note_unset(void *self, const char *name, size_t length)
{
    struct loader *loader = self;
    struct variable variable = {.name_length = (uint32_t)length, .at = loader->interpolation.at};

    if (variables_find(&loader->unset, name, length))
        return;
    variable.name = arena_text(loader->reader->scratch, name, length);
    if (variable.name)
        (void)variables_put(&loader->unset, &variable); // beyond VARIABLES_MAX nobody reads them
}

void loader_warn_unset(struct loader *loader)
{
    for (size_t i = 0; i < loader->unset.count; i++) {
        const struct variable *variable = &loader->unset.item[i];

        if (i == UNSET_SHOWN) {
            report(loader->reader, FAULT_WARNING, variable->at, NULL,
                   "%zu more variables are not set", loader->unset.count - i);
            return;
        }
        report(loader->reader, FAULT_WARNING, variable->at,
               remedy_of("set it, or write ${%s:-} if it may be empty", shown(variable->name).text)
                   .text,
               "the variable %s is not set: an empty text takes its place",
               shown(variable->name).text);
    }
}

static void note_met(void *self, const struct stackfile_reference *reference)
{
    const struct loader *loader = self;

    loader->request->listener->met(loader->request->listener->self, reference);
}

/* --- files --- */

struct opened {
    struct opened *next;
    const char *path;
    struct stackfile_text text;
    bool faulty; // what is wrong in it is said
};

static bool too_much(struct loader *loader, struct mark at, const char *remedy, const char *what)
{
    report(loader->reader, FAULT_ERROR, at, remedy, "%s", what);
    loader->too_much = true;
    return false;
}

static bool may_use(struct loader *loader, const struct stackfile_text *file, struct mark at)
{
    if (file->length <= STACKFILE_TOTAL_MAX)
        loader->bytes += file->length;
    if (file->length <= STACKFILE_TOTAL_MAX && loader->bytes <= STACKFILE_TOTAL_MAX)
        return true;
    return too_much(
        loader, at, "use smaller files",
        "all files together are larger than 32 MiB, each counted as often as it is used");
}

static bool may_read(struct loader *loader, struct mark at)
{
    return loader->files_count < STACKFILE_FILES_MAX ||
           too_much(loader, at, "use fewer files",
                    "more than 256 files, each counted as often as it is read");
}

static bool add_file(struct loader *loader, const struct stackfile_text *file, struct mark at)
{
    if (!may_read(loader, at) || !may_use(loader, file, at))
        return false;
    loader->files[loader->files_count++] = file->name;
    return true;
}

static int open_file(struct loader *loader, const char *path, struct mark at, bool may_lack,
                     struct stackfile_text *ret_text)
{
    const struct stackfile_source *source = loader->request->source;
    struct stackfile_text text;
    int rc;

    if (loader->too_much || !may_read(loader, at))
        return 1;
    rc = source ? source->read(source->self, path, &text) : -ENOENT;
    if (rc == -ENOMEM)
        return rc;
    if ((rc == -ENOENT || rc == -ENOTDIR) && may_lack)
        return 1;
    if (rc) {
        report(loader->reader, FAULT_ERROR, at, NULL, "cannot read %s: %s", path,
               stackfile_unreadable(-rc));
        return 1;
    }
    if (!add_file(loader, &text, at))
        return 1;
    *ret_text = text;
    return 0;
}

int loader_open(struct loader *loader, const char *path, struct mark at,
                struct stackfile_text *ret_text)
{
    return open_file(loader, path, at, false, ret_text);
}

int loader_open_variables(struct loader *loader, const char *path, struct mark at, bool may_lack,
                          struct stackfile_text *ret_text)
{
    struct opened *opened = loader->opened;
    int rc;

    for (; opened; opened = opened->next) {
        if (strcmp(opened->path, path) != 0)
            continue;
        if (loader->too_much || opened->faulty)
            return 1;
        *ret_text = opened->text;
        return may_use(loader, ret_text, at) ? 0 : 1;
    }
    opened = arena_alloc(loader->reader->scratch, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    rc = open_file(loader, path, at, may_lack, ret_text);
    if (rc)
        return rc;
    *opened = (struct opened){.next = loader->opened, .path = path, .text = *ret_text};
    loader->opened = opened;
    return 0;
}

int loader_take_variables(struct loader *loader, const struct stackfile_text *file,
                          enum dotenv_format format, struct variables *into)
{
    const struct variables *before = loader->template.variables;
    size_t errors = loader->reader->faults->errors;
    int rc;

    loader->template.variables = into;
    loader->interpolation.at = (struct mark){.file = file->name};
    rc = dotenv_read(file, format, &loader->template, into, loader->reader->faults);
    loader->template.variables = before;
    loader->too_much = loader->too_much || loader->template.spent;
    for (struct opened *opened = loader->opened; opened; opened = opened->next)
        if (opened->text.text == file->text)
            opened->faulty = loader->reader->faults->errors > errors;
    return rc;
}

struct node *services_of(struct node *document)
{
    struct node *services = (struct node *)node_get(document, "services");

    return services && services->kind == NODE_MAP && services->tag != NODE_RESET &&
                   services->count <= INSTANCES_MAX
               ? services
               : NULL;
}

/* The name that a document gives the project, with its variables; NULL where it gives none. What is
 * wrong with it is said when all of the document is expanded. */
static const char *name_in(struct loader *loader, const struct node *document)
{
    const struct node *written = node_get(document, "name");
    struct template *template = &loader->template;
    int rc;

    if (!written || written->kind != NODE_SCALAR)
        return NULL;
    if (!strchr(written->text, '$'))
        return written->text;
    template->unset = NULL;
    rc = template_expand(template, written->text, written->count);
    template->unset = note_unset;
    return rc || template->length == 0
               ? NULL
               : arena_text(loader->reader->scratch, template->text, template->length);
}

/* The project's name may be written as a variable; it is known as soon as a document says it. */
static int offer_name(struct loader *loader, const struct node *document)
{
    static const char *const names[] = {"BULKHEAD_PROJECT_NAME", "COMPOSE_PROJECT_NAME"};
    const char *name = loader->request->project_name;

    if (!name)
        name = name_in(loader, document);
    if (!name && !loader->offered)
        name = read_stack_name_of(loader->reader, loader->request->project_dir);
    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++) {
        const struct variable *found =
            variables_find(&loader->scope.variables, names[i], strlen(names[i]));
        const struct variable variable = {.name = names[i],
                                          .name_length = (uint32_t)strlen(names[i]),
                                          .value = name,
                                          .value_length = (uint32_t)strlen(name)};

        if ((!found || found->value == loader->offered) &&
            variables_put(&loader->scope.variables, &variable) < 0)
            return -ENOMEM;
    }
    loader->offered = name ? name : loader->offered;
    return 0;
}

static bool is_empty(const struct node *document)
{
    return document->kind == NODE_SCALAR && document->type == SCALAR_NULL;
}

static int take_document(struct loader *loader, struct scope *scope, struct node *document,
                         bool plain, struct node **root)
{
    struct node *merged;
    int rc;

    if (is_empty(document))
        return 0;
    if (!read_stack_usable(loader->reader, document)) {
        loader->incomplete = true;
        return 0;
    }
    loader->template.variables = &scope->variables;
    if (scope == &loader->scope && !plain && offer_name(loader, document) != 0)
        return -ENOMEM;
    rc = interpolate(&loader->interpolation, document);
    if (rc == 1)
        loader->too_much = true;
    if (rc)
        return rc < 0 ? rc : 0;
    rc = pass_variables(loader, scope, document);
    if (!rc && !plain)
        rc = include_files(loader, scope, &document);
    if (!rc && !plain)
        rc = extend_services(loader, scope, document);
    if (rc)
        return rc;
    merged = merge_documents(&loader->merger, *root, document);
    if (merged)
        *root = merged;
    loader->too_much = loader->too_much || loader->merger.refused;
    return arena_failed(loader->reader->scratch) ? -ENOMEM : 0;
}

int loader_take_file(struct loader *loader, struct scope *scope, const struct stackfile_text *file,
                     bool plain, struct node **root)
{
    struct yaml_documents documents;
    int rc = yaml_read(file, loader->reader->scratch, loader->reader->faults, &documents);

    if (rc == 1)
        loader->incomplete = true;
    if (rc)
        return rc < 0 ? rc : 0;
    for (size_t i = 0; i < documents.count; i++)
        loader->nodes += documents.root[i]->nodes;
    if (loader->nodes > STACKFILE_VALUES_MAX) {
        (void)too_much(loader, (struct mark){.file = file->name}, "use fewer and smaller files",
                       "all files together hold more than 1048576 values, each counted as often as "
                       "it is used");
        return 0;
    }
    for (size_t i = 0; !rc && i < documents.count; i++)
        rc = take_document(loader, scope, documents.root[i], plain, root);
    return rc;
}

/* --- the request --- */

void loader_init(struct loader *loader, struct reader *reader)
{
    struct arena *arena = reader->scratch;

    *loader = (struct loader){
        .request = reader->request,
        .reader = reader,
        .scope = {.dir = reader->request->project_dir, .variables.arena = arena},
        .template = {.self = loader,
                     .unset = note_unset,
                     .bytes_max = STACKFILE_SCALAR_MAX,
                     .bytes_left = STACKFILE_TOTAL_MAX},
        .interpolation = {.arena = arena, .faults = reader->faults},
        .merger = {.arena = arena, .faults = reader->faults},
        .environment.arena = arena,
        .unset.arena = arena,
    };
    loader->scope.variables.over = &loader->environment;
    loader->interpolation.template = &loader->template;
    if (loader->request->listener && loader->request->listener->met)
        loader->template.met = note_met;
}

void loader_finish(struct loader *loader)
{
    template_finish(&loader->template);
}

static int take_environment(struct loader *loader)
{
    const struct stackfile_request *request = loader->request;
    int rc = variables_take_environment(&loader->environment, request->environment);

    if (rc == 1)
        report(loader->reader, FAULT_ERROR, (struct mark){.file = NULL}, "unset some",
               "more than %d variables in the environment", VARIABLES_MAX);
    for (size_t i = 0; rc >= 0 && !loader->too_much && i < request->env_files_count; i++) {
        const struct stackfile_text *file = &request->env_files[i];
        if (add_file(loader, file, (struct mark){.file = file->name}))
            rc = loader_take_variables(loader, file, DOTENV_COMPOSE, &loader->scope.variables);
    }
    return rc < 0 ? rc : 0;
}

static void tell_variables(const struct loader *loader)
{
    const struct stackfile_listener *listener = loader->request->listener;
    const struct variables *layer = &loader->scope.variables;

    if (!listener || !listener->has)
        return;
    for (; layer; layer = layer->over)
        for (size_t i = 0; i < layer->count; i++) {
            const struct variable *variable = &layer->item[i];
            const char *name =
                arena_text(loader->reader->scratch, variable->name, variable->name_length);
            if (name && (!layer->over ||
                         !variables_find(layer->over, variable->name, variable->name_length)))
                listener->has(listener->self, name, variable->value);
        }
}

int loader_run(struct loader *loader, struct node **ret_root)
{
    const struct stackfile_request *request = loader->request;
    struct node *root = NULL;
    int rc = take_environment(loader);

    if (rc)
        return rc;
    tell_variables(loader);
    for (size_t i = 0; !rc && !loader->too_much && i < request->files_count; i++) {
        const struct stackfile_text *file = &request->files[i];
        if (add_file(loader, file, (struct mark){.file = file->name}))
            rc = loader_take_file(loader, &loader->scope, file, false, &root);
    }
    if (rc)
        return rc;
    if (root && !loader->too_much &&
        (root->nodes > STACKFILE_NODES_MAX || root->bytes > STACKFILE_TEXT_MAX)) {
        report(loader->reader, FAULT_ERROR, root->at,
               "write less, and merge, extend and include less",
               "all files together hold more than %zu values or 16 MiB of texts, each counted as "
               "often as it is used",
               STACKFILE_NODES_MAX);
        loader->too_much = true;
    }
    *ret_root = root;
    return 0;
}
