/* What may be the name of a stack: it becomes a folder and a cgroup. */
#ifndef BULKHEAD_CLI_HOST_NAME_H
#define BULKHEAD_CLI_HOST_NAME_H

#include <stdbool.h>

/* The Compose Specification's rule for project names, our length, and no name of our own leaves. */
bool name_is_valid(const char *name);

extern const char name_rule[]; // in words

#endif
