/* See merge_rules.h. Source: compose-go, override/merge.go and override/uncity.go. */
#include "stackfile/merge_rules.h"

#include <stdio.h>
#include <string.h>

static const struct merge_rule build_rules[] = {
    {"additional_contexts", MERGE_PAIRS, 0, NULL},
    {"args", MERGE_PAIRS, 0, NULL},
    {"extra_hosts", MERGE_HOSTS, 0, NULL},
    {"labels", MERGE_PAIRS, 0, NULL},
    {"platform", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"tags", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule deploy_rules[] = {
    {"labels", MERGE_PAIRS, 0, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule healthcheck_rules[] = {
    {"test", MERGE_REPLACE, 0, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule report_hook_rules[] = {
    {"command", MERGE_REPLACE, 0, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule bulkhead_rules[] = {
    {"on_hold", MERGE_DEEP, 0, report_hook_rules},
    {"on_oom", MERGE_DEEP, 0, report_hook_rules},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule network_rules[] = {
    {"aliases", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"link_local_ips", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule networks_rules[] = {
    {"*", MERGE_DEEP, 0, network_rules},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule ulimits_rules[] = {
    {"*", MERGE_REPLACE, 0, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

const struct merge_rule merge_rules_service[] = {
    {"annotations", MERGE_PAIRS, 0, NULL},
    {"build", MERGE_BUILD, 0, build_rules},
    {"cap_add", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"cap_drop", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"command", MERGE_REPLACE, 0, NULL},
    {"configs", MERGE_UNIQUE, ENTRY_MOUNT, NULL},
    {"depends_on", MERGE_DEPENDS_ON, 0, NULL},
    {"deploy", MERGE_DEEP, 0, deploy_rules},
    {"devices", MERGE_UNIQUE, ENTRY_TARGET, NULL},
    {"dns", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"dns_opt", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"dns_search", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"entrypoint", MERGE_REPLACE, 0, NULL},
    {"env_file", MERGE_UNIQUE, ENTRY_TEXT, NULL},
    {"environment", MERGE_PAIRS, 0, NULL},
    {"expose", MERGE_UNIQUE, ENTRY_TEXT, NULL},
    {"extra_hosts", MERGE_HOSTS, 0, NULL},
    {"healthcheck", MERGE_DEEP, 0, healthcheck_rules},
    {"label_file", MERGE_LIST, 0, NULL},
    {"labels", MERGE_PAIRS, 0, NULL},
    {"links", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"logging", MERGE_LOGGING, 0, NULL},
    {"models", MERGE_NAMES, 0, NULL},
    {"networks", MERGE_NAMES, 0, networks_rules},
    {"ports", MERGE_UNIQUE, ENTRY_PORT, NULL},
    {"profiles", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"secrets", MERGE_UNIQUE, ENTRY_MOUNT, NULL},
    {"sysctls", MERGE_PAIRS, 0, NULL},
    {"tmpfs", MERGE_UNIQUE, ENTRY_NAME, NULL},
    {"ulimits", MERGE_DEEP, 0, ulimits_rules},
    {"volumes", MERGE_UNIQUE, ENTRY_TARGET, NULL},
    {"x-bulkhead", MERGE_DEEP, 0, bulkhead_rules},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule services_rules[] = {
    {"*", MERGE_DEEP, 0, merge_rules_service},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule labelled_rules[] = {
    {"labels", MERGE_PAIRS, 0, NULL},
    {NULL, MERGE_DEEP, 0, NULL},
};

static const struct merge_rule resources_rules[] = {
    {"*", MERGE_DEEP, 0, labelled_rules},
    {NULL, MERGE_DEEP, 0, NULL},
};

const struct merge_rule merge_rules_document[] = {
    {"networks", MERGE_DEEP, 0, resources_rules},
    {"services", MERGE_DEEP, 0, services_rules},
    {"volumes", MERGE_DEEP, 0, resources_rules},
    {"x-bulkhead", MERGE_DEEP, 0, bulkhead_rules},
    {NULL, MERGE_DEEP, 0, NULL},
};

const struct merge_rule *merge_rule_find(const struct merge_rule *table, const char *key)
{
    for (; table && table->key; table++)
        if (strcmp(table->key, "*") == 0 || strcmp(table->key, key) == 0)
            return table;
    return NULL;
}

/* --- entries of lists --- */

static const char *text_of(const struct node *item, const char *key, const char *otherwise)
{
    const struct node *value = node_get(item, key);

    return value && value->kind == NODE_SCALAR && value->type != SCALAR_NULL ? value->text
                                                                             : otherwise;
}

/* SOURCE:TARGET[:MODE], or TARGET alone. */
static const char *target_of(const char *text, char room[ENTRY_KEY_MAX])
{
    const char *colon = strchr(text, ':');
    const char *target = colon ? colon + 1 : text;
    size_t length = strcspn(target, ":");

    if (length >= ENTRY_KEY_MAX)
        return NULL;
    memcpy(room, target, length);
    room[length] = '\0';
    return room;
}

static const char *name_of(const char *text, char room[ENTRY_KEY_MAX])
{
    size_t length = strcspn(text, "=");

    if (!text[length])
        return text;
    if (length >= ENTRY_KEY_MAX)
        return NULL;
    memcpy(room, text, length);
    room[length] = '\0';
    return room;
}

/* A config or secret is mounted where its name says, unless a target does. */
static const char *mount_of(const struct node *item)
{
    return item->kind == NODE_SCALAR ? item->text
                                     : text_of(item, "target", text_of(item, "source", NULL));
}

static const char *port_of(const struct node *item, char room[ENTRY_KEY_MAX])
{
    const char *target = text_of(item, "target", NULL);
    int length;

    if (!target)
        return NULL;
    length = snprintf(room, ENTRY_KEY_MAX, "%s:%s:%s/%s", text_of(item, "host_ip", "0.0.0.0"),
                      text_of(item, "published", ""), target, text_of(item, "protocol", "tcp"));
    return length < ENTRY_KEY_MAX ? room : NULL;
}

const char *merge_entry_key(enum merge_entry entry, const struct node *item,
                            char room[ENTRY_KEY_MAX])
{
    if (item->kind == NODE_LIST)
        return NULL;
    switch (entry) {
    case ENTRY_TEXT:
        return item->kind == NODE_SCALAR ? item->text : text_of(item, "path", NULL);
    case ENTRY_NAME:
        return item->kind == NODE_SCALAR ? name_of(item->text, room) : NULL;
    case ENTRY_TARGET:
        return item->kind == NODE_SCALAR ? target_of(item->text, room)
                                         : text_of(item, "target", NULL);
    case ENTRY_MOUNT:
        return mount_of(item);
    case ENTRY_PORT:
        return item->kind == NODE_SCALAR ? item->text : port_of(item, room);
    }
    return NULL;
}
