/* See simulate_sweep.h. */
#include "cli/simulate_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/simulate_load.h"
#include "core/fault.h"
#include "stackfile/value.h"

/* --- keys ------------------------------------------------------------------------------------- */

#define KEY_FIELD(name) offsetof(struct policy, name)

enum form {
    FORM_SPAN,
    FORM_NUMBER, // whole
    FORM_MILLI,
    FORM_PERCENT, // in thousandths
    FORM_BYTES,
    FORM_WORD,
    FORM_RESTART,
};

static const char *const then_names[] = {
    [THEN_HOLD] = "hold", [THEN_STOP_STACK] = "stop-stack", NULL};
static const char *const unhealthy_names[] = {
    [UNHEALTHY_NONE] = "none", [UNHEALTHY_RESTART] = "restart", NULL};

static const struct sweep_key {
    const char *name;
    enum form form;
    size_t offset;
    const char *const *words;
} keys[] = {
    {"backoff.factor", FORM_MILLI, KEY_FIELD(backoff_factor_milli), NULL},
    {"backoff.initial", FORM_SPAN, KEY_FIELD(backoff_initial_ns), NULL},
    {"backoff.jitter", FORM_PERCENT, KEY_FIELD(backoff_jitter_milli), NULL},
    {"backoff.max", FORM_SPAN, KEY_FIELD(backoff_max_ns), NULL},
    {"backoff.reset_after", FORM_SPAN, KEY_FIELD(backoff_reset_after_ns), NULL},
    {"healthcheck.interval", FORM_SPAN, KEY_FIELD(health_interval_ns), NULL},
    {"healthcheck.retries", FORM_NUMBER, KEY_FIELD(health_retries), NULL},
    {"intensity.max_restarts", FORM_NUMBER, KEY_FIELD(intensity[CAUSE_ANY].max_restarts), NULL},
    {"intensity.then", FORM_WORD, KEY_FIELD(intensity[CAUSE_ANY].then), then_names},
    {"intensity.window", FORM_SPAN, KEY_FIELD(intensity[CAUSE_ANY].window_ns), NULL},
    {"mem_limit", FORM_BYTES, KEY_FIELD(mem_limit_bytes), NULL},
    {"on_unhealthy", FORM_WORD, KEY_FIELD(on_unhealthy), unhealthy_names},
    {"oom.policy", FORM_WORD, KEY_FIELD(oom_policy), oom_policy_names},
    {"restart", FORM_RESTART, KEY_FIELD(restart), NULL},
    {"restart_strategy", FORM_WORD, KEY_FIELD(strategy), strategy_names},
    {"start_timeout", FORM_SPAN, KEY_FIELD(start_timeout_ns), NULL},
    {"stop_grace_period", FORM_SPAN, KEY_FIELD(stop_grace_ns), NULL},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

void sweep_keys(char *text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; i < KEYS && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", keys[i].name);
}

static bool take_word(const char *text, const char *const *words, int64_t *ret)
{
    for (int64_t i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0) {
            *ret = i;
            return true;
        }
    return false;
}

/* "no", "always", "unless-stopped", "on-failure", "on-failure:5" */
static bool take_restart(const char *text, struct policy *policy)
{
    static const char limited[] = "on-failure:";

    policy->restart_max = 0;
    if (strncmp(text, limited, sizeof(limited) - 1) == 0) {
        policy->restart = RESTART_ON_FAILURE;
        return value_integer(text + sizeof(limited) - 1, &policy->restart_max) == VALUE_OK &&
               policy->restart_max >= 0;
    }
    for (int restart = 0; restart < RESTARTS_COUNT; restart++)
        if (strcmp(restart_name((enum restart)restart), text) == 0) {
            policy->restart = restart;
            return true;
        }
    return false;
}

static bool take(const struct sweep_key *key, const char *text, struct policy *policy)
{
    int64_t value = 0;
    bool good = false;

    switch (key->form) {
    case FORM_SPAN:
        good = value_duration(text, &value) == VALUE_OK && value >= 0;
        break;
    case FORM_NUMBER:
        good = value_integer(text, &value) == VALUE_OK && value >= 0;
        break;
    case FORM_MILLI:
        good = value_thousandths(text, &value) == VALUE_OK;
        break;
    case FORM_PERCENT:
        good = value_percent(text, &value) == VALUE_OK;
        value /= 100;
        break;
    case FORM_BYTES:
        good = value_bytes(text, &value) == VALUE_OK && value >= 0;
        break;
    case FORM_WORD:
        good = take_word(text, key->words, &value);
        break;
    case FORM_RESTART:
        return take_restart(text, policy);
    }
    if (good)
        memcpy((char *)policy + key->offset, &value, sizeof(value));
    return good;
}

/* --- variants --------------------------------------------------------------------------------- */

static size_t digit(const struct sweeps *sweeps, size_t variant, size_t sweep)
{
    for (size_t i = sweeps->count; i-- > sweep + 1;)
        variant /= sweeps->item[i].count;
    return variant % sweeps->item[sweep].count;
}

const char *sweep_value(const struct sweeps *sweeps, size_t variant, size_t sweep)
{
    return sweeps->item[sweep].values[digit(sweeps, variant, sweep)];
}

/* A first wait that is longer than the longest: the longest goes with it. */
static void settle(struct policy *policy)
{
    if (policy->backoff_initial_ns > policy->backoff_max_ns)
        policy->backoff_max_ns = policy->backoff_initial_ns;
}

bool sweep_apply(const struct sweeps *sweeps, size_t variant, struct member *members,
                 uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (size_t j = 0; j < sweeps->count; j++) {
            const struct sweep *sweep = &sweeps->item[j];
            if (*sweep->service && !member_is_of(&members[i], sweep->service))
                continue;
            if (!take(&keys[sweep->key], sweep_value(sweeps, variant, j), &members[i].policy))
                return false;
        }
        settle(&members[i].policy);
        if (!policy_is_valid(&members[i].policy))
            return false;
    }
    return true;
}

