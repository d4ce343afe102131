/* See name.h. */
#include "cli/host/name.h"

#include <string.h>

#include "cli/host/host.h"
#include "core/limits.h"

const char name_rule[] = "lower-case letters, digits, - and _, starting with a letter or a digit, "
                         "at most 64 characters";

bool name_is_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(name);

    return length > 0 && length <= NAME_BYTES_MAX && strchr(first, name[0]) != NULL &&
           strspn(name, rest) == length && strcmp(name, HOST_CLI_LEAF) != 0;
}
