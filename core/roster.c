/* See roster.h. */
#include "core/roster.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct policy policy_default(void)
{
    return (struct policy){
        .restart = RESTART_ON_FAILURE,
        .backoff_initial_ns = 100 * NSEC_PER_MSEC,
        .backoff_factor_milli = 2000,
        .backoff_max_ns = 60 * NSEC_PER_SEC,
        .backoff_jitter_milli = 100,
        .backoff_reset_after_ns = 10 * NSEC_PER_SEC,
        .stop_signal = SIGTERM,
        .stop_grace_ns = 10 * NSEC_PER_SEC,
        .oom_group = 1,
    };
}

bool policy_is_valid(const struct policy *policy)
{
    return policy->restart >= 0 && policy->restart < RESTARTS_COUNT && policy->restart_max >= 0 &&
           policy->backoff_initial_ns >= 0 && policy->backoff_factor_milli >= 0 &&
           policy->backoff_max_ns >= 0 && policy->backoff_jitter_milli >= 0 &&
           policy->backoff_jitter_milli <= 1000 && policy->backoff_reset_after_ns >= 0 &&
           policy->stop_signal > 0 && policy->stop_signal <= SIGNAL_MAX &&
           policy->stop_grace_ns >= 0 && policy->mem_limit_bytes >= 0 && policy->oom_group >= 0 &&
           policy->oom_group <= 1;
}

bool roster_name_is_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return length > 0 && length <= NAME_BYTES_MAX && name[length] == '\0' && name[0] != '.' &&
           name[0] != '-';
}

void roster_finish(struct roster *roster)
{
    free(roster->cgroup_dir);
    free(roster->runtime_dir);
    free(roster->state_dir);
    free(roster->members);
    free(roster->needs);
    *roster = (struct roster){0};
}

ptrdiff_t roster_find(const struct roster *roster, const char *member_name)
{
    for (uint32_t i = 0; i < roster->members_count; i++)
        if (strcmp(roster->members[i].name, member_name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

bool member_is_of(const struct member *member, const char *service)
{
    return strlen(service) == member->service_length &&
           memcmp(member->name, service, member->service_length) == 0;
}

const char *restart_name(enum restart restart)
{
    static const char *const names[] = {
#define X(id, name) name,
        RESTARTS(X)
#undef X
    };
    return restart < RESTARTS_COUNT ? names[restart] : "?";
}
