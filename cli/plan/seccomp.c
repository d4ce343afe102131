/* See seccomp.h. */
#include "cli/plan/seccomp.h"

#include <errno.h>
#include <seccomp.h>

unsigned int seccomp_level(void)
{
    return seccomp_api_get();
}

static int add(scmp_filter_ctx filter, const struct seccomp_rule *rule)
{
    int number = seccomp_syscall_resolve_name(rule->call);
    uint32_t action = rule->error ? SCMP_ACT_ERRNO((uint16_t)rule->error) : SCMP_ACT_ALLOW;
    const struct scmp_arg_cmp condition = {
        .arg = rule->argument,
        .op = SCMP_CMP_MASKED_EQ,
        .datum_a = rule->mask,
        .datum_b = rule->value,
    };

    if (number == __NR_SCMP_ERROR)
        return -EINVAL;
    if (number < 0)
        return 0; // of other architectures
    return rule->is_masked ? seccomp_rule_add_array(filter, action, number, 1, &condition)
                           : seccomp_rule_add_array(filter, action, number, 0, NULL);
}

int seccomp_compile(const struct seccomp_rule *rules, size_t count, int fd)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int result = filter ? 0 : -ENOMEM;

    /* A tree of comparisons instead of a list: a filter is run at every call. */
    if (result == 0)
        result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; i < count && result == 0; i++)
        result = add(filter, &rules[i]);
    if (result == 0)
        result = seccomp_export_bpf(filter, fd);
    seccomp_release(filter);
    return result;
}
