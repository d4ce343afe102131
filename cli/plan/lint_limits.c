/* Limits that do not do what they seem to. See lint_rules.h. */
#include <stdio.h>
#include <string.h>

#include "cli/plan/controls.h"
#include "cli/plan/lint_rules.h"
#include "cli/show/render.h"

#define TINY_BYTES ((int64_t)2 << 20) // no program starts in less

static int64_t limit_of(const struct spec_service *service)
{
    return service->mem_limit_bytes.set && service->mem_limit_bytes.value > 0
               ? service->mem_limit_bytes.value
               : 0;
}

static void tiny_limit(const struct lint *lint, int64_t limit)
{
    char text[RENDER_MAX], remedy[64];

    if (limit == 0 || limit >= TINY_BYTES)
        return;
    snprintf(remedy, sizeof(remedy), "a number without a unit is bytes: did you mean %lldm?",
             (long long)limit);
    lint_say(lint, FAULT_WARNING, lint->service->mem_limit_bytes.at,
             limit < 65536 ? remedy : "raise it", "mem_limit is %s, in which no program starts",
             render_bytes(limit, text));
}

/* What the line throttles has nowhere to go: neither the limit nor the kernel ends that. */
static void high_without_swap(const struct lint *lint, int64_t limit)
{
    const struct spec_service *service = lint->service;
    bool by_file = limit > 0 && controls_swap(limit, &service->memswap_limit_bytes) == 0;

    if (!service->memory_high.set)
        return;
    if (by_file || lint->request->host.swap_bytes == 0)
        lint_say(lint, FAULT_WARNING, service->memory_high.at,
                 by_file ? "give it swap with memswap_limit, or leave memory_high out"
                         : "give the host swap, or leave memory_high out",
                 "memory_high without swap: a program that leaks past it is slowed to a crawl "
                 "and neither works nor dies");
}

/* The kernel may not kill such a process, not even for its own limit. */
static void unkillable(const struct lint *lint, int64_t limit)
{
    const struct spec_int *score = &lint->service->oom_score_adj;

    if (!score->set || score->value > -1000)
        return;
    if (limit > 0)
        lint_say(lint, FAULT_WARNING, score->at, "write at least -999, or leave mem_limit out",
                 "oom_score_adj -1000 with a mem_limit: at the limit nothing may be killed, and "
                 "the program hangs");
    else
        lint_say(lint, FAULT_WARNING, score->at, "write mem_limit, and at least -999",
                 "oom_score_adj -1000 without a mem_limit: when it leaks, the kernel kills "
                 "everybody else first");
}

void lint_memory(const struct lint *lint)
{
    const struct spec_service *service = lint->service;
    int64_t limit = limit_of(service), ram = lint->request->host.ram_bytes;
    char text[RENDER_MAX], host[RENDER_MAX];

    tiny_limit(lint, limit);
    high_without_swap(lint, limit);
    unkillable(lint, limit);
    if (limit > 0 && ram > 0 && limit > ram)
        lint_say(lint, FAULT_WARNING, service->mem_limit_bytes.at, "write less than that",
                 "mem_limit is %s and this host has %s: the limit is never met",
                 render_bytes(limit, text), render_bytes(ram, host));
    if (service->memory_min.set && limit > 0 && controls_size(&service->memory_min, limit) >= limit)
        lint_say(lint, FAULT_WARNING, service->memory_min.at, "write less than mem_limit",
                 "memory_min is all of mem_limit: nothing of it, page cache included, can ever be "
                 "reclaimed");
}

void lint_processes(const struct lint *lint)
{
    const struct spec_service *service = lint->service;
    const struct spec_int *most = &service->pids_limit;
    bool limited = most->set && most->value > 0;

    if (limited && most->value < 3 && lint_shell_text(service))
        lint_say(lint, FAULT_WARNING, most->at, "write at least 8",
                 "pids_limit %lld is too small for a shell that starts programs",
                 (long long)most->value);
    else if (limited && most->value < 2)
        lint_say(lint, FAULT_WARNING, most->at, "threads count as well: write at least 8",
                 "pids_limit 1: the program can start neither a child nor a thread");
    for (size_t i = 0; i < service->ulimits_count; i++)
        if (strcmp(service->ulimits[i].name, "nproc") == 0 &&
            service->ulimits[i].soft != SPEC_UNLIMITED)
            lint_say(lint, FAULT_NOTICE, service->ulimits[i].at,
                     "pids_limit bounds this service and no other",
                     "ulimits.nproc counts all processes of its user on the whole host");
}

