/* Generates the lists of keys from the tables that the loader reads by:
 *
 *   generate manual <man/bulkhead.yaml.5    the page with its generated part made anew
 *   generate schema                         configs/bulkhead.schema.json */
#include "tests/generated/generate.h"

#include <stdlib.h>
#include <string.h>

static void add_table(const struct key_table *table, const struct key_table **tables, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (tables[i] == table)
            return;
    if (*count == TABLES_MAX) {
        fputs("generate: more tables than TABLES_MAX\n", stderr);
        exit(1);
    }
    tables[(*count)++] = table;
    for (size_t i = 0; i < table->count; i++)
        if (table->row[i].inner)
            add_table(table->row[i].inner, tables, count);
}

size_t generate_tables(const struct key_table *ret_tables[TABLES_MAX])
{
    size_t count = 0;

    add_table(&keys_top, ret_tables, &count);
    return count;
}

int main(int argc, char **argv)
{
    int status = 0;

    if (argc == 2 && strcmp(argv[1], "manual") == 0)
        status = generate_manual(stdin, stdout);
    else if (argc == 2 && strcmp(argv[1], "schema") == 0)
        generate_schema(stdout);
    else
        status = 2;
    return fflush(stdout) != 0 ? 1 : status;
}
