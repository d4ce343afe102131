/* What a YAML parser finds wrong, said in plain words with a remedy. */
#ifndef BULKHEAD_STACKFILE_SYNTAX_H
#define BULKHEAD_STACKFILE_SYNTAX_H

#include <stdbool.h>

#include "core/fault.h"

struct syntax_problem {
    const char *problem; // the parser's own text (libyaml scanner.c, parser.c)
    struct mark at;
    struct mark context_at; // where the thing began that is broken
    bool at_tab;            // the byte at `at` is a tab
};

void syntax_fault(const struct syntax_problem *found, struct faults *faults);

#endif
