/* What an unquoted YAML scalar is: Compose reads with Go's yaml.v3, so its rules decide.
 * Source: gopkg.in/yaml.v3 resolve.go. yes, no, on and off are strings there. */
#ifndef BULKHEAD_STACKFILE_SCALAR_H
#define BULKHEAD_STACKFILE_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scalar_type {
    SCALAR_STRING,
    SCALAR_NULL,
    SCALAR_BOOL,
    SCALAR_INT,
    SCALAR_FLOAT,
};

enum scalar_type scalar_resolve(const char *text, size_t length);

#define SCALAR_CANONICAL_MAX 40

/* The text that Compose makes of a bool, int or float: "true", "493" (of 0755), "1.5" (of 1.50),
 * "1e+21". 1: it has none (a NaN, a number beyond 64 bits). */
int scalar_canonical(enum scalar_type type, const char *text, char ret_text[SCALAR_CANONICAL_MAX]);

#endif
