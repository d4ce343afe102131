/* See memory.h. */
#include "supervisor/sys/memory.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/auxv.h>
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

extern const unsigned char __executable_start[]; // of the linker

/* What is written to is not the file's any more: it is memory.min's business. */
int memory_keep_code(void)
{
    const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR);
    uintptr_t base = 0, first = (uintptr_t)__executable_start;
    int result = 0;

    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
        if (header[i].p_type == PT_LOAD && header[i].p_offset == 0)
            base = first - header[i].p_vaddr;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        const unsigned char *start = __executable_start + (base + header[i].p_vaddr - first);
        if (header[i].p_type == PT_LOAD && !(header[i].p_flags & PF_W) &&
            mlock2(start, header[i].p_memsz, MLOCK_ONFAULT) < 0)
            result = -errno;
    }
    return result;
}
