/* See spec.h. */
#include "core/spec.h"

#include <string.h>
#include <sys/resource.h>

#define RLIMIT_ROWS(X)                 \
    X("as", RLIMIT_AS)                 \
    X("core", RLIMIT_CORE)             \
    X("cpu", RLIMIT_CPU)               \
    X("data", RLIMIT_DATA)             \
    X("fsize", RLIMIT_FSIZE)           \
    X("locks", RLIMIT_LOCKS)           \
    X("memlock", RLIMIT_MEMLOCK)       \
    X("msgqueue", RLIMIT_MSGQUEUE)     \
    X("nice", RLIMIT_NICE)             \
    X("nofile", RLIMIT_NOFILE)         \
    X("nproc", RLIMIT_NPROC)           \
    X("rss", RLIMIT_RSS)               \
    X("rtprio", RLIMIT_RTPRIO)         \
    X("rttime", RLIMIT_RTTIME)         \
    X("sigpending", RLIMIT_SIGPENDING) \
    X("stack", RLIMIT_STACK)

#define NAME_ONLY(name, resource)     name,
#define RESOURCE_ONLY(name, resource) (int)resource,

const char *const spec_rlimit_names[] = {RLIMIT_ROWS(NAME_ONLY)};
const size_t spec_rlimit_names_count = sizeof(spec_rlimit_names) / sizeof(spec_rlimit_names[0]);
static const int rlimit_resources[] = {RLIMIT_ROWS(RESOURCE_ONLY)};

void spec_finish(struct spec *spec)
{
    arena_finish(&spec->arena);
    *spec = (struct spec){0};
}

ptrdiff_t spec_find(const struct spec *spec, const char *service)
{
    for (size_t i = 0; i < spec->services_count; i++)
        if (strcmp(spec->services[i].name, service) == 0)
            return (ptrdiff_t)i;
    return -1;
}

int spec_rlimit_resource(const char *name)
{
    for (size_t i = 0; i < spec_rlimit_names_count; i++)
        if (strcmp(spec_rlimit_names[i], name) == 0)
            return rlimit_resources[i];
    return -1;
}

const char *spec_restart_name(enum spec_restart restart)
{
    switch (restart) {
    case SPEC_RESTART_NO:
        return "no";
    case SPEC_RESTART_ALWAYS:
        return "always";
    case SPEC_RESTART_ON_FAILURE:
        return "on-failure";
    case SPEC_RESTART_UNLESS_STOPPED:
        return "unless-stopped";
    }
    return "?";
}

const char *spec_condition_name(enum spec_condition condition)
{
    switch (condition) {
    case SPEC_SERVICE_STARTED:
        break;
    case SPEC_SERVICE_HEALTHY:
        return "service_healthy";
    case SPEC_SERVICE_COMPLETED:
        return "service_completed_successfully";
    }
    return "service_started";
}

const char *spec_hook_name(enum spec_hook_kind kind)
{
    static const char *const names[SPEC_HOOK_KINDS] = {"pre_start", "post_start", "pre_stop"};

    return kind < SPEC_HOOK_KINDS ? names[kind] : "?";
}

const char *spec_report_name(enum spec_report_kind kind)
{
    static const char *const names[SPEC_REPORT_KINDS] = {"on_oom", "on_hold"};

    return kind < SPEC_REPORT_KINDS ? names[kind] : "?";
}
