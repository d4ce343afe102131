/* The keys of a service's deploy. */
#include "stackfile/readers.h"

#include <stddef.h>

#define DRAFT(field) offsetof(struct service_draft, field)

static const struct key_row limits_rows[] = {
    {"cpus", .class = KEY_HONOURED, .read = read_cpus, .offset = DRAFT(deploy_cpus)},
    {"memory", .class = KEY_HONOURED, .read = read_bytes_string, .offset = DRAFT(deploy_memory)},
    {"pids", .class = KEY_HONOURED, .read = read_pids, .offset = DRAFT(deploy_pids)},
};

static const struct key_table keys_limits = {
    .prefix = "deploy.resources.limits.",
    .where = "deploy.resources.limits",
    .row = limits_rows,
    .count = KEY_COUNT(limits_rows),
};

static const struct key_row reservations_rows[] = {
    {"cpus", .class = KEY_REFUSED, .remedy = "write cpu_shares: for a share when CPUs are short"},
    {"devices", .class = KEY_REFUSED, .remedy = "services see the host's devices: remove it"},
    {"generic_resources", .class = KEY_REFUSED, .remedy = "there is one host only: remove it"},
    {"memory", .class = KEY_HONOURED, .read = read_bytes_string,
     .offset = DRAFT(deploy_reservation)},
};

static const struct key_table keys_reservations = {
    .prefix = "deploy.resources.reservations.",
    .where = "deploy.resources.reservations",
    .row = reservations_rows,
    .count = KEY_COUNT(reservations_rows),
};

static void read_limits(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    keys_read(reader, &keys_limits, key, value, into);
}

static void read_reservations(struct reader *reader, const char *key, const struct node *value,
                              void *into)
{
    keys_read(reader, &keys_reservations, key, value, into);
}

static const struct key_row resources_rows[] = {
    {"limits", .class = KEY_HONOURED, .table = true, .read = read_limits},
    {"reservations", .class = KEY_HONOURED, .table = true, .read = read_reservations},
};

static const struct key_table keys_resources = {
    .prefix = "deploy.resources.",
    .where = "deploy.resources",
    .row = resources_rows,
    .count = KEY_COUNT(resources_rows),
};

static void read_resources(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    keys_read(reader, &keys_resources, key, value, into);
}

static const struct key_row rows[] = {
    {"endpoint_mode", .class = KEY_NO_EFFECT},
    {"labels", .class = KEY_NO_EFFECT},
    {"mode", .class = KEY_LATER, .remedy = "remove it: one instance runs",
     .harmless = "replicated"},
    {"placement", .class = KEY_NO_EFFECT},
    {"replicas", .class = KEY_LATER,
     .remedy = "write a second service with <<: and the first one's anchor", .harmless = "1"},
    {"resources", .class = KEY_HONOURED, .table = true, .read = read_resources},
    {"restart_policy", .class = KEY_LATER, .remedy = "write restart: and x-bulkhead: {backoff: …}"},
    {"rollback_config", .class = KEY_NO_EFFECT},
    {"update_config", .class = KEY_NO_EFFECT},
};

const struct key_table keys_deploy = {
    .prefix = "deploy.",
    .where = "deploy",
    .row = rows,
    .count = KEY_COUNT(rows),
    .other = &keys_service,
    .other_remedy = "write it in the service itself, beside deploy:",
};

void read_deploy(struct reader *reader, const char *key, const struct node *value, void *into)
{
    keys_read(reader, &keys_deploy, key, value, into);
}
