// links: stackfile core -lyaml
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

static uint64_t random_state;

static uint64_t next_random(void)
{
    uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15)); // splitmix64

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t between(int64_t least, int64_t most)
{
    return least + (int64_t)(next_random() % ((uint64_t)most - (uint64_t)least + 1));
}

static bool now_and_then(void)
{
    return next_random() % 3 == 0;
}

/* Texts made of what hurts: quotes, dollars, blanks, line ends, words that YAML knows, UTF-8. */
static const char *any_text(struct arena *arena)
{
    static const char *const pieces[] = {"a",
                                         "Z",
                                         "0",
                                         "1",
                                         " ",
                                         "$",
                                         "$$",
                                         "${",
                                         "\"",
                                         "'",
                                         "\\",
                                         "\n",
                                         "\t",
                                         ":",
                                         ": ",
                                         "#",
                                         " #",
                                         "-",
                                         "- ",
                                         "[",
                                         "{",
                                         "*",
                                         "&",
                                         "!",
                                         "%",
                                         "@",
                                         "`",
                                         "~",
                                         "null",
                                         "true",
                                         "yes",
                                         "0755",
                                         "1e3",
                                         "<<",
                                         "=",
                                         ",",
                                         "ä",
                                         "😀",
                                         "\x01",
                                         "\x7f",
                                         "\xc2\x85",
                                         "\xe2\x80\xa8",
                                         "\xef\xbb\xbf",
                                         "/usr",
                                         ".",
                                         "\r"};
    char text[64] = "";
    int64_t count = between(0, 6);

    for (int64_t i = 0; i < count; i++)
        strcat(text, pieces[between(0, sizeof(pieces) / sizeof(pieces[0]) - 1)]);
    return arena_string(arena, text);
}

static const char *any_nonempty_text(struct arena *arena)
{
    const char *text = any_text(arena);

    return *text ? text : "x";
}

static struct spec_int any_int(int64_t least, int64_t most)
{
    struct spec_int value = {.set = now_and_then()};

    if (value.set)
        value.value =
            next_random() % 2 ? between(least, most) : between(least, least + 3000) / 2 * 2;
    if (value.value > most)
        value.value = most;
    if (value.set && value.value < least)
        value.value = least;
    return value;
}

static struct spec_words any_words(struct arena *arena, size_t least)
{
    struct spec_words words = {.set = true, .count = (size_t)between((int64_t)least, 4)};
    const char **item = arena_array(arena, words.count + 1, sizeof(*item));

    for (size_t i = 0; i < words.count; i++)
        item[i] = i == 0 ? any_nonempty_text(arena) : any_text(arena);
    words.item = item;
    return words;
}

static void add_environment(struct arena *arena, struct spec_service *service)
{
    size_t count = (size_t)between(0, 5);
    struct spec_env *env = arena_array(arena, count, sizeof(*env));

    for (size_t i = 0; i < count; i++) {
        char name[96];
        const char *text = any_text(arena);
        snprintf(name, sizeof(name), "%zu%s", i, strchr(text, '=') ? "" : text);
        env[i].name = arena_string(arena, name);
        env[i].value = now_and_then() ? NULL : any_text(arena);
    }
    service->environment = env;
    service->environment_count = count;
}

static void add_dependencies(struct arena *arena, struct spec_service *services, size_t index)
{
    struct spec_dependency *list = arena_array(arena, index, sizeof(*list));

    services[index].depends_on = list;
    for (size_t i = 0; i < index; i++)
        if (now_and_then())
            list[services[index].depends_on_count++] = (struct spec_dependency){
                .service = services[i].name,
                .condition = now_and_then() ? SPEC_SERVICE_COMPLETED : SPEC_SERVICE_STARTED,
                .optional = now_and_then()};
}

static void add_ulimits(struct arena *arena, struct spec_service *service)
{
    struct spec_rlimit *list = arena_array(arena, spec_rlimit_names_count, sizeof(*list));

    service->ulimits = list;
    for (size_t i = 0; i < spec_rlimit_names_count; i++)
        if (now_and_then())
            list[service->ulimits_count++] = (struct spec_rlimit){
                .name = spec_rlimit_names[i],
                .soft = between(0, 5),
                .hard = now_and_then() ? SPEC_UNLIMITED : between(5, INT64_MAX)};
}

static void add_sizes(struct spec_service *service)
{
    service->mem_limit_bytes = any_int(4096, INT64_MAX / 2);
    if (service->mem_limit_bytes.set) {
        service->memswap_limit_bytes = any_int(service->mem_limit_bytes.value, INT64_MAX);
        service->mem_reservation_bytes = any_int(1, service->mem_limit_bytes.value);
        if (now_and_then())
            service->memory_high =
                (struct spec_size){.set = true, .percent = true, .value = between(1, 100000)};
    } else if (now_and_then()) {
        service->memswap_limit_bytes = (struct spec_int){.set = true, .value = SPEC_UNLIMITED};
    }
    if (now_and_then())
        service->memory_min = (struct spec_size){.set = true, .value = between(1, INT64_MAX)};
}

