/* See read_stack.h. */
#include "stackfile/read_stack.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "core/limits.h"
#include "core/policy.h"
#include "stackfile/check.h"
#include "stackfile/load.h"
#include "stackfile/readers.h"

struct stack_draft {
    struct spec_text name;
    struct spec_int mem_limit_bytes;
    struct spec_groups groups;
    const struct node *services;
    struct spec_intensity intensity;
    struct spec_int restart_strategy;
    struct spec_history history;
    struct spec_report_hook report_hooks[SPEC_REPORT_KINDS];
};

static const char name_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

#define NAME_REMEDY "use lower-case letters, digits, _ and -, a letter or a digit first"

static bool valid_project_name(const char *name)
{
    return *name && !strchr("_-", *name) && !name[strspn(name, name_letters)] &&
           strlen(name) <= NAME_BYTES_MAX;
}

static void read_name(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a name such as shop");

    if (!text)
        return;
    if (!valid_project_name(text))
        report_key(reader, value->at, key, NAME_REMEDY, "\"%s\" cannot be a project's name",
                   shown(text).text);
    else
        *(struct spec_text *)into =
            (struct spec_text){.value = keep_text(reader, text), .at = value->at};
}

static void read_services(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    (void)reader;
    (void)key;
    *(const struct node **)into = value;
}

static void read_strategy(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    int choice = take_choice(reader, key, value, strategy_names, "a strategy");

    if (choice >= 0)
        *(struct spec_int *)into = (struct spec_int){true, choice, value->at};
}

static const struct key_row bulkhead_rows[] = {
    {"groups", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_NAMED,
     .inner = &keys_group, .read = read_groups, .offset = offsetof(struct stack_draft, groups),
     .about = "groups of services that share a memory limit, by name; cgroup_parent: in a service "
              "puts it into one"},
    {"history", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_history,
     .read = read_history, .offset = offsetof(struct stack_draft, history),
     .about = "how long events, deaths and samples are kept"},
    {"intensity", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE,
     .inner = &keys_intensity, .read = read_intensity,
     .offset = offsetof(struct stack_draft, intensity),
     .about = "the intensity of each service that has none of its own"},
    {"mem_limit", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_bytes,
     .offset = offsetof(struct stack_draft, mem_limit_bytes),
     .about = "what all services, probes and hooks of the stack may have together"},
    {"on_hold", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_on_hold,
     .read = read_on_hold, .offset = offsetof(struct stack_draft, report_hooks[SPEC_ON_HOLD]),
     .about = "the on_hold of each service that has none of its own"},
    {"on_oom", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_on_oom,
     .read = read_on_oom, .offset = offsetof(struct stack_draft, report_hooks[SPEC_ON_OOM]),
     .about = "the on_oom of each service that has none of its own"},
    {"restart_strategy", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = strategy_names,
     .read = read_strategy, .offset = offsetof(struct stack_draft, restart_strategy),
     .about = "who is restarted with a service that failed: one-for-one, the default, nobody; "
              "one-for-all, all; rest-for-one, those after it"},
};

static const struct key_table keys_stack_bulkhead = {
    .prefix = "x-bulkhead.",
    .where = "the top-level x-bulkhead",
    .row = bulkhead_rows,
    .count = KEY_COUNT(bulkhead_rows),
    .strict = true,
    .other = &keys_bulkhead,
    .other_remedy = "write it in the x-bulkhead: of a service",
};

static void read_stack_bulkhead(struct reader *reader, const char *key, const struct node *value,
                                void *into)
{
    keys_read(reader, &keys_stack_bulkhead, key, value, into);
}

/* Every service is in the network `default`, and an internal one has no way out. */
static void read_networks(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    const struct node *network = node_get(value, "default");
    const struct node *internal = network ? node_get(network, "internal") : NULL;
    bool isolates = false;

    (void)into;
    if (internal && take_bool(reader, key, internal, &isolates) && isolates)
        report_key(reader, internal->at, key, "remove it, and let services listen on 127.0.0.1",
                   "default cannot be internal: services share the host's network");
}

/* Networks, volumes and the like only say what services may use; a service's use of them is refused
 * in its own table. */
