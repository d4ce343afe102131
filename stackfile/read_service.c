/* Readers of how services restart and wait for each other, and the reader of a service as a
 * whole. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#include "core/limits.h"
#include "stackfile/value.h"

/* --- restart --- */

#define RESTART_REMEDY "write \"no\", always, on-failure, on-failure:N or unless-stopped"

static const enum spec_restart restarts[] = {SPEC_RESTART_NO, SPEC_RESTART_ALWAYS,
                                             SPEC_RESTART_ON_FAILURE, SPEC_RESTART_UNLESS_STOPPED};

static bool restart_by_name(const char *text, size_t length, enum spec_restart *ret_restart)
{
    for (size_t i = 0; i < KEY_COUNT(restarts); i++) {
        const char *name = spec_restart_name(restarts[i]);
        if (strlen(name) == length && strncmp(text, name, length) == 0) {
            *ret_restart = restarts[i];
            return true;
        }
    }
    return false;
}

static bool restart_of_text(const char *text, struct spec_service *service)
{
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    enum spec_restart restart;
    int64_t most = 0;

    if (!restart_by_name(text, length, &restart))
        return false;
    if (colon && (restart != SPEC_RESTART_ON_FAILURE || value_integer(colon + 1, &most) ||
                  most < 0 || most > INT32_MAX))
        return false;
    service->restart = restart;
    service->restart_max = most;
    return true;
}

static void restart_fault(struct reader *reader, const char *key, struct mark at, const char *text)
{
    const char *names[KEY_COUNT(restarts)];
    const char *nearest;

    for (size_t i = 0; i < KEY_COUNT(restarts); i++)
        names[i] = spec_restart_name(restarts[i]);
    nearest = strchr(text, ':') ? NULL : fault_nearest(text, names, KEY_COUNT(names));
    report_key(reader, at, key,
               nearest ? remedy_of("did you mean %s?", nearest).text : RESTART_REMEDY,
               "\"%s\" is not a restart policy", shown(text).text);
}

void read_restart(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    const char *text;

    if (value->kind == NODE_SCALAR && value->type == SCALAR_BOOL) {
        report_key(reader, value->at, key, RESTART_REMEDY, "must be a word, and %s is a boolean",
                   value->text);
        return;
    }
    text = take_text(reader, key, value, ACCEPT_STRING, "a restart policy such as on-failure");
    if (!text)
        return;
    service->restart_set = true;
    service->restart_at = value->at;
    if (!restart_of_text(text, service))
        restart_fault(reader, key, value->at, text);
}

/* --- depends_on --- */

static void read_condition(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    static const char *const names[] = {"service_started", "service_healthy",
                                        "service_completed_successfully"};
    enum spec_condition *condition = into;
    const char *nearest;
    const char *text =
        take_text(reader, key, value, ACCEPT_STRING, "a condition such as service_started");

    if (!text)
        return;
    if (strcmp(text, names[0]) == 0) {
        *condition = SPEC_SERVICE_STARTED;
    } else if (strcmp(text, names[2]) == 0) {
        *condition = SPEC_SERVICE_COMPLETED;
    } else if (strcmp(text, names[1]) == 0) {
        report_key(reader, value->at, key, "write service_started",
                   "service_healthy is not supported yet");
    } else {
        nearest = fault_nearest(text, names, KEY_COUNT(names));
        report_key(reader, value->at, key,
                   nearest ? remedy_of("did you mean %s?", nearest).text
                           : "write service_started or service_completed_successfully",
                   "\"%s\" is not a condition", shown(text).text);
    }
}

static void read_required(struct reader *reader, const char *key, const struct node *value,
                          void *into)
{
    bool required = true;

    if (take_bool(reader, key, value, &required))
        *(bool *)into = !required;
}

static const struct key_row dependency_rows[] = {
    {"condition", .class = KEY_HONOURED, .read = read_condition,
     .offset = offsetof(struct spec_dependency, condition)},
    {"required", .class = KEY_HONOURED, .read = read_required,
     .offset = offsetof(struct spec_dependency, optional)},
    {"restart", .class = KEY_LATER, .remedy = "remove it", .harmless = "false"},
};

static const struct key_table keys_dependency = {
    .prefix = "depends_on.",
    .where = "an entry of depends_on",
    .row = dependency_rows,
    .count = KEY_COUNT(dependency_rows),
};

