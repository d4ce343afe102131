/* See top_view.h. */
#include "cli/top_view.h"

#include <stdio.h>
#include <string.h>

#include "cli/show/render.h"
#include "cli/show/row.h"

#define TEXT_MAX  640
#define BAR_MAX   24
#define SPARK_MAX 60

/* Columns of a page: where each begins, and how wide it is (0: left out). */
struct layout {
    int name, state, bar, memory, growth, processors, restarts, spark;
};

/* 80 columns have room for everything but the processors. What is more goes to names, bars and
 * sparklines. */
static struct layout lay_out(int columns)
{
    struct layout layout = {13, 9, 10, 11, 7, 0, 4, 7};
    int left = columns - 80;

    if (left >= 6) {
        layout.processors = 5;
        left -= 6;
    }
    if (left > 0) {
        layout.name += left / 4 < 16 ? left / 4 : 16;
        layout.spark += left / 2 < SPARK_MAX - 7 ? left / 2 : SPARK_MAX - 7;
        layout.bar += left / 8 < BAR_MAX - 10 ? left / 8 : BAR_MAX - 10;
    }
    if (columns < 80)
        layout.spark = 0;
    if (columns < 64)
        layout.bar = 0;
    return layout;
}

/* One line under construction. */
struct line {
    const struct top_page *page;
    int row;
    int column;
    bool chosen; // the selected one: reversed as a whole
};

/* Puts at most `width` characters, and a blank behind; 0: the column is left out. */
static void put(struct line *line, int width, enum screen_style style, const char *text)
{
    char cell[TEXT_MAX];
    int length = 0;
    size_t bytes = 0;

    if (width > line->page->columns - line->column)
        width = line->page->columns - line->column;
    if (width <= 0)
        return;
    while (text[bytes] && length < width && bytes + 4 < sizeof(cell)) {
        do
            bytes++;
        while (((unsigned char)text[bytes] & 0xc0) == 0x80);
        length++;
    }
    snprintf(cell, sizeof(cell), "%.*s%*s", (int)bytes, text, width - length + 1, "");
    line->page->put(line->row, line->column, line->chosen ? SCREEN_CHOSEN : style, cell);
    line->column += width + 1;
}

static void put_right(struct line *line, int width, enum screen_style style, const char *text)
{
    char cell[TEXT_MAX];

    if (width <= 0)
        return;
    snprintf(cell, sizeof(cell), "%*s", width, text);
    put(line, width, style, cell);
}

