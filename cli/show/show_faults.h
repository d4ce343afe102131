/* Findings on the screen: place, what, the line itself with a caret, and the remedy. */
#ifndef BULKHEAD_CLI_SHOW_SHOW_FAULTS_H
#define BULKHEAD_CLI_SHOW_SHOW_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/fault.h"
#include "stackfile/stackfile.h"

/* On stderr. `texts` are the files that the marks name, as far as they are at hand. */
void show_faults(const struct faults *faults, const struct stackfile_text *texts, size_t count,
                 bool colour);

/* One, that is not about a text; used for what comes out of a host or a socket. */
void show_fault(const struct fault *fault, bool colour);

/* The same to a stream, for tests. */
void show_faults_to(FILE *to, const struct faults *faults, const struct stackfile_text *texts,
                    size_t count, bool colour);

#endif
