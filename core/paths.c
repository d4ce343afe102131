/* See paths.h. */
#include "core/paths.h"

#include <stdio.h>

void compartment_name(const struct member *member, uint32_t generation,
                      char name[COMPARTMENT_NAME_MAX])
{
    snprintf(name, COMPARTMENT_NAME_MAX, "s-%.*s.%u.%u", (int)member->service_length, member->name,
             member->number, generation);
}