/* "123M", "1.5G": at most five characters. */
static char *short_bytes(int64_t bytes, char text[RENDER_MAX])
{
    static const char units[] = "BKMGTPE";
    double value = (double)bytes;
    size_t unit = 0;

    while (value >= 1000 && unit + 2 < sizeof(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(text, RENDER_MAX, value < 9.95 && unit > 0 ? "%.1f%c" : "%.0f%c", value, units[unit]);
    return text;
}

/* "####--|---": filled up to what is used, with a mark at the peak. */
static void bar_text(const struct top_member *member, int width, bool utf8, char *text)
{
    static const char *const signs[2][3] = {{"#", "-", "|"}, {"\u2588", "\u00b7", "\u2502"}};
    int64_t limit = top_limit(member);
    double used = limit > 0 ? (double)top_memory(member) / (double)limit : 0;
    double peak = limit > 0 ? (double)top_peak(member) / (double)limit : 0;
    int filled = used >= 1 ? width : (int)(used * width + 0.5);
    int mark = peak >= 1 ? width - 1 : (int)(peak * width);

    *text = '\0';
    if (limit <= 0)
        return;
    for (int i = 0; i < width; i++)
        text = stpcpy(text, signs[utf8][i < filled ? 0 : i == mark && peak > 0 ? 2 : 1]);
}

static enum screen_style memory_style(const struct top_member *member)
{
    int64_t limit = top_limit(member);
    double used = limit > 0 ? (double)top_memory(member) / (double)limit : 0;

    return used >= 0.9 ? SCREEN_BAD : used >= 0.75 ? SCREEN_WARN : SCREEN_GOOD;
}

static enum screen_style state_style(const struct wire_row *row)
{
    static const enum screen_style styles[] = {
        [STYLE_OFF] = SCREEN_PLAIN, [STYLE_BOLD] = SCREEN_BOLD,  [STYLE_DIM] = SCREEN_DIM,
        [STYLE_RED] = SCREEN_BAD,   [STYLE_GREEN] = SCREEN_GOOD, [STYLE_YELLOW] = SCREEN_WARN,
    };

    return styles[row_style(row)];
}

static void memory_text(const struct top_member *member, char text[RENDER_MAX])
{
    char used[RENDER_MAX], limit[RENDER_MAX];
    int64_t most = top_limit(member);

    if (member->gauge.current_bytes < 0)
        snprintf(text, RENDER_MAX, "-");
    else if (most > 0)
        snprintf(text, RENDER_MAX, "%.8s/%.8s", short_bytes(top_memory(member), used),
                 short_bytes(most, limit));
    else
        snprintf(text, RENDER_MAX, "%s", short_bytes(top_memory(member), used));
}

static enum screen_style growth_text(const struct top_member *member, char text[RENDER_MAX])
{
    char amount[RENDER_MAX];
    int64_t growth, left_ns;

    if (member->gauge.current_bytes < 0 || !series_growth(&member->series, &growth)) {
        snprintf(text, RENDER_MAX, "-");
        return SCREEN_PLAIN;
    }
    snprintf(text, RENDER_MAX, "%s%.8s", growth < 0 ? "-" : "+",
             short_bytes(growth < 0 ? -growth : growth, amount));
    if (!series_full_in(&member->series, top_limit(member), &left_ns))
        return SCREEN_PLAIN;
    return left_ns < INT64_C(300) * NSEC_PER_SEC    ? SCREEN_BAD
           : left_ns < INT64_C(3600) * NSEC_PER_SEC ? SCREEN_WARN
                                                    : SCREEN_PLAIN;
}

static void draw_member(const struct top_page *page, const struct layout *layout, int row,
                        const struct top_member *member, bool chosen)
{
    struct line line = {page, row, 0, chosen};
    char text[TEXT_MAX], number[RENDER_MAX];
    int64_t milli;
    enum screen_style style;

    put(&line, layout->name, SCREEN_BOLD, member->row.name);
    put(&line, layout->state, state_style(&member->row), row_state_word(&member->row));
    bar_text(member, layout->bar, page->utf8, text);
    put(&line, layout->bar, memory_style(member), text);
    memory_text(member, number);
    put_right(&line, layout->memory, SCREEN_PLAIN, number);
    style = growth_text(member, number);
    put_right(&line, layout->growth, style, number);
    if (member->gauge.current_bytes >= 0 && series_processors(&member->series, &milli))
        snprintf(number, sizeof(number), "%.1f", (double)milli / 10);
    else
        snprintf(number, sizeof(number), "-");
    put_right(&line, layout->processors, SCREEN_PLAIN, number);
    snprintf(number, sizeof(number), "%lld", (long long)member->row.restarts);
    put_right(&line, layout->restarts, member->row.restarts > 0 ? SCREEN_WARN : SCREEN_PLAIN,
              number);
    series_spark(&member->series, top_limit(member), (size_t)layout->spark, page->utf8, text);
    put(&line, layout->spark, SCREEN_PLAIN, text);
    snprintf(text, sizeof(text), "%s",
             member->row.verdict == VERDICT_NONE
                 ? "-"
                 : verdict_name((enum verdict_kind)member->row.verdict));
    put(&line, page->columns - line.column,
        verdict_is_failure((enum verdict_kind)member->row.verdict) ? SCREEN_BAD : SCREEN_PLAIN,
        text);
}

static void draw_heads(const struct top_page *page, const struct layout *layout)
{
    struct line line = {page, 1, 0, false};

    put(&line, layout->name, SCREEN_HEAD, "NAME");
    put(&line, layout->state, SCREEN_HEAD, "STATE");
    put(&line, layout->bar, SCREEN_HEAD, "USED");
    put_right(&line, layout->memory, SCREEN_HEAD, "MEMORY");
    put_right(&line, layout->growth, SCREEN_HEAD, "GROWTH");
    put_right(&line, layout->processors, SCREEN_HEAD, "CPU%");
    put_right(&line, layout->restarts, SCREEN_HEAD, "RST");
    put(&line, layout->spark, SCREEN_HEAD, "2 MIN");
    put(&line, page->columns - line.column, SCREEN_HEAD, "LAST DEATH");
}

static void draw_title(const struct top_page *page, const struct top *top, const char *stack)
{
    struct line line = {page, 0, 0, false};
    char text[TEXT_MAX], memory[RENDER_MAX];
    uint32_t running = 0;
    int64_t total = 0;

    for (uint32_t i = 0; i < top->count; i++) {
        running += top->members[i].row.state == STATE_RUNNING;
        total += top_memory(&top->members[i]);
    }
    snprintf(text, sizeof(text), "%s: %u of %u running, %s in use, sorted by %s%s%s", stack,
             running, top->count, render_bytes(total, memory), top_sort_name(top->sort),
             top->filter[0] ? ", only " : "", top->filter);
    put(&line, page->columns, SCREEN_BOLD, text);
}

/* What there is to say about the selected one. */
static void draw_detail(const struct top_page *page, const struct top *top)
{
    const struct top_member *member = top_selected(top);
    struct line line = {page, page->rows - 2, 0, false};
    char text[TEXT_MAX], death[ROW_TEXT_MAX], one[RENDER_MAX], two[RENDER_MAX];
    int64_t left_ns;
    size_t used;

    if (!member) {
        put(&line, page->columns, SCREEN_DIM, top->count > 0 ? "no name has that in it" : "");
        return;
    }
    row_death(&member->row, death);
    used = (size_t)snprintf(text, sizeof(text), "%s: %s", member->row.name,
                            row_state_word(&member->row));
    if (member->row.pid > 0)
        used += (size_t)snprintf(text + used, sizeof(text) - used, " %s, pid %d",
                                 render_span(member->row.uptime_ns, one), member->row.pid);
    if (top_peak(member) > 0)
        used += (size_t)snprintf(text + used, sizeof(text) - used, ", peak %s",
                                 render_bytes(top_peak(member), two));
    if (member->gauge.current_bytes >= 0 &&
        series_full_in(&member->series, top_limit(member), &left_ns))
        used += (size_t)snprintf(text + used, sizeof(text) - used, ", full in %s",
                                 render_span(left_ns, one));
    if (member->row.verdict != VERDICT_NONE)
        snprintf(text + used, sizeof(text) - used, ", last death: %s", death);
    put(&line, page->columns, SCREEN_PLAIN, text);
}

uint32_t top_view_lines(int rows)
{
    return rows > 4 ? (uint32_t)rows - 4 : 0;
}

void top_view_draw(const struct top_page *page, const struct top *top, const char *stack,
                   const char *message)
{
    struct layout layout = lay_out(page->columns);
    uint32_t lines = top_view_lines(page->rows);
    struct line last = {page, page->rows - 1, 0, false};

    if (page->rows < TOP_PAGE_ROWS_MIN || page->columns < TOP_PAGE_COLUMNS_MIN) {
        page->put(0, 0, SCREEN_WARN, "too small");
        return;
    }
    draw_title(page, top, stack);
    draw_heads(page, &layout);
    for (uint32_t i = 0; i < lines && top->first + i < top->shown; i++)
        draw_member(page, &layout, 2 + (int)i, &top->members[top->order[top->first + i]],
                    top->first + i == top->selected);
    draw_detail(page, top);
    put(&last, page->columns, message ? SCREEN_WARN : SCREEN_DIM,
        message ? message : "q quit  s sort  / filter  l log  r restart  h help");
}

void top_view_help(const struct top_page *page)
{
    static const char *const lines[] = {
        "up, down, k, j     select a member; page up and down, home and end too",
        "s                  sort by the next column",
        "/                  filter by a part of the name; enter keeps it, escape drops it",
        "enter, l           the member's log; escape or q comes back",
        "r                  restart the member, after a question",
        "q, Ctrl-C          quit",
        "",
        "USED is memory against the limit, with a mark at the peak.",
        "GROWTH is bytes a minute over the last minute; red: full within five minutes.",
        "",
        "any key goes on",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        page->put((int)i, 0, SCREEN_PLAIN, lines[i]);
}
