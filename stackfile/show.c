/* A spec as canonical YAML: see stackfile_show() in stackfile.h. Keys stand in a fixed order, each
 * value in one spelling, and what Compose would read otherwise (restart, memswap_limit) is written
 * out even where the file left it unsaid. */
#include "stackfile/stackfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "stackfile/emit.h"
#include "stackfile/readers.h"
#include "stackfile/value.h"

enum {
    STACK_LEVEL = 0,
    SERVICE_LEVEL = 1,
    KEY_LEVEL = 2,
    INNER_LEVEL = 3,
    DEEP_LEVEL = 4,
    DEEPER_LEVEL = 5,
};

static void show_text(struct emit *emit, unsigned level, const char *key, const char *value)
{
    emit_key(emit, level, key);
    emit_bytes(emit, " ", 1);
    emit_value(emit, value);
    emit_bytes(emit, "\n", 1);
}

static void show_open(struct emit *emit, unsigned level, const char *key)
{
    emit_key(emit, level, key);
    emit_bytes(emit, "\n", 1);
}

static void show_number(struct emit *emit, unsigned level, const char *key, int64_t value)
{
    emit_key(emit, level, key);
    emit_format(emit, " %" PRId64 "\n", value);
}

static void show_integer(struct emit *emit, unsigned level, const char *key,
                         const struct spec_int *value)
{
    if (value->set)
        show_number(emit, level, key, value->value);
}

/* In the largest unit that divides it. */
static void show_bytes(struct emit *emit, unsigned level, const char *key, int64_t bytes)
{
    static const char units[] = "kmgtp";
    int unit = -1;

    while (bytes > 0 && bytes % 1024 == 0 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    if (unit < 0) {
        show_number(emit, level, key, bytes);
        return;
    }
    emit_key(emit, level, key);
    emit_format(emit, " %" PRId64 "%c\n", bytes, units[unit]);
}

static void show_size(struct emit *emit, unsigned level, const char *key,
                      const struct spec_int *value)
{
    if (value->set)
        show_bytes(emit, level, key, value->value);
}

/* 1500 is 1.5 */
static void emit_thousandths(struct emit *emit, int64_t value)
{
    int digits = value % 1000 == 0 ? 0 : value % 100 == 0 ? 1 : value % 10 == 0 ? 2 : 3;
    int64_t fraction = value % 1000;

    for (int i = digits; i < 3; i++)
        fraction /= 10;
    emit_format(emit, "%" PRId64, value / 1000);
    if (digits)
        emit_format(emit, ".%0*" PRId64, digits, fraction);
}

static void show_thousandths(struct emit *emit, unsigned level, const char *key,
                             const struct spec_int *value)
{
    if (!value->set)
        return;
    emit_key(emit, level, key);
    emit_bytes(emit, " ", 1);
    emit_thousandths(emit, value->value);
    emit_bytes(emit, "\n", 1);
}

static void show_share(struct emit *emit, unsigned level, const char *key,
                       const struct spec_size *value)
{
    if (!value->set)
        return;
    if (!value->percent) {
        show_bytes(emit, level, key, value->value);
        return;
    }
    emit_key(emit, level, key);
    emit_bytes(emit, " \"", 2);
    emit_thousandths(emit, value->value);
    emit_bytes(emit, "%\"\n", 3);
}

/* Like 1h5m30s20ms; 0s. */
static void show_duration(struct emit *emit, unsigned level, const char *key,
                          const struct spec_int *value)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{3600 * NSEC_PER_SEC, "h"}, {60 * NSEC_PER_SEC, "m"}, {NSEC_PER_SEC, "s"},
                 {NSEC_PER_MSEC, "ms"},      {NSEC_PER_USEC, "us"},    {1, "ns"}};
    int64_t left = value->value;

    if (!value->set)
        return;
    emit_key(emit, level, key);
    emit_bytes(emit, " ", 1);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (left >= units[i].ns)
            emit_format(emit, "%" PRId64 "%s", left / units[i].ns, units[i].name);
        left %= units[i].ns;
    }
    emit_format(emit, "%s\n", value->value ? "" : "0s");
}

static void show_true(struct emit *emit, unsigned level, const char *key, bool value)
{
    if (!value)
        return;
    emit_key(emit, level, key);
    emit_bytes(emit, " true\n", 6);
}

static void show_optional(struct emit *emit, unsigned level, const char *key,
                          const struct spec_text *text)
{
    if (text->value)
        show_text(emit, level, key, text->value);
}

static void show_items(struct emit *emit, unsigned level, const char *const *item, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        emit_format(emit, "%*s- ", 2 * (int)level, "");
        emit_value(emit, item[i]);
        emit_bytes(emit, "\n", 1);
    }
}

static void show_words(struct emit *emit, const char *key, const struct spec_words *words)
{
    if (!words->set)
        return;
    if (words->count == 0) {
        emit_key(emit, KEY_LEVEL, key);
        emit_bytes(emit, " []\n", 4);
        return;
    }
    show_open(emit, KEY_LEVEL, key);
    show_items(emit, INNER_LEVEL, words->item, words->count);
}