static const struct key_row rows[] = {
    {"configs", .class = KEY_NO_EFFECT},
    {"include", .class = KEY_HONOURED, .shape = SHAPE_FILES, .inner = &keys_include,
     .read = read_loaded, .about = "other stack files, whose services become part of this one"},
    {"models", .class = KEY_NO_EFFECT},
    {"name", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_name,
     .offset = offsetof(struct stack_draft, name),
     .about = "of the project; default: that of its folder"},
    {"networks", .class = KEY_NO_EFFECT, .read = read_networks},
    {"secrets", .class = KEY_NO_EFFECT},
    {"services", .class = KEY_HONOURED, .table = true, .shape = SHAPE_NAMED, .inner = &keys_service,
     .read = read_services, .offset = offsetof(struct stack_draft, services),
     .about = "what is to run, by name"},
    {"version", .class = KEY_NO_EFFECT},
    {"volumes", .class = KEY_NO_EFFECT},
    {"x-bulkhead", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_TABLE,
     .inner = &keys_stack_bulkhead, .read = read_stack_bulkhead,
     .about = "what Compose cannot say of a stack"},
};

const struct key_table keys_top = {
    .prefix = "",
    .where = "the stack file",
    .row = rows,
    .count = KEY_COUNT(rows),
    .other = &keys_service,
    .other_remedy = "write it in a service, below services:",
};

/* --- files of other programs --- */

static const struct node *service_of_version_1(const struct node *root)
{
    for (size_t i = 0; i < root->count; i++) {
        const struct node *value = root->pairs[i].value;
        if (!keys_find(&keys_top, root->pairs[i].key->text) &&
            (node_get(value, "image") || node_get(value, "build") || node_get(value, "command")))
            return root->pairs[i].key;
    }
    return NULL;
}

static const struct node *key_of(const struct node *map, const char *key)
{
    for (size_t i = 0; map->kind == NODE_MAP && i < map->count; i++)
        if (strcmp(map->pairs[i].key->text, key) == 0)
            return map->pairs[i].key;
    return NULL;
}

static bool is_dockerfile(const struct node *root)
{
    return root->kind == NODE_SCALAR &&
           (strncasecmp(root->text, "FROM ", 5) == 0 || strncasecmp(root->text, "ARG ", 4) == 0);
}

/* True: said what the file is, and there is no point in saying more. */
static bool foreign_file(struct reader *reader, const struct node *root)
{
    const struct node *found;

    if (is_dockerfile(root))
        report(reader, FAULT_ERROR, root->at,
               "bulkhead runs no images: write a stack file with services: and their command:",
               "this is a Dockerfile, not a stack file");
    else if ((found = key_of(root, "processes")))
        report(reader, FAULT_ERROR, found->at,
               "rename processes: to services:, availability: {restart: on_failure} to "
               "restart: on-failure, process_started to service_started, and put shell syntax "
               "into [/bin/sh, -c, …]",
               "this is a process-compose file, not a stack file");
    else if (root->kind == NODE_MAP && node_get(root, "apiVersion") && node_get(root, "kind"))
        report(
            reader, FAULT_ERROR, root->at,
            "write a stack file: services:, and below it each container's command: and mem_limit:",
            "this is a Kubernetes manifest, not a stack file");
    else if (root->kind == NODE_MAP && !node_get(root, "services") &&
             (found = service_of_version_1(root)))
        report(reader, FAULT_ERROR, found->at, "write services: and indent the services below it",
               "service %s stands at the top, as in Compose files of version 1",
               shown(found->text).text);
    else
        return false;
    return true;
}

/* --- the project's name --- */

/* As Compose: the folder's own name in lower case, without what a name cannot have. */
const char *read_stack_name_of(struct reader *reader, const char *folder)
{
    size_t end = strlen(folder), start, length = 0;
    char *name;

    while (end > 0 && folder[end - 1] == '/')
        end--;
    for (start = end; start > 0 && folder[start - 1] != '/';)
        start--;
    name = arena_text(reader->arena, folder + start, end - start);
    for (size_t i = 0; name && name[i]; i++) {
        char c = (char)tolower((unsigned char)name[i]);
        if (strchr(name_letters, c) && (length > 0 || !strchr("_-", c)) && length < NAME_BYTES_MAX)
            name[length++] = c;
    }
    if (name)
        name[length] = '\0';
    return name;
}

