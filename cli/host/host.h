/* Where on this host the cgroups of a stack may be, and what they can enforce there.
 *
 * Sources: cgroups(7), Documentation/admin-guide/cgroup-v2.rst ("Delegation", "No Internal Process
 * Constraint"), systemd's "Control Group APIs and Delegation" (the xattr user.delegate). */
#ifndef BULKHEAD_CLI_HOST_HOST_H
#define BULKHEAD_CLI_HOST_HOST_H

#include <limits.h>
#include <stdbool.h>

#include "core/fault.h"

#define HOST_CLI_LEAF "bulkhead-cli" // where the command line moves itself, out of a delegated root

#define CONTROLLERS(X)  \
    X(MEMORY, "memory") \
    X(PIDS, "pids")     \
    X(CPU, "cpu")

enum controller {
#define X(id, name) CONTROLLER_##id,
    CONTROLLERS(X)
#undef X
        CONTROLLERS_COUNT
};

enum controller_state {
    CONTROLLER_USABLE,
    CONTROLLER_ON_V1,         // bound to a version 1 hierarchy
    CONTROLLER_DISABLED,      // not in this kernel, or switched off at boot
    CONTROLLER_NOT_DELEGATED, // v2 has it, but the cgroups above ours do not hand it down
    CONTROLLER_OCCUPIED, // foreign processes in the delegated root keep it from being handed down
};

enum host_kind {
    HOST_NONE,      // there is no place; see the fault
    HOST_TOP,       // the host's own root cgroup, without systemd: <mount>/bulkhead
    HOST_NAMESPACE, // the root of a cgroup namespace: a container
    HOST_DELEGATED, // a unit of systemd with Delegate=yes
    HOST_CHOSEN,    // BULKHEAD_CGROUP
};

struct host {
    enum host_kind kind;
    bool systemd;         // systemd manages this host
    bool journald;        // the system's journal takes messages
    char mount[PATH_MAX]; // where cgroup v2 is mounted; "": nowhere
    char own[PATH_MAX];   // the cgroup of this process, absolute; "": not visible
    char root[PATH_MAX];  // the stacks' cgroups are in here; need not exist when HOST_TOP
    char top[PATH_MAX];   // the highest cgroup that is ours to configure; exists
    bool inside;          // this process is in `top` itself and has to leave before controllers
                          // can be handed down
    bool swap_accounting; // memory.swap.max will be there
    enum controller_state controllers[CONTROLLERS_COUNT];
    char foreign[96];     // OCCUPIED: the first foreign processes: "12 (sh), 40 (sleep)"
    struct fault trouble; // HOST_NONE: what is in the way and the remedy
};

const char *controller_name(enum controller controller);

/* 0, also when there is no place (HOST_NONE); a negative errno when the machine fails. */
int host_find(struct host *ret);

/* Why `controller` is not usable and what mends it, as one clause and one sentence. */
void host_controller_trouble(const struct host *host, enum controller controller, char *why,
                             size_t why_size, char *remedy, size_t remedy_size);

/* Moves this process, and no other, out of `top` so that controllers can be handed down. 0, or a
 * negative errno. Does nothing where that is not needed. */
int host_leave_top(const struct host *host);

#endif
