/* The reader of a service as a whole. */
#include "stackfile/readers.h"

#include <string.h>

#include "core/limits.h"
#include "stackfile/load.h"

/* One value, two spellings: an error where they differ, as in Compose. */
static void unite(struct reader *reader, const char *key, const char *deploy_key,
                  struct spec_int *own, const struct spec_int *deploy)
{
    if (!deploy->set)
        return;
    if (own->set && own->value != deploy->value)
        report(reader, FAULT_ERROR, own->at, "keep one of them",
               "%s differs from deploy.%s in line %u", key, deploy_key, deploy->at.line);
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

bool service_is_whole(const struct reader *reader, const struct node *service)
{
    return !service->broken && !reader->loader->incomplete;
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
    unite(reader, "mem_limit", "resources.limits.memory", &service->mem_limit_bytes,
          &draft.deploy_memory);
    unite(reader, "mem_reservation", "resources.reservations.memory",
          &service->mem_reservation_bytes, &draft.deploy_reservation);
    unite(reader, "pids_limit", "resources.limits.pids", &service->pids_limit, &draft.deploy_pids);
    unite(reader, "cpus", "resources.limits.cpus", &service->cpus_milli, &draft.deploy_cpus);
    unite(reader, "scale", "replicas", &service->scale, &draft.deploy_replicas);
    settle_restart(reader, service);
    settle_environment(reader, &draft);
    settle_labels(reader, &draft);
    if (service_is_whole(reader, value) && (value->kind == NODE_MAP || empty))
        check_words(reader, key, value, service);
    *ret_service = *service;
}
