/* See vectors.h. */
#include "tests/unit/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

FILE *vectors_open(const char *name)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "../shared/data/vectors/%s.tsv", name);
    file = fopen(path, "r");
    if (!file) {
        print_message("skipped: %s is not there\n", path);
        skip();
    }
    return file;
}

bool vectors_next(FILE *file, struct vector_row *row)
{
    static char empty[] = "";
    char *rest = row->line;

    do {
        if (!fgets(row->line, sizeof(row->line), file))
            return false;
    } while (row->line[0] == '#');
    row->line[strcspn(row->line, "\n")] = '\0';
    for (int i = 0; i < VECTOR_COLUMNS; i++)
        row->column[i] = rest ? strsep(&rest, "\t") : empty;
    return true;
}

void vectors_unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        unsigned byte;
        if (*text != '\\') {
            *to++ = *text;
            continue;
        }
        text++;
        if (*text == 'x' && sscanf(text + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            text += 2;
        } else {
            *to++ = *text == 'n' ? '\n' : *text == 't' ? '\t' : *text == 'r' ? '\r' : *text;
        }
    }
    *to = '\0';
}
