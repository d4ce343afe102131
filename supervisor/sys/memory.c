/* See memory.h. */
#include "supervisor/sys/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

bool memory_without_huge_pages(void)
{
    return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0;
}

void memory_give_back(void *bytes, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes + size) / page * page;

    if (first < end)
        (void)madvise((unsigned char *)bytes + (first - (uintptr_t)bytes), end - first,
                      MADV_DONTNEED);
}

void memory_trim(void)
{
    (void)malloc_trim(0);
}
