/* Findings on the screen: place, what, the line itself with a caret, and the remedy. */
#ifndef BULKHEAD_CLI_SHOW_FAULTS_H
#define BULKHEAD_CLI_SHOW_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/fault.h"

/* On stderr. `text` is what the marks count in; NULL: not at hand. */
void show_faults(const struct faults *faults, const char *text, size_t length, bool colour);

/* One, that is not about a text; used for what comes out of a host or a socket. */
void show_fault(const struct fault *fault, bool colour);

/* The same to a stream, for tests. */
void show_faults_to(FILE *to, const struct faults *faults, const char *text, size_t length,
                    bool colour);

#endif
