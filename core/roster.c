/* See roster.h. */
#include "core/roster.h"

#include <stdlib.h>
#include <string.h>

bool roster_name_is_valid(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return length > 0 && length <= NAME_BYTES_MAX && name[length] == '\0' && name[0] != '.' &&
           name[0] != '-';
}

void roster_finish(struct roster *roster)
{
    free(roster->cgroup_dir);
    free(roster->runtime_dir);
    free(roster->state_dir);
    free(roster->members);
    free(roster->needs);
    free(roster->aides);
    free(roster->groups);
    *roster = (struct roster){0};
}

ptrdiff_t roster_find(const struct roster *roster, const char *member_name)
{
    for (uint32_t i = 0; i < roster->members_count; i++)
        if (strcmp(roster->members[i].name, member_name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

bool member_is_of(const struct member *member, const char *service)
{
    return strlen(service) == member->service_length &&
           memcmp(member->name, service, member->service_length) == 0;
}

const struct aide *roster_aide(const struct roster *roster, uint32_t member, enum aide_kind kind,
                               uint32_t index)
{
    const struct member *self = &roster->members[member];

    for (uint32_t i = 0; i < self->aides_count; i++) {
        const struct aide *aide = &roster->aides[self->first_aide + i];
        if (aide->kind == kind && index-- == 0)
            return aide;
    }
    return NULL;
}
