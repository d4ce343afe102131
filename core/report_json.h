/* What a hook that is told of a death (on_oom, on_hold) finds on its stdin: one JSON object in one
 * line, with the names that `bulkhead why --format json` has. Pure.
 *
 * Source: RFC 8259. Text that is not UTF-8 comes out as U+FFFD, so the line always is. */
#ifndef BULKHEAD_CORE_REPORT_JSON_H
#define BULKHEAD_CORE_REPORT_JSON_H

#include "core/roster.h"
#include "core/verdict.h"

#define REPORT_OTHERS_MAX 3
#define REPORT_JSON_MAX   8192 // bytes, with the newline and a NUL

/* Who else was in the group whose limit was met. */
struct report_other {
    const char *name;
    int64_t current_bytes;
    int64_t peak_bytes; // 0: not known
    int64_t growth;     // bytes a second; 0: none, or not known
};

struct report {
    enum aide_kind hook;
    const char *stack;
    const struct member *member;
    uint32_t generation; // that died, or in which a process died
    int64_t wall_ns;
    const struct verdict *verdict;
    struct report_other others[REPORT_OTHERS_MAX];
    uint32_t others_count;
};

/* Length of the line with its newline; 0: it does not fit, which no roster that was checked can
 * bring about. */
size_t report_json(const struct report *report, char text[REPORT_JSON_MAX]);

#endif
