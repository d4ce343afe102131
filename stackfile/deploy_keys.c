/* The keys of a service's deploy. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

#define DRAFT(field) offsetof(struct service_draft, field)

static const struct key_row limits_rows[] = {
    {"cpus", .class = KEY_HONOURED, .shape = SHAPE_NUMBER, .read = read_cpus,
     .offset = DRAFT(deploy_cpus), .about = "as cpus of the service"},
    {"memory", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_bytes_string,
     .offset = DRAFT(deploy_memory), .about = "as mem_limit of the service"},
    {"pids", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_pids,
     .offset = DRAFT(deploy_pids), .about = "as pids_limit of the service"},
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
    {"memory", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_bytes_string,
     .offset = DRAFT(deploy_reservation), .about = "as mem_reservation of the service"},
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
    {"limits", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_limits,
     .read = read_limits, .about = "what the service may use at most"},
    {"reservations", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE,
     .inner = &keys_reservations, .read = read_reservations,
     .about = "what is kept for the service"},
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

static const struct key_row placement_rows[] = {
    {"constraints", .class = KEY_NO_EFFECT},
    {"max_replicas_per_node", .class = KEY_REFUSED,
     .remedy = "there is one host only: write replicas: for how many it runs"},
    {"preferences", .class = KEY_NO_EFFECT},
};

static const struct key_table keys_placement = {
    .prefix = "deploy.placement.",
    .where = "deploy.placement",
    .row = placement_rows,
    .count = KEY_COUNT(placement_rows),
};

static void read_placement(struct reader *reader, const char *key, const struct node *value,
                           void *into)
{
    keys_read(reader, &keys_placement, key, value, into);
}

static const char *const modes[] = {"replicated", NULL};

static void read_mode(struct reader *reader, const char *key, const struct node *value, void *into)
{
    static const char *const others[] = {"global", "replicated-job", "global-job"};

    (void)into;
    for (size_t i = 0; value->kind == NODE_SCALAR && i < KEY_COUNT(others); i++) {
        if (strcmp(value->text, others[i]) != 0)
            continue;
        report_key(reader, value->at, key,
                   "remove it, and write replicas: for how many instances run on this host",
                   "%s is not supported", others[i]);
        return;
    }
    take_choice(reader, key, value, modes, "a mode");
}

static const struct key_row rows[] = {
    {"endpoint_mode", .class = KEY_NO_EFFECT},
    {"labels", .class = KEY_NO_EFFECT},
    {"mode", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = modes, .read = read_mode,
     .about = "how the number of instances is meant"},
    {"placement", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_TABLE,
     .inner = &keys_placement, .read = read_placement, .about = "there is one host only"},
    {"replicas", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_scale,
     .offset = DRAFT(deploy_replicas), .about = "as scale of the service"},
    {"resources", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE,
     .inner = &keys_resources, .read = read_resources, .about = "limits and reservations"},
    {"restart_policy", .class = KEY_HONOURED, .table = true, .nullable = true, .shape = SHAPE_TABLE,
     .inner = &keys_restart_policy, .read = read_restart_policy,
     .offset = DRAFT(service.restart_policy), .about = "goes before restart"},
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
