/* What the key tables of the stack file generate for people and for editors. */
#ifndef BULKHEAD_TESTS_GENERATED_GENERATE_H
#define BULKHEAD_TESTS_GENERATED_GENERATE_H

#include <stdio.h>

#include "stackfile/keys.h"

#define TABLES_MAX 64

/* keys_top and every table inside it, each once, outer ones first. Returns how many. */
size_t generate_tables(const struct key_table *ret_tables[TABLES_MAX]);

/* The manual page from `from` with its generated part made anew. 0; 1: it has no such part. */
int generate_manual(FILE *from, FILE *to);

/* A JSON schema (draft 7) of the stack file. */
void generate_schema(FILE *to);

#endif