/* --- the command line ------------------------------------------------------------------------- */

static int find_key(const struct command_context *context, const char *text, const char *name,
                    size_t *ret)
{
    const char *names[KEYS], *near;
    char known[400];

    for (size_t i = 0; i < KEYS; i++) {
        names[i] = keys[i].name;
        if (strcmp(names[i], name) == 0) {
            *ret = i;
            return 0;
        }
    }
    near = fault_nearest(name, names, KEYS);
    if (near)
        return usage_error(context, "--sweep %s: there is no \"%s\": did you mean \"%s\"?", text,
                           name, near);
    sweep_keys(known, sizeof(known));
    return usage_error(context, "--sweep %s: there is no \"%s\"; there are %s", text, name, known);
}

static int split_values(const struct command_context *context, const char *whole,
                        struct sweep *sweep)
{
    struct policy scratch = policy_default();
    char *rest = sweep->text, *value;

    while ((value = strsep(&rest, ","))) {
        if (sweep->count == VALUES_MAX)
            return usage_error(context, "--sweep %s: more than %d values", whole, VALUES_MAX);
        if (!take(&keys[sweep->key], value, &scratch))
            return usage_error(context, "--sweep %s: \"%s\" is no value for %s", whole, value,
                               keys[sweep->key].name);
        sweep->values[sweep->count++] = value;
    }
    return 0;
}

static int take_sweep(const struct command_context *context, const struct roster *roster,
                      const char *text, struct sweep *sweep)
{
    const char *value = text, *equals;
    char name[64];
    int status;

    if (text[strcspn(text, ":=")] == ':')
        (void)simulate_service_of(context, "sweep", roster, text, ':', sweep->service, &value);
    if (!value)
        return STATUS_USAGE;
    equals = strchr(value, '=');
    if (!equals || (size_t)(equals - value) >= sizeof(name) ||
        strlen(equals + 1) >= sizeof(sweep->text))
        return usage_error(context, "--sweep %s: must be KEY=VALUE,VALUE…", text);
    snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
    status = find_key(context, text, name, &sweep->key);
    if (status != 0)
        return status;
    snprintf(sweep->name, sizeof(sweep->name), "%s%s%s", sweep->service, *sweep->service ? ":" : "",
             name);
    snprintf(sweep->text, sizeof(sweep->text), "%s", equals + 1);
    return split_values(context, text, sweep);
}

/* Each by itself may be good, and both together not. */
static int try_all(const struct command_context *context, const struct roster *roster,
                   const struct sweeps *sweeps)
{
    struct member *members = calloc((size_t)roster->members_count + 1, sizeof(*members));
    int status = 0;

    if (!members)
        return command_failed("out of memory");
    for (size_t i = 0; status == 0 && i < sweeps->variants; i++) {
        memcpy(members, roster->members, roster->members_count * sizeof(*members));
        if (!sweep_apply(sweeps, i, members, roster->members_count))
            status = usage_error(context, "--sweep: a value is out of its range");
    }
    free(members);
    return status;
}

int simulate_sweeps(const struct command_context *context, const struct roster *roster,
                    struct sweeps *ret)
{
    const char *text;
    size_t cursor = 0;

    memset(ret, 0, sizeof(*ret));
    ret->variants = 1;
    while ((text = option_next(context, "sweep", &cursor))) {
        int status;
        if (ret->count == SWEEPS_MAX)
            return usage_error(context, "--sweep more than %d times", SWEEPS_MAX);
        status = take_sweep(context, roster, text, &ret->item[ret->count]);
        if (status != 0)
            return status;
        ret->variants *= ret->item[ret->count++].count;
        if (ret->variants > VARIANTS_MAX)
            return usage_error(context, "--sweep: more than %d combinations", VARIANTS_MAX);
    }
    return try_all(context, roster, ret);
}