void lint_cpu(const struct lint *lint)
{
    const struct spec_int *cpus = &lint->service->cpus_milli;
    int64_t host = lint->request->host.cpus_milli;

    if (cpus->set && host > 0 && cpus->value > host)
        lint_say(lint, FAULT_WARNING, cpus->at, "write at most that, or leave it out",
                 "cpus is %g and this host has %g: it limits nothing", (double)cpus->value / 1000,
                 (double)host / 1000);
    if (cpus->set && cpus->value > 0 && cpus->value < 20)
        lint_say(lint, FAULT_WARNING, cpus->at, "1 is a whole processor, 0.5 half of one",
                 "cpus %g is hardly anything: starting alone will take minutes",
                 (double)cpus->value / 1000);
}

/* --- the whole stack -------------------------------------------------------------------------- */

struct sums {
    int64_t limits;
    int64_t reserved; // memory_min and mem_reservation: what is to be there whatever happens
    const struct spec_service *largest; // of those with a limit
    const struct spec_service *unlimited;
    uint32_t unlimited_count;
    uint32_t limited_count;
};

static int64_t add(int64_t sum, int64_t bytes, uint32_t scale)
{
    int64_t product;

    if (__builtin_mul_overflow(bytes, (int64_t)scale, &product) ||
        __builtin_add_overflow(sum, product, &sum))
        return INT64_MAX;
    return sum;
}

static void count(const struct spec_service *service, uint32_t scale, struct sums *sums)
{
    int64_t limit = limit_of(service), least = 0;

    if (limit > 0) {
        sums->limited_count++;
        if (!sums->largest || limit > limit_of(sums->largest))
            sums->largest = service;
    } else {
        sums->unlimited_count++;
        if (!sums->unlimited)
            sums->unlimited = service;
    }
    if (service->mem_reservation_bytes.set && service->mem_reservation_bytes.value > 0)
        least = service->mem_reservation_bytes.value;
    if (service->memory_min.set && controls_size(&service->memory_min, limit) > least)
        least = controls_size(&service->memory_min, limit);
    sums->limits = add(sums->limits, limit, scale);
    sums->reserved = add(sums->reserved, least, scale);
}

static void judge(const struct lint_request *request, const struct sums *sums,
                  struct faults *faults)
{
    int64_t ram = request->host.ram_bytes;
    struct mark whole = {request->spec->file, 0, 0};
    char text[RENDER_MAX], host[RENDER_MAX];

    if (sums->largest && ram > 0 && sums->limits > ram && limit_of(sums->largest) <= ram)
        faults_add(faults, FAULT_WARNING, sums->largest->mem_limit_bytes.at,
                   "lower the limits, beginning with this one, or give the host more memory",
                   "the memory limits of all instances add up to %s and this host has %s: before "
                   "all of them are met, the host itself is out of memory",
                   render_bytes(sums->limits, text), render_bytes(ram, host));
    if (ram > 0 && sums->reserved > ram)
        faults_add(faults, FAULT_WARNING, whole, "reserve less",
                   "mem_reservation and memory_min add up to %s and this host has %s",
                   render_bytes(sums->reserved, text), render_bytes(ram, host));
    if (sums->limited_count > 0 && sums->unlimited_count > 0)
        faults_add(faults, FAULT_NOTICE, sums->unlimited->at, "write mem_limit for every service",
                   "%u of %u services have no mem_limit, \"%s\" for one: what they leak the whole "
                   "host loses",
                   sums->unlimited_count, sums->unlimited_count + sums->limited_count,
                   sums->unlimited->name);
}

void lint_sums(const struct lint_request *request, struct faults *faults)
{
    struct sums sums = {0};

    for (size_t i = 0; i < request->spec->services_count; i++)
        if (lint_scale(request, i) > 0)
            count(&request->spec->services[i], lint_scale(request, i), &sums);
    judge(request, &sums, faults);
}
