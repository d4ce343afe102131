/* See any_spec.h. */
#include "tests/unit/any_spec.h"

#include <stdio.h>
#include <string.h>

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

/* Without what a name cannot have. */
static const char *any_name(struct arena *arena, size_t number)
{
    char name[96];
    const char *text = any_text(arena);
    int used = snprintf(name, sizeof(name), "%zu", number);

    for (; *text; text++)
        if ((unsigned char)*text >= 0x20 && *text != 0x7f && *text != '=')
            name[used++] = *text;
    name[used] = '\0';
    return arena_string(arena, name);
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

static const struct spec_env *any_environment(struct arena *arena, size_t *ret_count)
{
    size_t count = (size_t)between(0, 5);
    struct spec_env *env = arena_array(arena, count, sizeof(*env));

    for (size_t i = 0; i < count; i++) {
        env[i].name = any_name(arena, i);
        env[i].value = now_and_then() ? NULL : any_text(arena);
    }
    *ret_count = count;
    return env;
}

static void add_names(struct arena *arena, struct spec_service *service)
{
    static const char *const profiles[] = {"debug", "1", "true", "a.b-c_d"};
    struct spec_label *labels = arena_array(arena, 5, sizeof(*labels));

    service->labels = labels;
    service->labels_count = (size_t)between(0, 5);
    for (size_t i = 0; i < service->labels_count; i++) {
        labels[i].name = any_name(arena, i);
        labels[i].value = any_text(arena);
    }
    service->profiles = profiles;
    service->profiles_count = (size_t)between(0, 4);
}

/* Not disabled, so that others can wait for it. */
static void add_healthcheck(struct arena *arena, struct spec_service *service)
{
    struct spec_healthcheck *check = &service->healthcheck;

    check->set = true;
    check->test = any_words(arena, 1);
    check->interval_ns = any_int(NSEC_PER_MSEC, INT64_MAX);
    check->timeout_ns = any_int(NSEC_PER_MSEC, INT64_MAX);
    check->retries = any_int(1, INT32_MAX);
    check->start_period_ns = any_int(NSEC_PER_MSEC, INT64_MAX);
    if (check->start_period_ns.set)
        check->start_interval_ns = any_int(NSEC_PER_MSEC, INT64_MAX);
    service->on_unhealthy_set = now_and_then();
    if (service->on_unhealthy_set && now_and_then())
        service->on_unhealthy = SPEC_UNHEALTHY_NONE;
}

static void add_hooks(struct arena *arena, struct spec_service *service)
{
    for (int kind = 0; kind < SPEC_HOOK_KINDS; kind++) {
        struct spec_hook *hooks = arena_array(arena, 3, sizeof(*hooks));

        service->hooks[kind].item = hooks;
        service->hooks[kind].count = now_and_then() ? (size_t)between(1, 3) : 0;
        for (size_t i = 0; i < service->hooks[kind].count; i++) {
            hooks[i].command = any_words(arena, 1);
            hooks[i].environment = any_environment(arena, &hooks[i].environment_count);
            if (now_and_then())
                hooks[i].working_dir.value = any_nonempty_text(arena);
            if (now_and_then())
                hooks[i].user.value = "root";
        }
    }
}

static void add_report_hooks(struct arena *arena, struct spec_service *service)
{
    for (int kind = 0; kind < SPEC_REPORT_KINDS; kind++) {
        struct spec_report_hook *hook = &service->report_hooks[kind];

        if (!now_and_then())
            continue;
        hook->set = true;
        hook->command = any_words(arena, 1);
        hook->timeout_ns = any_int(NSEC_PER_MSEC, INT64_MAX);
        hook->mem_limit_bytes = any_int(1, INT64_MAX);
        if (now_and_then())
            hook->user.value = "root";
    }
}

static void add_restart(struct spec_service *service)
{
    struct spec_restart_policy *policy = &service->restart_policy;

    service->restart =
        (enum spec_restart)between(SPEC_RESTART_ON_FAILURE, SPEC_RESTART_UNLESS_STOPPED);
    if (service->restart == SPEC_RESTART_ON_FAILURE)
        service->restart_max = between(0, 2);
    policy->set = now_and_then() && service->restart != SPEC_RESTART_UNLESS_STOPPED;
    if (!policy->set)
        return;
    policy->condition_set = true;
    policy->condition = service->restart;
    policy->max_attempts = any_int(0, INT32_MAX);
    policy->window_ns = any_int(0, INT64_MAX);
    if (!service->backoff.set)
        policy->delay_ns = any_int(0, INT64_MAX);
    service->restart_max = policy->max_attempts.value;
}

static void add_dependencies(struct arena *arena, struct spec_service *services, size_t index)
{
    struct spec_dependency *list = arena_array(arena, index, sizeof(*list));

    services[index].depends_on = list;
    for (size_t i = 0; i < index; i++)
        if (now_and_then())
            list[services[index].depends_on_count++] = (struct spec_dependency){
                .service = services[i].name,
                .condition = now_and_then()                     ? SPEC_SERVICE_COMPLETED
                             : services[i].healthcheck.test.set ? SPEC_SERVICE_HEALTHY
                                                                : SPEC_SERVICE_STARTED,
                .optional = now_and_then() || services[i].scale.set,
                .restart = now_and_then()};
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

static void add_intensity(struct spec_service *service)
{
    for (size_t cause = 0; cause < SPEC_CAUSES; cause++) {
        struct spec_budget *budget = &service->intensity.budget[cause];
        budget->set = now_and_then();
        if (!budget->set)
            continue;
        service->intensity.set = true;
        budget->max_restarts = (struct spec_int){.set = true, .value = between(0, 32)};
        budget->window_ns = (struct spec_int){.set = true, .value = between(1, INT64_MAX)};
        budget->then = any_int(0, 1);
    }
}

static void add_oom(struct spec_service *service)
{
    struct spec_oom *oom = &service->oom;

    service->start_timeout_ns = any_int(0, INT64_MAX);
    oom->policy = any_int(0, 2);
    if (oom->policy.set && oom->policy.value == 1) {
        oom->victims = any_int(1, 16);
        if (oom->victims.set)
            oom->within_ns = any_int(1, INT64_MAX);
    }
    oom->set = oom->policy.set;
}

static struct spec_exits any_exits(void)
{
    struct spec_exits exits = {.set = now_and_then()};

    for (int i = 0; exits.set && i < 3; i++)
        if (i == 0 || now_and_then())
            exits_add_code(&exits.exits, between(0, EXIT_CODE_MAX));
        else
            exits_add_signal(&exits.exits, between(1, 31));
    return exits;
}

static void fill_service(struct arena *arena, struct spec_service *services, size_t index)
{
    static const char *const names[] = {"web", "1", "null", "1.5", "a_b-c.d", "Y", "0x1", "true"};
    struct spec_service *service = &services[index];

    service->name = names[index];
    if (now_and_then())
        service->entrypoint = any_words(arena, 0);
    service->command = any_words(arena, 1);
    service->environment = any_environment(arena, &service->environment_count);
    if (now_and_then())
        service->working_dir.value = any_nonempty_text(arena);
    if (now_and_then())
        service->user.value = now_and_then() ? "1000:1000" : "www-data";
    service->tty = now_and_then();
    service->stdin_open = now_and_then();
    service->scale = any_int(0, 500);
    add_names(arena, service);
    add_dependencies(arena, services, index);
    add_sizes(service);
    if (now_and_then())
        service->cgroup_parent.value = "back.end";
    service->pids_limit = any_int(1, 4 << 20);
    service->cpus_milli = any_int(1, 8192000);
    service->cpu_shares = any_int(2, 262144);
    service->oom_score_adj = any_int(-1000, 1000);
    service->stop_signal = any_int(1, 31);
    service->stop_grace_period_ns = any_int(0, INT64_MAX);
    add_ulimits(arena, service);
    add_backoff(service);
    add_oom(service);
    add_intensity(service);
    service->success_exit_codes = any_exits();
    service->restart_prevent_exit_codes = any_exits();
    add_restart(service);
    if (now_and_then())
        add_healthcheck(arena, service);
    else
        service->healthcheck.set = service->healthcheck.disabled = now_and_then();
    add_hooks(arena, service);
    add_report_hooks(arena, service);
}

static const struct spec_group groups[] = {
    {.name = "back.end", .mem_limit_bytes = {.set = true, .value = 1023}, .parent = {"all", {0}}},
    {.name = "all", .mem_limit_bytes = {.set = true, .value = INT64_C(1) << 30}}};

void any_spec(uint64_t seed, struct spec *ret_spec)
{
    struct spec_service *services;

    random_state = seed;
    *ret_spec = (struct spec){.name = "generated", .services_count = (size_t)between(1, 8)};
    arena_init(&ret_spec->arena, 0);
    ret_spec->restart_strategy = any_int(0, 2);
    ret_spec->history.max_age_ns = any_int(3600 * NSEC_PER_SEC, INT64_MAX);
    ret_spec->history.max_size_bytes = any_int(1 << 20, INT64_MAX);
    services = arena_array(&ret_spec->arena, ret_spec->services_count, sizeof(*services));
    for (size_t i = 0; i < ret_spec->services_count; i++)
        fill_service(&ret_spec->arena, services, i);
    ret_spec->services = services;
    ret_spec->mem_limit_bytes = any_int(1, INT64_MAX);
    ret_spec->groups = (struct spec_groups){groups, sizeof(groups) / sizeof(groups[0])};
}