static void show_environment(struct emit *emit, unsigned level, const struct spec_env *env,
                             size_t count)
{
    if (count)
        show_open(emit, level, "environment");
    for (size_t i = 0; i < count; i++) {
        if (env[i].value)
            show_text(emit, level + 1, env[i].name, env[i].value);
        else
            show_open(emit, level + 1, env[i].name);
    }
}

static void show_names(struct emit *emit, const struct spec_service *service)
{
    if (service->labels_count)
        show_open(emit, KEY_LEVEL, "labels");
    for (size_t i = 0; i < service->labels_count; i++)
        show_text(emit, INNER_LEVEL, service->labels[i].name, service->labels[i].value);
    if (service->profiles_count)
        show_open(emit, KEY_LEVEL, "profiles");
    show_items(emit, INNER_LEVEL, service->profiles, service->profiles_count);
}

static void show_restart(struct emit *emit, const struct spec_service *service)
{
    if (service->restart == SPEC_RESTART_ON_FAILURE && service->restart_max > 0) {
        emit_key(emit, KEY_LEVEL, "restart");
        emit_format(emit, " on-failure:%" PRId64 "\n", service->restart_max);
    } else {
        show_text(emit, KEY_LEVEL, "restart", spec_restart_name(service->restart));
    }
}

/* "none", "on-failure", "any" */
static const char *condition_name(enum spec_restart condition)
{
    return condition == SPEC_RESTART_NO           ? "none"
           : condition == SPEC_RESTART_ON_FAILURE ? "on-failure"
                                                  : "any";
}

static void show_restart_policy(struct emit *emit, const struct spec_restart_policy *policy)
{
    if (!policy->set)
        return;
    show_open(emit, KEY_LEVEL, "deploy");
    show_open(emit, INNER_LEVEL, "restart_policy");
    show_text(emit, DEEP_LEVEL, "condition", condition_name(policy->condition));
    show_duration(emit, DEEP_LEVEL, "delay", &policy->delay_ns);
    show_integer(emit, DEEP_LEVEL, "max_attempts", &policy->max_attempts);
    show_duration(emit, DEEP_LEVEL, "window", &policy->window_ns);
}

static void show_healthcheck(struct emit *emit, const struct spec_healthcheck *check)
{
    if (!check->set)
        return;
    show_open(emit, KEY_LEVEL, "healthcheck");
    show_true(emit, INNER_LEVEL, "disable", check->disabled);
    if (check->disabled)
        return;
    show_open(emit, INNER_LEVEL, "test");
    emit_format(emit, "%*s- CMD\n", 2 * DEEP_LEVEL, "");
    show_items(emit, DEEP_LEVEL, check->test.item, check->test.count);
    show_duration(emit, INNER_LEVEL, "interval", &check->interval_ns);
    show_duration(emit, INNER_LEVEL, "timeout", &check->timeout_ns);
    show_integer(emit, INNER_LEVEL, "retries", &check->retries);
    show_duration(emit, INNER_LEVEL, "start_period", &check->start_period_ns);
    show_duration(emit, INNER_LEVEL, "start_interval", &check->start_interval_ns);
}

static void show_hooks(struct emit *emit, const char *key, const struct spec_hooks *hooks)
{
    if (hooks->count)
        show_open(emit, KEY_LEVEL, key);
    for (size_t i = 0; i < hooks->count; i++) {
        const struct spec_hook *hook = &hooks->item[i];

        emit_format(emit, "%*s- ", 2 * INNER_LEVEL, "");
        show_open(emit, STACK_LEVEL, "command");
        show_items(emit, DEEPER_LEVEL, hook->command.item, hook->command.count);
        show_environment(emit, DEEP_LEVEL, hook->environment, hook->environment_count);
        show_optional(emit, DEEP_LEVEL, "working_dir", &hook->working_dir);
        show_optional(emit, DEEP_LEVEL, "user", &hook->user);
    }
}

static void show_depends_on(struct emit *emit, const struct spec_service *service)
{
    if (service->depends_on_count)
        show_open(emit, KEY_LEVEL, "depends_on");
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const struct spec_dependency *dependency = &service->depends_on[i];

        show_open(emit, INNER_LEVEL, dependency->service);
        show_text(emit, DEEP_LEVEL, "condition", spec_condition_name(dependency->condition));
        if (dependency->optional) {
            emit_key(emit, DEEP_LEVEL, "required");
            emit_bytes(emit, " false\n", 7);
        }
        show_true(emit, DEEP_LEVEL, "restart", dependency->restart);
    }
}

