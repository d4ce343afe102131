/* Paths as texts: joined and cleaned without a look at any file system. */
#ifndef BULKHEAD_STACKFILE_PATHS_H
#define BULKHEAD_STACKFILE_PATHS_H

#include "core/arena.h"

/* `path` below the absolute folder `dir`, or `path` itself where it is absolute; without ".", ".."
 * and doubled slashes. NULL: the arena has failed. */
char *path_join(struct arena *arena, const char *dir, const char *path);

/* The folder that an absolute path is in. */
char *path_folder(struct arena *arena, const char *path);

#endif
