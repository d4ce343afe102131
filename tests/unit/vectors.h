/* Rows of the shared value vectors: tab-separated columns with escapes. */
#ifndef BULKHEAD_TESTS_UNIT_VECTORS_H
#define BULKHEAD_TESTS_UNIT_VECTORS_H

#include <stdbool.h>
#include <stdio.h>

#define VECTOR_COLUMNS 5

struct vector_row {
    char line[1024];
    char *column[VECTOR_COLUMNS]; // "" where there is none
};

/* ../shared/data/vectors/NAME.tsv; where it is not, the test is skipped and says so. */
FILE *vectors_open(const char *name);

/* The next row as it stands in the file. False at its end. */
bool vectors_next(FILE *file, struct vector_row *row);

/* \\ \n \t \r \xHH become what they stand for. */
void vectors_unescape(char *text);

#endif
