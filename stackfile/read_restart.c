/* The readers of how a service restarts: restart, deploy.restart_policy, x-bulkhead.on_unhealthy,
 * and what they come to together. */
#include "stackfile/readers.h"

#include <stddef.h>
#include <string.h>

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

/* --- deploy.restart_policy --- */

static const char *const policy_conditions[] = {"none", "on-failure", "any", NULL};

static void read_policy_condition(struct reader *reader, const char *key, const struct node *value,
                                  void *into)
{
    static const enum spec_restart meanings[] = {SPEC_RESTART_NO, SPEC_RESTART_ON_FAILURE,
                                                 SPEC_RESTART_ALWAYS};
    struct spec_restart_policy *policy = into;
    int condition = take_choice(reader, key, value, policy_conditions, "a condition");

    if (condition < 0)
        return;
    policy->condition = meanings[condition];
    policy->condition_set = true;
}

#define POLICY(field) offsetof(struct spec_restart_policy, field)

static const struct key_row policy_rows[] = {
    {"condition", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = policy_conditions,
     .read = read_policy_condition, .about = "after which ends to restart; default any"},
    {"delay", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = POLICY(delay_ns),
     .about = "the wait before the first restart; before each one, where there is no "
              "x-bulkhead.backoff"},
    {"max_attempts", .class = KEY_HONOURED, .shape = SHAPE_WHOLE, .read = read_attempts,
     .offset = POLICY(max_attempts), .about = "the most restarts; 0, the default, is no bound"},
    {"window", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = POLICY(window_ns), .about = "a service that was up this long begins to count anew"},
};

const struct key_table keys_restart_policy = {
    .prefix = "deploy.restart_policy.",
    .where = "deploy.restart_policy",
    .row = policy_rows,
    .count = KEY_COUNT(policy_rows),
};

void read_restart_policy(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    struct spec_restart_policy *policy = into;

    *policy = (struct spec_restart_policy){
        .set = value->kind == NODE_MAP, .condition = SPEC_RESTART_ALWAYS, .at = value->at};
    keys_read(reader, &keys_restart_policy, key, value, policy);
}

/* --- x-bulkhead.on_unhealthy --- */

const char *const on_unhealthy_choices[] = {
    [SPEC_UNHEALTHY_RESTART] = "restart",
    [SPEC_UNHEALTHY_NONE] = "none",
    NULL,
};

void read_on_unhealthy(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    int choice = take_choice(reader, key, value, on_unhealthy_choices, "a reaction");

    if (choice < 0)
        return;
    service->on_unhealthy = (enum spec_on_unhealthy)choice;
    service->on_unhealthy_set = true;
    service->on_unhealthy_at = value->at;
}

/* --- together --- */

static void say_what_goes_first(struct reader *reader, const struct spec_service *service)
{
    const struct spec_restart_policy *policy = &service->restart_policy;
    bool same = service->restart == policy->condition && service->restart_max == 0;

    if (!service->restart_set || same ||
        (service->restart == policy->condition &&
         service->restart_max == policy->max_attempts.value))
        return;
    report(reader, FAULT_WARNING, service->restart_at, "keep one of them",
           "restart gives way to deploy.restart_policy in line %u, as in Compose", policy->at.line);
}

void settle_restart(struct reader *reader, struct spec_service *service)
{
    const struct spec_restart_policy *policy = &service->restart_policy;

    if (!policy->set)
        return;
    say_what_goes_first(reader, service);
    if (policy->delay_ns.set && service->backoff.initial_ns.set &&
        policy->delay_ns.value != service->backoff.initial_ns.value)
        report(reader, FAULT_ERROR, policy->delay_ns.at, "keep one of them, or write the same",
               "deploy.restart_policy.delay is not x-bulkhead.backoff.initial in line %u",
               service->backoff.initial_ns.at.line);
    if (policy->window_ns.set && policy->max_attempts.value == 0)
        report(reader, FAULT_WARNING, policy->window_ns.at, "write max_attempts: too, or remove it",
               "deploy.restart_policy.window has no effect without max_attempts");
    service->restart = policy->condition;
    service->restart_max = policy->max_attempts.value;
    service->restart_set = true;
    service->restart_at = policy->at;
}
