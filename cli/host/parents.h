/* The folders above one of ours. Who may change one of them could put another folder in the place
 * of ours, and so may who owns a symbolic link on the way: only root and we may be able to.
 *
 * Each step is opened from the one before it and looked at before it is gone on from, so what was
 * checked is what is used. Links are followed where root or we have made them (/var/lib/bulkhead
 * may be on another disk), which openat2(2) with RESOLVE_NO_SYMLINKS would not. Source:
 * path_resolution(7), symlink(7). */
#ifndef BULKHEAD_CLI_HOST_PARENTS_H
#define BULKHEAD_CLI_HOST_PARENTS_H

#include <limits.h>

#define PARENTS_TEXT_BYTES (3 * PATH_MAX + 512)

/* The folder that holds the last name of `path`, which is absolute; what is missing on the way is
 * made (0755). A descriptor (O_PATH) or a negative errno: -EPERM with what is objected to in
 * `text`, `variable` being what the user would choose another place with. */
int parents_open(const char *path, const char *variable, char text[PARENTS_TEXT_BYTES]);

#endif
