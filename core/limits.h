/* The bounds of the house: every table and every input has one, and it is written here once. */
#ifndef BULKHEAD_CORE_LIMITS_H
#define BULKHEAD_CORE_LIMITS_H

enum {
    NAME_BYTES_MAX = 64,        // a stack's or a service's name, without the NUL
    INSTANCE_NAME_MAX = 80,     // "service-12", with the NUL
    INSTANCES_MAX = 4096,       // instances of one stack
    DEPENDENCIES_MAX = 65536,   // edges of the dependency graph, all instances together
    LAUNCH_BYTES_MAX = 2 << 20, // argv, environment and the rest of one instance, encoded
    ENCLOSING_MAX = 4,          // levels around a compartment: the stack and groups in groups
    BUDGETS_MAX = 64,           // groups of a stack with a memory limit, the stack included
    CONTROLS_MAX = 24,          // cgroup files written for one compartment
    GROUPS_MAX = 64,            // supplementary groups of a service
    SIGNAL_MAX = 64,            // highest signal number of Linux
    ERRNO_MAX = 4095,           // highest errno of Linux
    RLIMITS_KEPT_MAX = 16,      // resource limits of a service
    BUDGET_RESTARTS_MAX = 32,   // max_restarts of a budget
    VICTIMS_MAX = 16,           // victims of x-bulkhead.oom
    HOOKS_MAX = 16,             // hooks in a member's life, all kinds together
    AIDES_MAX = HOOKS_MAX + 3,  // those, its probe, on_oom and on_hold
};

#endif
