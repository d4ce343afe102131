/* A spec as canonical YAML or JSON: see stackfile_show() in stackfile.h. Keys stand in a fixed
 * order, each value in one spelling, and what Compose would read otherwise (restart, memswap_limit)
 * is written out even where the file left it unsaid. */
#include "stackfile/stackfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/budget.h"
#include "core/limits.h"
#include "core/policy.h"
#include "stackfile/emit.h"
#include "stackfile/readers.h"
#include "stackfile/show_values.h"
#include "stackfile/value.h"

/* --- texts --- */

/* `first`, where there is one, stands before the others. */
static void show_list(struct emit *emit, const char *key, const char *first,
                      const char *const *item, size_t count)
{
    if (!first && count == 0)
        return;
    emit_list(emit, key);
    if (first)
        emit_text(emit, NULL, first);
    for (size_t i = 0; i < count; i++)
        emit_text(emit, NULL, item[i]);
    emit_end(emit);
}

static void show_words(struct emit *emit, const char *key, const struct spec_words *words)
{
    if (words->set && words->count == 0)
        emit_literal(emit, key, "[]");
    else if (words->set)
        show_list(emit, key, NULL, words->item, words->count);
}

static void show_environment(struct emit *emit, const struct spec_env *env, size_t count)
{
    if (count == 0)
        return;
    emit_map(emit, "environment");
    for (size_t i = 0; i < count; i++) {
        if (env[i].value)
            emit_text(emit, env[i].name, env[i].value);
        else
            emit_null(emit, env[i].name);
    }
    emit_end(emit);
}

static void show_labels(struct emit *emit, const struct spec_service *service)
{
    if (service->labels_count == 0)
        return;
    emit_map(emit, "labels");
    for (size_t i = 0; i < service->labels_count; i++)
        emit_text(emit, service->labels[i].name, service->labels[i].value);
    emit_end(emit);
}

/* --- its life --- */

