/* See memory.h. */
#include "supervisor/sys/memory.h"

#include <sys/prctl.h>

bool memory_without_huge_pages(void)
{
    return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0;
}
