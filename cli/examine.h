/* Can this host run stacks with limits? The findings behind `doctor`. */
#ifndef BULKHEAD_CLI_EXAMINE_H
#define BULKHEAD_CLI_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>

enum finding_state {
    FINDING_OK,
    FINDING_WARN,    // works, with less
    FINDING_MISSING, // a stack with limits cannot run
};

struct finding {
    const char *what;
    enum finding_state state;
    char detail[256];
    char remedy[320]; // empty when ok
};

#define FINDINGS_MAX 24

struct findings {
    size_t count;
    struct finding item[FINDINGS_MAX];
};

const char *finding_state_name(enum finding_state state); // "ok", "warn", "missing"

/* Looks, and tries what can only be tried, in a cgroup that it makes and removes. `runtime_base` is
 * the folder that the runtime folders of stacks are in. 0 or a negative errno. */
int examine(const char *runtime_base, struct findings *ret);

#endif
