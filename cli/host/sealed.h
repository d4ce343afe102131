/* Whole writes, and bytes that nobody can change any more, as a file to hand over. Source:
 * memfd_create(2). */
#ifndef BULKHEAD_CLI_HOST_SEALED_H
#define BULKHEAD_CLI_HOST_SEALED_H

#include <stddef.h>

/* All of it, in as many steps as it takes. 0 or a negative errno. */
int write_all(int fd, const void *bytes, size_t size);

/* The descriptor (close-on-exec), or a negative errno. `name` is what /proc shows. */
int sealed_make(const char *name, const unsigned char *bytes, size_t size);

#endif