static void settle_name(struct reader *reader, const struct stack_draft *draft, struct spec *spec)
{
    const struct stackfile_request *request = reader->request;

    spec->name_written = draft->name.value != NULL;
    if (request->project_name) {
        spec->name = keep_text(reader, request->project_name);
        if (!valid_project_name(request->project_name))
            report(reader, FAULT_ERROR, (struct mark){.file = NULL}, NAME_REMEDY,
                   "\"%s\" cannot be a project's name", shown(request->project_name).text);
        return;
    }
    spec->name = draft->name.value;
    if (spec->name)
        return;
    spec->name = read_stack_name_of(reader, request->project_dir);
    if (spec->name && !*spec->name)
        report(reader, FAULT_ERROR, (struct mark){.file = request->files[0].name},
               "write name: at the top of the file", "the folder %s gives no name for the project",
               shown(request->project_dir).text);
}

/* --- services --- */

/* What the stack says for those that say nothing themselves. */
static void take_defaults(const struct stack_draft *draft, struct spec_service *service)
{
    if (service->intensity.at.line == 0)
        service->intensity = draft->intensity;
    for (int kind = 0; kind < SPEC_REPORT_KINDS; kind++) {
        struct spec_report_hook *hook = &service->report_hooks[kind];

        if (hook->at.line == 0) {
            *hook = draft->report_hooks[kind];
            hook->shared = true;
        }
    }
}

static int read_all(struct reader *reader, const struct stack_draft *draft, struct spec *spec)
{
    const struct node *map = draft->services;
    struct spec_service *services = arena_array(reader->arena, map->count, sizeof(*services));
    bool whole = true;

    if (!services)
        return -ENOMEM;
    reader->prefix = "services.";
    for (size_t i = 0; i < map->count; i++) {
        const struct node *key = map->pairs[i].key, *value = map->pairs[i].value;

        read_service(reader, key, value, &services[i]);
        take_defaults(draft, &services[i]);
        if (service_is_whole(reader, value))
            check_service(reader, &services[i]);
        else
            whole = false;
    }
    reader->prefix = "";
    if (arena_failed(reader->arena))
        return -ENOMEM;
    check_instances(reader, services, map->count);
    spec->services = services;
    spec->services_count = map->count;
    check_groups(reader, spec);
    return whole ? check_dependencies(reader, services, map->count) : 0;
}

static int read_services_of(struct reader *reader, const struct node *root,
                            const struct stack_draft *draft, struct spec *spec)
{
    const struct node *services = draft->services;
    bool none = !services || (services->kind == NODE_SCALAR && services->type == SCALAR_NULL) ||
                (services->kind == NODE_MAP && services->count == 0);

    if (!services && (reader->faults->errors > 0 || reader->loader->incomplete))
        return 0; // a slip in the word is said already
    if (none)
        report(reader, FAULT_ERROR, services ? services->at : root->at,
               "write services: and below it a name with a command:", "there are no services");
    else if (services->kind != NODE_MAP)
        report(reader, FAULT_ERROR, services->at,
               "write each service as a name with its keys below",
               "services must be a mapping, not %s", node_kind_name(services));
    else if (services->count > INSTANCES_MAX)
        report(reader, FAULT_ERROR, services->at, "split the stack",
               "%u services, and %d is the most", services->count, INSTANCES_MAX);
    else
        return read_all(reader, draft, spec);
    return 0;
}

bool read_stack_usable(struct reader *reader, const struct node *root)
{
    if (foreign_file(reader, root))
        return false;
    if (root->kind == NODE_MAP)
        return true;
    report(reader, FAULT_ERROR, root->at,
           "start it with services:", "a stack file must be a mapping, not %s",
           node_kind_name(root));
    return false;
}

int read_stack(struct reader *reader, const struct node *root, struct spec *spec)
{
    struct stack_draft draft = {.services = NULL};

    if (!root) {
        report(reader, FAULT_ERROR, (struct mark){.file = reader->request->files[0].name},
               "write services: and below it a name with a command:", "the file is empty");
        return 0;
    }
    keys_read(reader, &keys_top, "", root, &draft);
    settle_name(reader, &draft, spec);
    spec->mem_limit_bytes = draft.mem_limit_bytes;
    spec->groups = draft.groups;
    spec->restart_strategy = draft.restart_strategy;
    spec->history = draft.history;
    spec->file = keep_text(reader, reader->request->files[0].name);
    spec->project_dir = keep_text(reader, reader->request->project_dir);
    return read_services_of(reader, root, &draft, spec);
}
