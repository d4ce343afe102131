/* Text of cgroup files to numbers. Every text is hostile: bounded, any order, unknown keys skipped.
 * Source: Documentation/admin-guide/cgroup-v2.rst. */
#ifndef BULKHEAD_CORE_MEMEV_H
#define BULKHEAD_CORE_MEMEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* memory.events or memory.events.local; keys that are absent are 0. */
struct memev {
    int64_t low;
    int64_t high;
    int64_t max;
    int64_t oom;
    int64_t oom_kill;
    int64_t oom_group_kill;
};

/* 0, or 1 when a line is not "key number" (what could be read is in *ret). */
int memev_parse(const char *text, size_t length, struct memev *ret);

/* A "key value" file (cgroup.events, memory.stat): 0 with the value of `key`, 1 when it is absent
 * or malformed. */
int memev_keyed(const char *text, size_t length, const char *key, int64_t *ret);

/* A single number, or "max" (-1). 0, or 1 when it is neither. */
int memev_number(const char *text, size_t length, int64_t *ret);

/* What the host has to give before it must take from somebody (MemAvailable), out of /proc/meminfo:
 * "MemAvailable:   12345 kB". 0 with bytes, or 1 when it is absent or malformed. */
int memev_available(const char *text, size_t length, int64_t *ret_bytes);

#endif
