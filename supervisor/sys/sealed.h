/* Memory that is handed over to or by another process and that nobody can change any more. Source:
 * memfd_create(2), fcntl(2) (F_GET_SEALS). */
#ifndef BULKHEAD_SUPERVISOR_SYS_SEALED_H
#define BULKHEAD_SUPERVISOR_SYS_SEALED_H

#include <stddef.h>

/* 0 with the size; -EPERM: not a memfd, or one that can still be written, cut or grown; -EFBIG:
 * more than `most` bytes; or another negative errno. */
int sealed_check(int fd, size_t most, size_t *ret_size);

/* A file with these bytes, to be read from its beginning; or negative errno. */
int sealed_make(const char *name, const void *bytes, size_t size);

#endif
