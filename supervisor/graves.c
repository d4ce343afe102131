/* See graves.h. */
#include "supervisor/graves.h"

#include <string.h>

#include "supervisor/sys/cgroup.h"

int graves_add(struct graves *graves, const char *name, instant now)
{
    struct grave *grave = &graves->item[graves->count];

    if (graves->count == GRAVES_MAX)
        return 1;
    *grave = (struct grave){.next = now, .give_up = instant_add(now, GRAVE_PATIENCE)};
    strncpy(grave->name, name, sizeof(grave->name) - 1);
    graves->count++;
    return 0;
}

bool graves_visit(struct graves *graves, int services, instant now, struct grave *ret_given_up,
                  int *ret_error)
{
    for (uint32_t i = 0; i < graves->count;) {
        struct grave *grave = &graves->item[i];
        int result;

        if (!instant_reached(grave->next, now)) {
            i++;
            continue;
        }
        result = cgroup_remove(services, grave->name);
        if (result < 0 && !instant_reached(grave->give_up, now)) {
            grave->next = instant_add(now, GRAVE_INTERVAL);
            i++;
            continue;
        }
        *ret_given_up = *grave;
        *grave = graves->item[--graves->count];
        if (result < 0) {
            *ret_error = result;
            return true;
        }
    }
    return false;
}

instant graves_deadline(const struct graves *graves)
{
    instant earliest = INSTANT_NEVER;

    for (uint32_t i = 0; i < graves->count; i++)
        earliest = instant_min(earliest, graves->item[i].next);
    return earliest;
}
