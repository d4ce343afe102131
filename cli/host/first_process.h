/* Being the first process of a PID namespace, as the entry point of a container is: the kernel
 * makes every orphan in it our child, ignores signals that nobody has asked for, and ends everybody
 * when we end. Source: pid_namespaces(7). */
#ifndef BULKHEAD_CLI_HOST_FIRST_PROCESS_H
#define BULKHEAD_CLI_HOST_FIRST_PROCESS_H

#include <stdbool.h>

bool is_first_process(void);

/* From now on the kernel forgets children of ours that have ended, those that will be ours as well:
 * there are no zombies, and nobody can wait for one. */
void first_process_reaps(void);

#endif
