/* See paths.h. */
#include "stackfile/paths.h"

#include <string.h>

/* Appends the parts of `path` to `to`, an absolute path of `length` bytes without a slash at its
 * end ("" is the root). Returns the new length. */
static size_t append(char *to, size_t length, const char *path)
{
    while (*path) {
        size_t part = strcspn(path, "/");

        if (part == 2 && memcmp(path, "..", 2) == 0) {
            while (length > 0 && to[--length] != '/')
                ;
        } else if (part > 0 && !(part == 1 && *path == '.')) {
            to[length++] = '/';
            memcpy(to + length, path, part);
            length += part;
        }
        path += part;
        path += *path == '/';
    }
    return length;
}

char *path_join(struct arena *arena, const char *dir, const char *path)
{
    char *joined = arena_alloc(arena, strlen(dir) + strlen(path) + 3);
    size_t length = 0;

    if (!joined)
        return NULL;
    if (*path != '/')
        length = append(joined, 0, dir);
    length = append(joined, length, path);
    if (length == 0)
        joined[length++] = '/';
    joined[length] = '\0';
    return joined;
}

char *path_folder(struct arena *arena, const char *path)
{
    return path_join(arena, path, "..");
}