static void show_restart(struct emit *emit, const struct spec_service *service)
{
    char text[VALUE_MAX];

    if (service->restart == SPEC_RESTART_ON_FAILURE && service->restart_max > 0) {
        snprintf(text, sizeof(text), "on-failure:%" PRId64, service->restart_max);
        emit_word(emit, "restart", text);
    } else {
        emit_text(emit, "restart", spec_restart_name(service->restart));
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
    emit_map(emit, "deploy");
    emit_map(emit, "restart_policy");
    emit_text(emit, "condition", condition_name(policy->condition));
    show_duration(emit, "delay", &policy->delay_ns);
    show_integer(emit, "max_attempts", &policy->max_attempts);
    show_duration(emit, "window", &policy->window_ns);
    emit_end(emit);
    emit_end(emit);
}

static void show_logging(struct emit *emit, const struct spec_logging *logging)
{
    static const char *const names[LOGGING_DRIVERS] = {"json-file", "none", "journald"};

    if (!logging->set)
        return;
    emit_map(emit, "logging");
    emit_text(emit, "driver", names[logging->driver]);
    if (logging->driver != LOGGING_NONE) {
        emit_map(emit, "options");
        show_size(emit, "max-buffer-size", &logging->max_buffer_bytes);
        show_integer(emit, "max-file", &logging->max_file);
        show_size(emit, "max-size", &logging->max_size_bytes);
        emit_text(emit, "mode", logging->blocking ? "blocking" : "non-blocking");
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_depends_on(struct emit *emit, const struct spec_service *service)
{
    if (service->depends_on_count == 0)
        return;
    emit_map(emit, "depends_on");
    for (size_t i = 0; i < service->depends_on_count; i++) {
        const struct spec_dependency *dependency = &service->depends_on[i];

        emit_map(emit, dependency->service);
        emit_text(emit, "condition", spec_condition_name(dependency->condition));
        if (dependency->optional)
            emit_literal(emit, "required", "false");
        show_true(emit, "restart", dependency->restart);
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_healthcheck(struct emit *emit, const struct spec_healthcheck *check)
{
    if (!check->set)
        return;
    emit_map(emit, "healthcheck");
    show_true(emit, "disable", check->disabled);
    if (!check->disabled) {
        show_list(emit, "test", "CMD", check->test.item, check->test.count);
        show_duration(emit, "interval", &check->interval_ns);
        show_duration(emit, "timeout", &check->timeout_ns);
        show_integer(emit, "retries", &check->retries);
        show_duration(emit, "start_period", &check->start_period_ns);
        show_duration(emit, "start_interval", &check->start_interval_ns);
    }
    emit_end(emit);
}

static void show_hooks(struct emit *emit, const char *key, const struct spec_hooks *hooks)
{
    if (hooks->count == 0)
        return;
    emit_list(emit, key);
    for (size_t i = 0; i < hooks->count; i++) {
        const struct spec_hook *hook = &hooks->item[i];

        emit_map(emit, NULL);
        show_words(emit, "command", &hook->command);
        show_environment(emit, hook->environment, hook->environment_count);
        show_text(emit, "working_dir", &hook->working_dir);
        show_text(emit, "user", &hook->user);
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_stop(struct emit *emit, const struct spec_service *service)
{
    char buffer[VALUE_SIGNAL_MAX];
    const char *name = value_signal_name(service->stop_signal.value, buffer);

    if (service->stop_signal.set && name)
        emit_text(emit, "stop_signal", name);
    show_duration(emit, "stop_grace_period", &service->stop_grace_period_ns);
}

/* --- its limits --- */

static void show_ulimits(struct emit *emit, const struct spec_service *service)
{
    if (service->ulimits_count == 0)
        return;
    emit_map(emit, "ulimits");
    for (size_t i = 0; i < service->ulimits_count; i++) {
        const struct spec_rlimit *limit = &service->ulimits[i];

        if (limit->soft == limit->hard) {
            show_number(emit, limit->name, limit->soft);
            continue;
        }
        emit_map(emit, limit->name);
        show_number(emit, "soft", limit->soft);
        show_number(emit, "hard", limit->hard);
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_limits(struct emit *emit, const struct spec_service *service)
{
    show_size(emit, "mem_limit", &service->mem_limit_bytes);
    show_size(emit, "memswap_limit",
              service->memswap_limit_bytes.set ? &service->memswap_limit_bytes
                                               : &service->mem_limit_bytes);
    show_size(emit, "mem_reservation", &service->mem_reservation_bytes);
    show_text(emit, "cgroup_parent", &service->cgroup_parent);
    show_integer(emit, "pids_limit", &service->pids_limit);
    show_thousandths(emit, "cpus", &service->cpus_milli);
    show_integer(emit, "cpu_shares", &service->cpu_shares);
    show_integer(emit, "oom_score_adj", &service->oom_score_adj);
    show_ulimits(emit, service);
}

/* --- what Compose cannot say --- */

static void show_backoff(struct emit *emit, const struct spec_backoff *backoff)
{
    if (!backoff->set)
        return;
    emit_map(emit, "backoff");
    show_duration(emit, "initial", &backoff->initial_ns);
    show_thousandths(emit, "factor", &backoff->factor_milli);
    show_duration(emit, "max", &backoff->max_ns);
    if (backoff->jitter_milli.set)
        show_percent(emit, "jitter", backoff->jitter_milli.value * 100);
    show_duration(emit, "reset_after", &backoff->reset_after_ns);
    emit_end(emit);
}

static void show_budget(struct emit *emit, const struct spec_budget *budget)
{
    if (!budget->set)
        return;
    show_integer(emit, "max_restarts", &budget->max_restarts);
    show_duration(emit, "window", &budget->window_ns);
    if (budget->then.set)
        emit_text(emit, "then", then_choices[budget->then.value]);
}

static void show_intensity(struct emit *emit, const struct spec_intensity *intensity)
{
    if (!intensity->set)
        return;
    emit_map(emit, "intensity");
    show_budget(emit, &intensity->budget[CAUSE_ANY]);
    for (int cause = CAUSE_ANY + 1; cause < CAUSES_COUNT; cause++) {
        if (!intensity->budget[cause].set)
            continue;
        emit_map(emit, cause_name((enum cause)cause));
        show_budget(emit, &intensity->budget[cause]);
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_exits(struct emit *emit, const char *key, const struct spec_exits *written)
{
    char text[VALUE_SIGNAL_MAX];

    if (!written->set)
        return;
    emit_list(emit, key);
    for (int64_t code = 0; code <= EXIT_CODE_MAX; code++)
        if (exits_has_code(&written->exits, code)) {
            snprintf(text, sizeof(text), "%d", (int)code);
            emit_literal(emit, NULL, text);
        }
    for (int64_t signal = 1; signal <= SIGNAL_MAX; signal++)
        if (exits_has_signal(&written->exits, signal))
            emit_word(emit, NULL, value_signal_name(signal, text));
    emit_end(emit);
}

static void show_report_hook(struct emit *emit, const char *key,
                             const struct spec_report_hook *hook)
{
    if (!hook->set)
        return;
    emit_map(emit, key);
    show_words(emit, "command", &hook->command);
    show_duration(emit, "timeout", &hook->timeout_ns);
    show_text(emit, "user", &hook->user);
    show_size(emit, "mem_limit", &hook->mem_limit_bytes);
    emit_end(emit);
}

static void show_oom(struct emit *emit, const struct spec_oom *oom)
{
    if (!oom->set)
        return;
    emit_map(emit, "oom");
    if (oom->policy.set)
        emit_text(emit, "policy", oom_policy_names[oom->policy.value]);
    show_integer(emit, "victims", &oom->victims);
    show_duration(emit, "within", &oom->within_ns);
    emit_end(emit);
}

static bool has_report_hook(const struct spec_service *service)
{
    return service->report_hooks[SPEC_ON_OOM].set || service->report_hooks[SPEC_ON_HOLD].set;
}

static void show_bulkhead(struct emit *emit, const struct spec_service *service)
{
    if (!service->memory_high.set && !service->memory_min.set && !service->on_unhealthy_set &&
        !service->backoff.set && !service->intensity.set && !service->oom.set &&
        !service->start_timeout_ns.set && !service->success_exit_codes.set &&
        !service->restart_prevent_exit_codes.set && !has_report_hook(service))
        return;
    emit_map(emit, "x-bulkhead");
    if (service->on_unhealthy_set)
        emit_text(emit, "on_unhealthy", on_unhealthy_choices[service->on_unhealthy]);
    show_share(emit, "memory_high", &service->memory_high);
    show_share(emit, "memory_min", &service->memory_min);
    show_duration(emit, "start_timeout", &service->start_timeout_ns);
    show_oom(emit, &service->oom);
    show_backoff(emit, &service->backoff);
    show_intensity(emit, &service->intensity);
    show_exits(emit, "success_exit_codes", &service->success_exit_codes);
    show_exits(emit, "restart_prevent_exit_codes", &service->restart_prevent_exit_codes);
    for (unsigned kind = 0; kind < SPEC_REPORT_KINDS; kind++)
        show_report_hook(emit, spec_report_name(kind), &service->report_hooks[kind]);
    emit_end(emit);
}

static void show_service(struct emit *emit, const struct spec_service *service)
{
    emit_map(emit, service->name);
    show_words(emit, "entrypoint", &service->entrypoint);
    show_words(emit, "command", &service->command);
    show_environment(emit, service->environment, service->environment_count);
    show_text(emit, "working_dir", &service->working_dir);
    show_text(emit, "user", &service->user);
    show_true(emit, "tty", service->tty);
    show_true(emit, "stdin_open", service->stdin_open);
    show_labels(emit, service);
    show_list(emit, "profiles", NULL, service->profiles, service->profiles_count);
    show_integer(emit, "scale", &service->scale);
    show_restart(emit, service);
    show_restart_policy(emit, &service->restart_policy);
    show_depends_on(emit, service);
    show_healthcheck(emit, &service->healthcheck);
    show_logging(emit, &service->logging);
    for (unsigned kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        show_hooks(emit, spec_hook_name(kind), &service->hooks[kind]);
    show_limits(emit, service);
    show_stop(emit, service);
    show_bulkhead(emit, service);
    emit_end(emit);
}

static void show_groups(struct emit *emit, const struct spec_groups *groups)
{
    if (groups->count == 0)
        return;
    emit_map(emit, "groups");
    for (size_t i = 0; i < groups->count; i++) {
        emit_map(emit, groups->item[i].name);
        show_size(emit, "mem_limit", &groups->item[i].mem_limit_bytes);
        show_text(emit, "cgroup_parent", &groups->item[i].parent);
        emit_end(emit);
    }
    emit_end(emit);
}

static void show_stack_bulkhead(struct emit *emit, const struct spec *spec)
{
    bool keeps = spec->history.max_age_ns.set || spec->history.max_size_bytes.set;

    if (!spec->mem_limit_bytes.set && spec->groups.count == 0 && !spec->restart_strategy.set &&
        !keeps)
        return;
    emit_map(emit, "x-bulkhead");
    show_size(emit, "mem_limit", &spec->mem_limit_bytes);
    show_groups(emit, &spec->groups);
    if (spec->restart_strategy.set)
        emit_text(emit, "restart_strategy", strategy_names[spec->restart_strategy.value]);
    if (keeps) {
        emit_map(emit, "history");
        show_duration(emit, "max_age", &spec->history.max_age_ns);
        show_size(emit, "max_size", &spec->history.max_size_bytes);
        emit_end(emit);
    }
    emit_end(emit);
}

static int show(const struct spec *spec, bool json, char **ret_text)
{
    struct emit emit;

    emit_begin(&emit, json);
    emit_text(&emit, "name", spec->name);
    show_stack_bulkhead(&emit, spec);
    emit_map(&emit, "services");
    for (size_t i = 0; i < spec->services_count; i++)
        show_service(&emit, &spec->services[i]);
    emit_end(&emit);
    return emit_finish(&emit, ret_text);
}

int stackfile_show(const struct spec *spec, char **ret_text)
{
    return show(spec, false, ret_text);
}

int stackfile_show_json(const struct spec *spec, char **ret_text)
{
    return show(spec, true, ret_text);
}
