/* The environment that a service starts with. Pure: whose environment bulkhead has is an argument.
 */
#ifndef BULKHEAD_CLI_HOST_SURROUNDINGS_H
#define BULKHEAD_CLI_HOST_SURROUNDINGS_H

#include "core/arena.h"
#include "core/spec.h"
#include "cli/host/users.h"

#define SURROUNDINGS_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* PATH; with `user`, HOME USER LOGNAME SHELL; then the service's own, where a variable without a
 * value is passed through from `own` and stays as it is when `own` has none. `user` may be NULL.
 * NULL: out of memory. */
char *const *surroundings_make(const struct spec_service *service, const struct user *user,
                               char *const *own, struct arena *arena);

/* Value of a variable, or NULL. */
const char *surroundings_get(char *const *environment, const char *name);

#endif