static void add_backoff(struct spec_service *service)
{
    struct spec_backoff *backoff = &service->backoff;

    backoff->initial_ns = any_int(0, 60 * NSEC_PER_SEC);
    backoff->max_ns = any_int(60 * NSEC_PER_SEC, INT64_MAX);
    backoff->factor_milli = any_int(1000, 100000);
    backoff->jitter_milli = any_int(0, 1000);
    backoff->reset_after_ns = any_int(0, INT64_MAX);
    backoff->set = backoff->initial_ns.set || backoff->max_ns.set || backoff->factor_milli.set ||
                   backoff->jitter_milli.set || backoff->reset_after_ns.set;
}

static void fill_service(struct arena *arena, struct spec_service *services, size_t index)
{
    static const char *const names[] = {"web", "1", "null", "1.5", "a_b-c.d", "Y", "0x1", "true"};
    struct spec_service *service = &services[index];

    service->name = names[index];
    if (now_and_then())
        service->entrypoint = any_words(arena, 0);
    service->command = any_words(arena, 1);
    add_environment(arena, service);
    if (now_and_then())
        service->working_dir.value = any_nonempty_text(arena);
    if (now_and_then())
        service->user.value = now_and_then() ? "1000:1000" : "www-data";
    service->restart =
        (enum spec_restart)between(SPEC_RESTART_ON_FAILURE, SPEC_RESTART_UNLESS_STOPPED);
    if (service->restart == SPEC_RESTART_ON_FAILURE)
        service->restart_max = between(0, 2);
    add_dependencies(arena, services, index);
    add_sizes(service);
    service->pids_limit = any_int(1, 4 << 20);
    service->cpus_milli = any_int(1, 8192000);
    service->cpu_shares = any_int(2, 262144);
    service->oom_score_adj = any_int(-1000, 1000);
    service->stop_signal = any_int(1, 31);
    service->stop_grace_period_ns = any_int(0, INT64_MAX);
    add_ulimits(arena, service);
    add_backoff(service);
}

static void generate(struct spec *spec)
{
    struct spec_service *services;

    *spec = (struct spec){.name = "generated", .services_count = (size_t)between(1, 8)};
    arena_init(&spec->arena, 0);
    services = arena_array(&spec->arena, spec->services_count, sizeof(*services));
    for (size_t i = 0; i < spec->services_count; i++)
        fill_service(&spec->arena, services, i);
    spec->services = services;
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

static void same_size(const struct spec_size *a, const struct spec_size *b)
{
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->percent, b->percent);
    assert_int_equal(a->value, b->value);
}

static void same_lists(const struct spec_service *a, const struct spec_service *b)
{
    assert_int_equal(a->environment_count, b->environment_count);
    for (size_t i = 0; i < a->environment_count; i++) {
        assert_string_equal(a->environment[i].name, b->environment[i].name);
        same_text(a->environment[i].value, b->environment[i].value);
    }
    assert_int_equal(a->depends_on_count, b->depends_on_count);
    for (size_t i = 0; i < a->depends_on_count; i++) {
        assert_string_equal(a->depends_on[i].service, b->depends_on[i].service);
        assert_int_equal(a->depends_on[i].condition, b->depends_on[i].condition);
        assert_int_equal(a->depends_on[i].optional, b->depends_on[i].optional);
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
}

static void same_service(const struct spec_service *a, const struct spec_service *b)
{
    assert_string_equal(a->name, b->name);
    same_words(&a->entrypoint, &b->entrypoint);
    same_words(&a->command, &b->command);
    same_text(a->working_dir.value, b->working_dir.value);
    same_text(a->user.value, b->user.value);
    assert_int_equal(a->restart, b->restart);
    assert_int_equal(a->restart_max, b->restart_max);
    same_lists(a, b);
    same_numbers(a, b);
}

static void come_back(uint64_t seed)
{
    struct spec spec, again;
    char *first, *second;

    random_state = seed;
    generate(&spec);
    assert_int_equal(stackfile_show(&spec, &first), 0);
    must_load(first, &again);
    assert_int_equal(again.services_count, spec.services_count);
    for (size_t i = 0; i < spec.services_count; i++)
        same_service(&spec.services[i], &again.services[i]);
    assert_int_equal(stackfile_show(&again, &second), 0);
    assert_string_equal(first, second);
    free(first);
    free(second);
    spec_finish(&again);
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
