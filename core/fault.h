/* What is wrong with something that somebody wrote: where, what, and how to mend it.
 *
 * Two kinds of failure never mix. A fault is a finding about input (a stack file, a command line, a
 * host that cannot do what is asked) and is collected, so that all findings of a file come in one
 * go. A negative errno is a failure of the machine and is returned. */
#ifndef BULKHEAD_CORE_FAULT_H
#define BULKHEAD_CORE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in a file; line and column count from 1, 0 means "the file as a whole". `file` is
 * borrowed: it belongs to whoever opened the file and outlives the faults. NULL: no file. */
struct mark {
    const char *file;
    uint32_t line;
    uint32_t column;
};

enum fault_level {
    FAULT_ERROR,   // cannot go on with this
    FAULT_WARNING, // goes on, probably not what was meant
    FAULT_NOTICE,  // goes on, worth knowing
};

struct fault {
    enum fault_level level;
    struct mark at;
    char what[320];
    char remedy[320]; // empty: `what` says it all
};

#define FAULTS_MAX 32

struct faults {
    size_t errors;  // errors seen, kept or dropped
    size_t count;   // faults kept
    size_t dropped; // faults not kept because the list was full
    struct fault item[FAULTS_MAX];
};

void faults_init(struct faults *faults);

/* Adds one finding. `remedy` is a sentence or NULL. Longer texts are cut with "…". Control
 * characters and the like of hostile input, and bytes that are no UTF-8, are shown as \xHH, so a
 * fault can always be printed on a terminal. */
void faults_add(struct faults *faults, enum fault_level level, struct mark at, const char *remedy,
                const char *format, ...) __attribute__((format(printf, 5, 6)));

static inline bool faults_fatal(const struct faults *faults)
{
    return faults->errors > 0;
}

/* "error", "warning", "notice" */
const char *fault_level_name(enum fault_level level);

/* The candidate nearest to `word` by edit distance, NULL if none is near enough to be a slip of the
 * finger (Damerau-Levenshtein distance at most 1 for up to 4 letters, 2 for up to 8, else 3). */
const char *fault_nearest(const char *word, const char *const *candidates, size_t count);

#endif