static size_t dependencies_of_map(struct reader *reader, const struct node *map,
                                  struct spec_dependency *dependencies)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct node_pair *pair = &map->pairs[i];

        dependencies[i].service = keep_text(reader, pair->key->text);
        dependencies[i].at = pair->key->at;
        keys_read(reader, &keys_dependency, "depends_on", pair->value, &dependencies[i]);
        if ((pair->value->kind == NODE_MAP && !node_get(pair->value, "condition")) ||
            (pair->value->kind == NODE_SCALAR && pair->value->type == SCALAR_NULL))
            report_key(
                reader, pair->key->at, "depends_on",
                remedy_of("write %s: {condition: service_started}", shown(pair->key->text).text)
                    .text,
                "%s has no condition", shown(pair->key->text).text);
    }
    return map->count;
}

static size_t dependencies_of_list(struct reader *reader, const struct node *list,
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
    service->depends_on_count = value->kind == NODE_MAP
                                    ? dependencies_of_map(reader, value, dependencies)
                                    : dependencies_of_list(reader, value, dependencies);
    service->depends_on = dependencies;
}

/* --- the service as a whole --- */

/* One value, two spellings: an error where they differ, as in Compose. */
static void unite(struct reader *reader, const char *key, const char *deploy_key,
                  struct spec_int *own, const struct spec_int *deploy)
{
    if (!deploy->set)
        return;
    if (own->set && own->value != deploy->value)
        report(reader, FAULT_ERROR, own->at, "keep one of them",
               "%s differs from deploy.resources.%s in line %u", key, deploy_key, deploy->at.line);
    else if (!own->set)
        *own = *deploy;
}

/* Written, and refused with a fault of its own. */
static bool refused(const struct node *service, const char *key, const struct spec_words *words)
{
    const struct node *value = node_get(service, key);

    return value && !(value->kind == NODE_SCALAR && value->type == SCALAR_NULL) && !words->set;
}

static void nothing_to_run(struct reader *reader, const struct node *key, const struct node *value,
                           const struct spec_service *service)
{
    const char *name = key->text;

    if (service->command.set || service->entrypoint.set)
        report(reader, FAULT_ERROR,
               service->command.set ? service->command.at : service->entrypoint.at,
               "write the program to run", "the command of service %s is empty", name);
    else if (node_get(value, "image") || node_get(value, "build"))
        report(reader, FAULT_ERROR, key->at,
               "bulkhead runs no images: write command: with a program of this host",
               "service %s has an image and no command", shown(name).text);
    else
        report(reader, FAULT_ERROR, key->at, "write command: with the program to run",
               "service %s has neither command nor entrypoint", shown(name).text);
}

static void check_words(struct reader *reader, const struct node *key, const struct node *value,
                        const struct spec_service *service)
{
    const struct spec_words *first =
        service->entrypoint.count ? &service->entrypoint : &service->command;

    if (refused(value, "command", &service->command) ||
        refused(value, "entrypoint", &service->entrypoint))
        return;
    if (first->count == 0)
        nothing_to_run(reader, key, value, service);
    else if (first->item && !*first->item[0])
        report(reader, FAULT_ERROR, first->at, "write the program's name or path",
               "the first word of the %s is empty",
               service->entrypoint.count ? "entrypoint" : "command");
}

static const char service_letters[] = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static void check_name(struct reader *reader, const struct node *key)
{
    if (!*key->text || key->text[strspn(key->text, service_letters)])
        report(reader, FAULT_ERROR, key->at, "use letters, digits, _ . and -",
               "\"%s\" cannot be the name of a service", shown(key->text).text);
    else if (strchr(".-", *key->text))
        report(reader, FAULT_ERROR, key->at, "start it with a letter, a digit or _",
               "the name of a service cannot start with \"%c\"", *key->text);
    else if (key->count > NAME_BYTES_MAX)
        report(reader, FAULT_ERROR, key->at, NULL,
               "the name of a service has more than %d characters", NAME_BYTES_MAX);
}

void read_service(struct reader *reader, const struct node *key, const struct node *value,
                  struct spec_service *ret_service)
{
    struct service_draft draft = {.service.name = keep_text(reader, key->text),
                                  .service.at = key->at};
    struct spec_service *service = &draft.service;
    bool empty = value->kind == NODE_SCALAR && value->type == SCALAR_NULL;

    check_name(reader, key);
    keys_read(reader, &keys_service, key->text, value, &draft);
    unite(reader, "mem_limit", "limits.memory", &service->mem_limit_bytes, &draft.deploy_memory);
    unite(reader, "mem_reservation", "reservations.memory", &service->mem_reservation_bytes,
          &draft.deploy_reservation);
    unite(reader, "pids_limit", "limits.pids", &service->pids_limit, &draft.deploy_pids);
    unite(reader, "cpus", "limits.cpus", &service->cpus_milli, &draft.deploy_cpus);
    if (value->kind == NODE_MAP || empty)
        check_words(reader, key, value, service);
    *ret_service = *service;
}
