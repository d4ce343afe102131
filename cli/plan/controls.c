/* See controls.h. */
#include "cli/plan/controls.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/policy.h"

int64_t controls_cpu_weight(int64_t cpu_shares)
{
    double log_shares, exponent;

    if (cpu_shares <= 2)
        return 1;
    if (cpu_shares >= 262144)
        return 10000;
    log_shares = log2((double)cpu_shares);
    exponent = (log_shares * log_shares + 125 * log_shares) / 612.0 - 7.0 / 34.0;
    return (int64_t)ceil(pow(10, exponent));
}

void controls_cpu_max(int64_t cpus_milli, char *text, size_t size)
{
    const int64_t least_quota_us = 1000;
    int64_t period_us = 100000;
    int64_t quota_us = cpus_milli * 100;

    while (quota_us < least_quota_us && period_us < 1000000) {
        quota_us *= 10;
        period_us *= 10;
    }
    snprintf(text, size, "%" PRId64 " %" PRId64, quota_us, period_us);
}

int64_t controls_swap(int64_t mem_limit_bytes, const struct spec_int *memswap_limit_bytes)
{
    if (!memswap_limit_bytes->set)
        return 0;
    if (memswap_limit_bytes->value == SPEC_UNLIMITED)
        return -1;
    if (memswap_limit_bytes->value <= mem_limit_bytes)
        return 0;
    return memswap_limit_bytes->value - mem_limit_bytes;
}

int64_t controls_size(const struct spec_size *size, int64_t mem_limit_bytes)
{
    const int64_t whole = 100000; // thousandths of a percent

    if (!size->percent)
        return size->value;
    if (mem_limit_bytes <= 0)
        return -1;
    return mem_limit_bytes / whole * size->value + mem_limit_bytes % whole * size->value / whole;
}

/* 0 and "unlimited" ask for nothing. */
static bool limits(const struct spec_int *value)
{
    return value->set && value->value > 0;
}

/* memswap_limit alone asks for something too: no swap, or some of it. */
static bool limits_swap(const struct spec_service *service)
{
    return limits(&service->mem_limit_bytes) ||
           (service->memswap_limit_bytes.set && service->memswap_limit_bytes.value > 0);
}

size_t controls_needs(const struct spec_service *service, struct controls_need *needs)
{
    size_t count = 0;

    if (limits(&service->mem_limit_bytes))
        needs[count++] =
            (struct controls_need){"mem_limit", CONTROLLER_MEMORY, service->mem_limit_bytes.at};
    else if (limits_swap(service))
        needs[count++] = (struct controls_need){"memswap_limit", CONTROLLER_MEMORY,
                                                service->memswap_limit_bytes.at};
    if (limits(&service->mem_reservation_bytes))
        needs[count++] = (struct controls_need){"mem_reservation", CONTROLLER_MEMORY,
                                                service->mem_reservation_bytes.at};
    if (service->memory_high.set)
        needs[count++] =
            (struct controls_need){"memory_high", CONTROLLER_MEMORY, service->memory_high.at};
    if (service->memory_min.set)
        needs[count++] =
            (struct controls_need){"memory_min", CONTROLLER_MEMORY, service->memory_min.at};
    if (service->oom.set)
        needs[count++] =
            (struct controls_need){"x-bulkhead.oom", CONTROLLER_MEMORY, service->oom.at};
    if (limits(&service->pids_limit))
        needs[count++] =
            (struct controls_need){"pids_limit", CONTROLLER_PIDS, service->pids_limit.at};
    if (limits(&service->cpus_milli))
        needs[count++] = (struct controls_need){"cpus", CONTROLLER_CPU, service->cpus_milli.at};
    if (limits(&service->cpu_shares))
        needs[count++] =
            (struct controls_need){"cpu_shares", CONTROLLER_CPU, service->cpu_shares.at};
    return count;
}

/* The list under construction. */
struct list {
    struct arena *arena;
    struct control *item;
    size_t count;
};

static void put(struct list *list, const char *file, const char *value, bool optional)
{
    list->item[list->count++] = (struct control){file, arena_string(list->arena, value), optional};
}

static void put_number(struct list *list, const char *file, int64_t value, bool optional)
{
    char text[32];

    if (value < 0)
        snprintf(text, sizeof(text), "max");
    else
        snprintf(text, sizeof(text), "%" PRId64, value);
    put(list, file, text, optional);
}

static bool is_killed_whole(const struct spec_service *service)
{
    return !service->oom.policy.set || service->oom.policy.value != OOM_CONTINUE;
}

/* memory.max comes last: what it would reclaim or kill has its other settings then. */
static void put_memory(struct list *list, const struct spec_service *service)
{
    int64_t limit = limits(&service->mem_limit_bytes) ? service->mem_limit_bytes.value : 0;

    put(list, "memory.oom.group", is_killed_whole(service) ? "1" : "0", false);
    if (service->memory_min.set)
        put_number(list, "memory.min", controls_size(&service->memory_min, limit), false);
    if (limits(&service->mem_reservation_bytes))
        put_number(list, "memory.low", service->mem_reservation_bytes.value, false);
    if (service->memory_high.set)
        put_number(list, "memory.high", controls_size(&service->memory_high, limit), false);
    if (limits_swap(service)) {
        int64_t swap = controls_swap(limit, &service->memswap_limit_bytes);
        put_number(list, "memory.swap.max", swap, swap <= 0);
    }
    if (limit > 0)
        put_number(list, "memory.max", limit, false);
}

int controls_make(const struct spec_service *service, const struct host *host, struct arena *arena,
                  struct launch *launch)
{
    struct list list = {arena, arena_array(arena, CONTROLS_MAX, sizeof(struct control)), 0};
    char text[48];

    if (!list.item)
        return -ENOMEM;
    if (limits(&service->pids_limit))
        put_number(&list, "pids.max", service->pids_limit.value, false);
    if (limits(&service->cpu_shares))
        put_number(&list, "cpu.weight", controls_cpu_weight(service->cpu_shares.value), false);
    if (limits(&service->cpus_milli)) {
        controls_cpu_max(service->cpus_milli.value, text, sizeof(text));
        put(&list, "cpu.max", text, false);
    }
    if (host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE)
        put_memory(&list, service);
    launch->controls = list.item;
    launch->controls_count = list.count;
    return arena_failed(arena) ? -ENOMEM : 0;
}

int controls_aide(const struct host *host, int64_t memory_bytes, int64_t pids, struct arena *arena,
                  struct launch *launch)
{
    struct list list = {arena, arena_array(arena, CONTROLS_MAX, sizeof(struct control)), 0};

    if (!list.item)
        return -ENOMEM;
    if (host->controllers[CONTROLLER_PIDS] == CONTROLLER_USABLE)
        put_number(&list, "pids.max", pids, false);
    if (host->controllers[CONTROLLER_MEMORY] == CONTROLLER_USABLE) {
        put(&list, "memory.oom.group", "1", false);
        put_number(&list, "memory.swap.max", 0, true);
        put_number(&list, "memory.max", memory_bytes, false);
    }
    launch->controls = list.item;
    launch->controls_count = list.count;
    return arena_failed(arena) ? -ENOMEM : 0;
}
