/* See seccomp.h. */
#include "cli/plan/seccomp.h"

#include <seccomp.h>

unsigned int seccomp_level(void)
{
    return seccomp_api_get();
}
