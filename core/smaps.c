/* See smaps.h. */
#include "core/smaps.h"

#include <string.h>

#define HEAP_ALIGN (UINT64_C(64) << 20) // where the C library puts further heaps (64-bit)
#define GUARD_MAX  (UINT64_C(1) << 20)  // of a thread's stack; a page, mostly
#define KB_MAX     (INT64_C(1) << 40)

struct mapping {
    uint64_t start;
    uint64_t end;
    const char *mode; // "rw-p"
    const char *name; // "" for what has none
};

/* Hexadecimal digits, at most 16; NULL: there is none. */
static const char *read_address(const char *text, uint64_t *ret)
{
    const char *at = text;
    uint64_t value = 0;

    for (; at - text <= 16; at++) {
        if (*at >= '0' && *at <= '9')
            value = value << 4 | (uint64_t)(*at - '0');
        else if (*at >= 'a' && *at <= 'f')
            value = value << 4 | (uint64_t)(*at - 'a' + 10);
        else
            break;
    }
    *ret = value;
    return at > text ? at : NULL;
}

/* "start-end mode offset device inode      name" */
static bool read_mapping(const char *line, struct mapping *ret)
{
    struct mapping mapping;
    const char *at = read_address(line, &mapping.start);

    if (!at || *at != '-')
        return false;
    at = read_address(at + 1, &mapping.end);
    if (!at || *at != ' ' || strlen(at) < 6 || at[5] != ' ' || mapping.end < mapping.start)
        return false;
    mapping.mode = at + 1;
    at += 5;
    for (int words = 0; words < 3; words++) { // offset, device, inode
        at += strspn(at, " ");
        at += strcspn(at, " ");
    }
    mapping.name = at + strspn(at, " ");
    *ret = mapping;
    return true;
}

static bool has(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static enum smaps_kind kind_of_name(const char *name)
{
    if (strcmp(name, "[heap]") == 0)
        return SMAPS_HEAP;
    if (strncmp(name, "[stack", 6) == 0)
        return SMAPS_STACK;
    if (strncmp(name, "[anon:", 6) != 0)
        return SMAPS_OTHER;
    return has(name, "stack")                         ? SMAPS_STACK
           : has(name, "malloc") || has(name, "heap") ? SMAPS_HEAP
                                                      : SMAPS_OTHER;
}

static enum smaps_kind kind_of(const struct mapping *mapping, uint64_t guard_end)
{
    if (*mapping->name)
        return kind_of_name(mapping->name);
    if (memcmp(mapping->mode, "rw-p", 4) != 0)
        return SMAPS_OTHER;
    if (mapping->start % HEAP_ALIGN == 0 && mapping->end - mapping->start <= HEAP_ALIGN)
        return SMAPS_HEAP;
    return guard_end != 0 && mapping->start == guard_end ? SMAPS_STACK : SMAPS_OTHER;
}

static bool is_guard(const struct mapping *mapping)
{
    return !*mapping->name && memcmp(mapping->mode, "---p", 4) == 0 &&
           mapping->end - mapping->start <= GUARD_MAX;
}

/* "Rss:                 136 kB" */
static int64_t resident(const char *line)
{
    int64_t kb = 0;

    if (strncmp(line, "Rss:", 4) != 0)
        return 0;
    for (line += 4 + strspn(line + 4, " "); *line >= '0' && *line <= '9' && kb < KB_MAX; line++)
        kb = kb * 10 + (*line - '0');
    return (kb < KB_MAX ? kb : KB_MAX) * 1024;
}

void smaps_line(struct smaps *smaps, const char *line)
{
    struct mapping mapping;
    int64_t more;

    if (read_mapping(line, &mapping)) {
        smaps->kind = kind_of(&mapping, smaps->guard_end);
        smaps->guard_end = is_guard(&mapping) ? mapping.end : 0;
        return;
    }
    more = resident(line);
    if (smaps->bytes[smaps->kind] <= INT64_MAX / 2 - more)
        smaps->bytes[smaps->kind] += more;
}
