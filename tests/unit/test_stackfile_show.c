// links: tests/unit/any_spec.o stackfile core -lyaml
/* stackfile/show, emit: generated specs come back from their canonical text as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stackfile/stackfile.h"
#include "tests/unit/any_spec.h"

static void must_load(const char *text, struct spec *ret_spec)
{
    const struct stackfile_text file = {"a.yaml", text, strlen(text)};
    struct stackfile_request request = {.files = &file,
                                        .files_count = 1,
                                        .project_dir = "/srv/shop",
                                        .lowering_oom_score_allowed = true};
    struct faults faults;

    faults_init(&faults);
    if (stackfile_load(&request, ret_spec, &faults) != 0)
        fail_msg("%u:%u: %s in\n%s", faults.item[0].at.line, faults.item[0].at.column,
                 faults.item[0].what, text);
}

static void same_int(const struct spec_int *a, const struct spec_int *b)
{
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->value, b->value);
}

static void same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_string_equal(a, b);
}

static void same_words(const struct spec_words *a, const struct spec_words *b)
{
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->item[i], b->item[i]);
}

static void same_exits(const struct spec_exits *a, const struct spec_exits *b)
{
    assert_int_equal(a->set, b->set);
    assert_memory_equal(&a->exits, &b->exits, sizeof(a->exits));
}

static void same_size(const struct spec_size *a, const struct spec_size *b)
{
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->percent, b->percent);
    assert_int_equal(a->value, b->value);
}

static void same_environment(const struct spec_env *a, size_t a_count, const struct spec_env *b,
                             size_t b_count)
{
    assert_int_equal(a_count, b_count);
    for (size_t i = 0; i < a_count; i++) {
        assert_string_equal(a[i].name, b[i].name);
        same_text(a[i].value, b[i].value);
    }
}

static void same_names(const struct spec_service *a, const struct spec_service *b)
{
    assert_int_equal(a->labels_count, b->labels_count);
    for (size_t i = 0; i < a->labels_count; i++) {
        assert_string_equal(a->labels[i].name, b->labels[i].name);
        assert_string_equal(a->labels[i].value, b->labels[i].value);
    }
    assert_int_equal(a->profiles_count, b->profiles_count);
    for (size_t i = 0; i < a->profiles_count; i++)
        assert_string_equal(a->profiles[i], b->profiles[i]);
}

static void same_healthcheck(const struct spec_healthcheck *a, const struct spec_healthcheck *b)
{
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->disabled, b->disabled);
    same_words(&a->test, &b->test);
    same_int(&a->interval_ns, &b->interval_ns);
    same_int(&a->timeout_ns, &b->timeout_ns);
    same_int(&a->retries, &b->retries);
    same_int(&a->start_period_ns, &b->start_period_ns);
    same_int(&a->start_interval_ns, &b->start_interval_ns);
}

static void same_hooks(const struct spec_hooks *a, const struct spec_hooks *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        same_words(&a->item[i].command, &b->item[i].command);
        same_text(a->item[i].working_dir.value, b->item[i].working_dir.value);
        same_text(a->item[i].user.value, b->item[i].user.value);
        same_environment(a->item[i].environment, a->item[i].environment_count,
                         b->item[i].environment, b->item[i].environment_count);
    }
}

static void same_report_hook(const struct spec_report_hook *a, const struct spec_report_hook *b)
{
    assert_int_equal(a->set, b->set);
    same_words(&a->command, &b->command);
    same_int(&a->timeout_ns, &b->timeout_ns);
    same_int(&a->mem_limit_bytes, &b->mem_limit_bytes);
    same_text(a->user.value, b->user.value);
}

static void same_restart(const struct spec_service *a, const struct spec_service *b)
{
    const struct spec_restart_policy *policy = &a->restart_policy, *other = &b->restart_policy;

    assert_int_equal(a->restart, b->restart);
    assert_int_equal(a->restart_max, b->restart_max);
    assert_int_equal(policy->set, other->set);
    assert_int_equal(policy->condition, other->condition);
    same_int(&policy->delay_ns, &other->delay_ns);
    same_int(&policy->max_attempts, &other->max_attempts);
    same_int(&policy->window_ns, &other->window_ns);
}

static void same_lists(const struct spec_service *a, const struct spec_service *b)
{
    same_environment(a->environment, a->environment_count, b->environment, b->environment_count);
    assert_int_equal(a->depends_on_count, b->depends_on_count);
    for (size_t i = 0; i < a->depends_on_count; i++) {
        assert_string_equal(a->depends_on[i].service, b->depends_on[i].service);
        assert_int_equal(a->depends_on[i].condition, b->depends_on[i].condition);
        assert_int_equal(a->depends_on[i].optional, b->depends_on[i].optional);
        assert_int_equal(a->depends_on[i].restart, b->depends_on[i].restart);
    }
    assert_int_equal(a->ulimits_count, b->ulimits_count);
    for (size_t i = 0; i < a->ulimits_count; i++) {
        assert_string_equal(a->ulimits[i].name, b->ulimits[i].name);
        assert_int_equal(a->ulimits[i].soft, b->ulimits[i].soft);
        assert_int_equal(a->ulimits[i].hard, b->ulimits[i].hard);
    }
}

static void same_numbers(const struct spec_service *a, const struct spec_service *b)
{
    same_int(&a->mem_limit_bytes, &b->mem_limit_bytes);
    same_int(a->memswap_limit_bytes.set ? &a->memswap_limit_bytes : &a->mem_limit_bytes,
             &b->memswap_limit_bytes);
    same_int(&a->mem_reservation_bytes, &b->mem_reservation_bytes);
    same_int(&a->pids_limit, &b->pids_limit);
    same_int(&a->cpus_milli, &b->cpus_milli);
    same_int(&a->cpu_shares, &b->cpu_shares);
    same_int(&a->oom_score_adj, &b->oom_score_adj);
    same_int(&a->stop_signal, &b->stop_signal);
    same_int(&a->stop_grace_period_ns, &b->stop_grace_period_ns);
    same_size(&a->memory_high, &b->memory_high);
    same_size(&a->memory_min, &b->memory_min);
    assert_int_equal(a->backoff.set, b->backoff.set);
    same_int(&a->backoff.initial_ns, &b->backoff.initial_ns);
    same_int(&a->backoff.factor_milli, &b->backoff.factor_milli);
    same_int(&a->backoff.max_ns, &b->backoff.max_ns);
    same_int(&a->backoff.jitter_milli, &b->backoff.jitter_milli);
    same_int(&a->backoff.reset_after_ns, &b->backoff.reset_after_ns);
    same_int(&a->start_timeout_ns, &b->start_timeout_ns);
    assert_int_equal(a->oom.set, b->oom.set);
    same_int(&a->oom.policy, &b->oom.policy);
    same_int(&a->oom.victims, &b->oom.victims);
    same_int(&a->oom.within_ns, &b->oom.within_ns);
    assert_int_equal(a->intensity.set, b->intensity.set);
    for (int cause = 0; cause < SPEC_CAUSES; cause++) {
        assert_int_equal(a->intensity.budget[cause].set, b->intensity.budget[cause].set);
        same_int(&a->intensity.budget[cause].max_restarts,
                 &b->intensity.budget[cause].max_restarts);
        same_int(&a->intensity.budget[cause].window_ns, &b->intensity.budget[cause].window_ns);
        same_int(&a->intensity.budget[cause].then, &b->intensity.budget[cause].then);
    }
    same_exits(&a->success_exit_codes, &b->success_exit_codes);
    same_exits(&a->restart_prevent_exit_codes, &b->restart_prevent_exit_codes);
}

static void same_service(const struct spec_service *a, const struct spec_service *b)
{
    assert_string_equal(a->name, b->name);
    same_words(&a->entrypoint, &b->entrypoint);
    same_words(&a->command, &b->command);
    same_text(a->working_dir.value, b->working_dir.value);
    same_text(a->user.value, b->user.value);
    assert_int_equal(a->tty, b->tty);
    assert_int_equal(a->stdin_open, b->stdin_open);
    same_int(&a->scale, &b->scale);
    assert_int_equal(a->on_unhealthy_set, b->on_unhealthy_set);
    assert_int_equal(a->on_unhealthy, b->on_unhealthy);
    same_names(a, b);
    same_restart(a, b);
    same_healthcheck(&a->healthcheck, &b->healthcheck);
    for (int kind = 0; kind < SPEC_HOOK_KINDS; kind++)
        same_hooks(&a->hooks[kind], &b->hooks[kind]);
    for (int kind = 0; kind < SPEC_REPORT_KINDS; kind++)
        same_report_hook(&a->report_hooks[kind], &b->report_hooks[kind]);
    same_lists(a, b);
    same_numbers(a, b);
}

/* JSON says the same: what is loaded from it shows as `yaml`. */
static void come_back_from_json(const struct spec *spec, const char *yaml)
{
    struct spec again;
    char *json, *shown;

    assert_int_equal(stackfile_show_json(spec, &json), 0);
    must_load(json, &again);
    assert_int_equal(stackfile_show(&again, &shown), 0);
    assert_string_equal(shown, yaml);
    free(json);
    free(shown);
    spec_finish(&again);
}

static void come_back(uint64_t seed)
{
    struct spec spec, again;
    char *first, *second;

    any_spec(seed, &spec);
    assert_int_equal(stackfile_show(&spec, &first), 0);
    must_load(first, &again);
    assert_int_equal(again.services_count, spec.services_count);
    same_int(&again.restart_strategy, &spec.restart_strategy);
    same_int(&again.history.max_age_ns, &spec.history.max_age_ns);
    same_int(&again.history.max_size_bytes, &spec.history.max_size_bytes);
    for (size_t i = 0; i < spec.services_count; i++)
        same_service(&spec.services[i], &again.services[i]);
    assert_int_equal(stackfile_show(&again, &second), 0);
    assert_string_equal(first, second);
    free(second);
    spec_finish(&again);
    come_back_from_json(&spec, first);
    free(first);
    spec_finish(&spec);
}

static void test_generated_specs_come_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++)
        come_back(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_specs_come_back),
    };

    return cmocka_run_group_tests_name("stackfile_show", tests, NULL, NULL);
}
