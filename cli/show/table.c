/* See render.h: a table. */
#include "cli/show/render.h"

#include <stdlib.h>
#include <string.h>

#define GAP 3 // spaces between columns

struct cell {
    char *text; // owned
    enum render_style style;
};

struct table {
    size_t columns;
    size_t count;
    size_t capacity;
    struct cell *cells; // row by row; the first row is the heads
    bool failed;
};

struct table *table_create(const char *const *heads, size_t columns)
{
    struct table *table = calloc(1, sizeof(*table));
    size_t i;

    if (!table)
        return NULL;
    table->columns = columns;
    for (i = 0; i < columns; i++)
        table_cell(table, heads[i], STYLE_OFF);
    return table->failed ? table_destroy(table) : table;
}

static bool grow(struct table *table)
{
    size_t capacity = table->capacity > 0 ? table->capacity * 2 : 64;
    struct cell *cells = reallocarray(table->cells, capacity, sizeof(*cells));

    if (!cells)
        return false;
    table->cells = cells;
    table->capacity = capacity;
    return true;
}

bool table_cell(struct table *table, const char *text, enum render_style style)
{
    char *copy = strdup(text ? text : "");

    if (!copy || (table->count == table->capacity && !grow(table))) {
        free(copy);
        table->failed = true;
        return false;
    }
    table->cells[table->count++] = (struct cell){copy, style};
    return true;
}

static void measure(const struct table *table, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t i;

    memset(widths, 0, TABLE_COLUMNS_MAX * sizeof(*widths));
    for (i = 0; i < table->count; i++) {
        size_t width = render_width(table->cells[i].text);

        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
}

bool table_print(const struct table *table, bool colour, FILE *to)
{
    size_t widths[TABLE_COLUMNS_MAX];
    size_t i;

    if (table->failed || table->columns > TABLE_COLUMNS_MAX)
        return false;
    measure(table, widths);
    for (i = 0; i < table->count; i++) {
        const struct cell *cell = &table->cells[i];
        size_t column = i % table->columns;
        bool last = column + 1 == table->columns;
        bool styled = colour && cell->style != STYLE_OFF;
        size_t fill = widths[column] - render_width(cell->text) + GAP;

        fprintf(to, "%s%s%s%*s%s", render_style(styled, cell->style), cell->text,
                render_style(styled, STYLE_OFF), last ? 0 : (int)fill, "", last ? "\n" : "");
    }
    return true;
}

struct table *table_destroy(struct table *table)
{
    size_t i;

    if (!table)
        return NULL;
    for (i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
    return NULL;
}