static void show_ulimits(struct emit *emit, const struct spec_service *service)
{
    if (service->ulimits_count)
        show_open(emit, KEY_LEVEL, "ulimits");
    for (size_t i = 0; i < service->ulimits_count; i++) {
        const struct spec_rlimit *limit = &service->ulimits[i];

        if (limit->soft == limit->hard) {
            show_number(emit, INNER_LEVEL, limit->name, limit->soft);
            continue;
        }
        show_open(emit, INNER_LEVEL, limit->name);
        show_number(emit, DEEP_LEVEL, "soft", limit->soft);
        show_number(emit, DEEP_LEVEL, "hard", limit->hard);
    }
}

static void show_limits(struct emit *emit, const struct spec_service *service)
{
    show_size(emit, KEY_LEVEL, "mem_limit", &service->mem_limit_bytes);
    show_size(emit, KEY_LEVEL, "memswap_limit",
              service->memswap_limit_bytes.set ? &service->memswap_limit_bytes
                                               : &service->mem_limit_bytes);
    show_size(emit, KEY_LEVEL, "mem_reservation", &service->mem_reservation_bytes);
    show_integer(emit, KEY_LEVEL, "pids_limit", &service->pids_limit);
    show_thousandths(emit, KEY_LEVEL, "cpus", &service->cpus_milli);
    show_integer(emit, KEY_LEVEL, "cpu_shares", &service->cpu_shares);
    show_integer(emit, KEY_LEVEL, "oom_score_adj", &service->oom_score_adj);
    show_ulimits(emit, service);
}

static void show_stop(struct emit *emit, const struct spec_service *service)
{
    char buffer[VALUE_SIGNAL_MAX];
    const char *name = value_signal_name(service->stop_signal.value, buffer);

    if (service->stop_signal.set && name)
        show_text(emit, KEY_LEVEL, "stop_signal", name);
    show_duration(emit, KEY_LEVEL, "stop_grace_period", &service->stop_grace_period_ns);
}

static void show_jitter(struct emit *emit, const struct spec_int *jitter)
{
    if (!jitter->set)
        return;
    emit_key(emit, DEEP_LEVEL, "jitter");
    emit_bytes(emit, " \"", 2);
    emit_thousandths(emit, jitter->value * 100);
    emit_bytes(emit, "%\"\n", 3);
}

static void show_bulkhead(struct emit *emit, const struct spec_service *service)
{
    const struct spec_backoff *backoff = &service->backoff;

    if (!service->memory_high.set && !service->memory_min.set && !service->on_unhealthy_set &&
        !backoff->set)
        return;
    show_open(emit, KEY_LEVEL, "x-bulkhead");
    if (service->on_unhealthy_set)
        show_text(emit, INNER_LEVEL, "on_unhealthy", on_unhealthy_choices[service->on_unhealthy]);
    show_share(emit, INNER_LEVEL, "memory_high", &service->memory_high);
    show_share(emit, INNER_LEVEL, "memory_min", &service->memory_min);
    if (!backoff->set)
        return;
    show_open(emit, INNER_LEVEL, "backoff");
    show_duration(emit, DEEP_LEVEL, "initial", &backoff->initial_ns);
    show_thousandths(emit, DEEP_LEVEL, "factor", &backoff->factor_milli);
    show_duration(emit, DEEP_LEVEL, "max", &backoff->max_ns);
    show_jitter(emit, &backoff->jitter_milli);
    show_duration(emit, DEEP_LEVEL, "reset_after", &backoff->reset_after_ns);
}

static void show_service(struct emit *emit, const struct spec_service *service)
{
    show_open(emit, SERVICE_LEVEL, service->name);
    show_words(emit, "entrypoint", &service->entrypoint);
    show_words(emit, "command", &service->command);
    show_environment(emit, KEY_LEVEL, service->environment, service->environment_count);
    show_optional(emit, KEY_LEVEL, "working_dir", &service->working_dir);
    show_optional(emit, KEY_LEVEL, "user", &service->user);
    show_true(emit, KEY_LEVEL, "tty", service->tty);
    show_true(emit, KEY_LEVEL, "stdin_open", service->stdin_open);
    show_names(emit, service);
    show_integer(emit, KEY_LEVEL, "scale", &service->scale);
    show_restart(emit, service);
    show_restart_policy(emit, &service->restart_policy);
    show_depends_on(emit, service);
    show_healthcheck(emit, &service->healthcheck);
    for (unsigned kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        show_hooks(emit, spec_hook_name(kind), &service->hooks[kind]);
    show_limits(emit, service);
    show_stop(emit, service);
    show_bulkhead(emit, service);
}

int stackfile_show(const struct spec *spec, char **ret_text)
{
    struct emit emit = {.text = NULL};

    show_text(&emit, STACK_LEVEL, "name", spec->name);
    show_open(&emit, STACK_LEVEL, "services");
    for (size_t i = 0; i < spec->services_count; i++)
        show_service(&emit, &spec->services[i]);
    if (emit.failed) {
        free(emit.text);
        return -ENOMEM;
    }
    *ret_text = emit.text;
    return 0;
}
