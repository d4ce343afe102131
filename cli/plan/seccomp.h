/* What this kernel's seccomp can do. The one door to libseccomp. */
#ifndef BULKHEAD_CLI_PLAN_SECCOMP_H
#define BULKHEAD_CLI_PLAN_SECCOMP_H

/* libseccomp's API level, 1 … 6 (seccomp_api_get(3)); 0: unknown. */
unsigned int seccomp_level(void);

#endif
