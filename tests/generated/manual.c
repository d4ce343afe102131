/* The generated part of bulkhead.yaml(5): which keys there are, and what becomes of each. */
#include "tests/generated/generate.h"

#include <string.h>

#define BEGIN ".\\\" generated from the key tables: make generated\n"
#define END   ".\\\" end of what is generated\n"

/* Text on a line of its own, so that no macro is seen in it. */
static void put_text(FILE *to, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", to);
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", to);
        else if (strncmp(text, "…", strlen("…")) == 0)
            text += fprintf(to, "...") - 1; // as many bytes
        else
            fputc(*text, to);
    }
    fputc('\n', to);
}

static size_t count_of(const struct key_table *table, enum key_class class)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++)
        count += table->row[i].class == class;
    return count;
}

static void put_where(FILE *to, const struct key_table *table)
{
    fprintf(to, ".Ss \\&In %s\n", table->where);
}

/* --- honoured keys, each with what it means --- */

static void put_honoured(FILE *to, const struct key_table *table)
{
    if (count_of(table, KEY_HONOURED) == 0)
        return;
    put_where(to, table);
    fputs(".Bl -tag -width stop_grace_period -compact\n", to);
    for (size_t i = 0; i < table->count; i++) {
        if (table->row[i].class != KEY_HONOURED)
            continue;
        fprintf(to, ".It Ic %s\n", table->row[i].key);
        put_text(to, table->row[i].about);
    }
    fputs(".El\n", to);
}

/* --- keys without effect: their names --- */

static void put_no_effect(FILE *to, const struct key_table *table)
{
    size_t left = count_of(table, KEY_NO_EFFECT), in_line = 0;

    if (left == 0)
        return;
    fprintf(to, ".It \\&In %s\n", table->where);
    for (size_t i = 0; i < table->count; i++) {
        if (table->row[i].class != KEY_NO_EFFECT)
            continue;
        left--;
        fprintf(to, "%s%s%s", in_line == 0 ? ".Ic " : " ", table->row[i].key, left ? " ," : " .\n");
        in_line = left && in_line < 4 ? in_line + 1 : 0;
        if (left && in_line == 0)
            fputc('\n', to);
    }
}

/* --- refused keys, each with what to write instead --- */

static void put_refused(FILE *to, const struct key_table *table, enum key_class class)
{
    if (count_of(table, class) == 0)
        return;
    put_where(to, table);
    fputs(".Bl -tag -width device_cgroup_rule -compact\n", to);
    for (size_t i = 0; i < table->count; i++) {
        const struct key_row *row = &table->row[i];

        if (row->class != class)
            continue;
        fprintf(to, ".It Ic %s\n", row->key);
        put_text(to, row->remedy);
        if (row->harmless)
            fprintf(to, "(accepted as\n.Li %s ,\nwhich is so anyway)\n", row->harmless);
    }
    fputs(".El\n", to);
}

static void put_all(FILE *to)
{
    const struct key_table *tables[TABLES_MAX];
    size_t count = generate_tables(tables);

    fputs(".Sh KEYS AT A GLANCE\n", to);
    for (size_t i = 0; i < count; i++)
        put_honoured(to, tables[i]);
    fputs(".Sh KEYS WITHOUT EFFECT\nAccepted, and named in one notice.\n.Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < count; i++)
        put_no_effect(to, tables[i]);
    fputs(".El\n.Sh KEYS NOT YET SUPPORTED\n"
          "Refused by name; until they are there, this is what to do.\n",
          to);
    for (size_t i = 0; i < count; i++)
        put_refused(to, tables[i], KEY_LATER);
    fputs(".Sh KEYS NOT SUPPORTED\n"
          "Refused by name, since no program of the host can have them, or something else says it "
          "better.\n",
          to);
    for (size_t i = 0; i < count; i++)
        put_refused(to, tables[i], KEY_REFUSED);
}

int generate_manual(FILE *from, FILE *to)
{
    char line[1024];
    bool inside = false, found = false;

    while (fgets(line, sizeof(line), from)) {
        if (strcmp(line, END) == 0)
            inside = false;
        if (!inside)
            fputs(line, to);
        if (strcmp(line, BEGIN) != 0)
            continue;
        put_all(to);
        inside = found = true;
    }
    return found && !inside ? 0 : 1;
}
