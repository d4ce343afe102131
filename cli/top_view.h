/* The model of `top` as lines of text. Pure: what it draws on is the caller's. */
#ifndef BULKHEAD_CLI_TOP_VIEW_H
#define BULKHEAD_CLI_TOP_VIEW_H

#include "cli/show/screen.h"
#include "cli/top_model.h"

/* What is drawn on: `put` is screen_put(), or a test's. */
struct top_page {
    int rows;
    int columns;
    bool utf8;
    void (*put)(int row, int column, enum screen_style style, const char *text);
};

#define TOP_PAGE_ROWS_MIN    6
#define TOP_PAGE_COLUMNS_MIN 40

/* Lines of members that a page of so many rows has room for. */
uint32_t top_view_lines(int rows);

/* The list. `stack` names it; `message` is in the last line (NULL: the keys). */
void top_view_draw(const struct top_page *page, const struct top *top, const char *stack,
                   const char *message);

void top_view_help(const struct top_page *page);

#endif
