/* See top_log.h. */
#include "cli/top_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/history/log_reader.h"
#include "cli/show/safe_text.h"
#include "core/paths.h"

#define LINE_BYTES_MAX 2048
#define CLOCK_COLUMN   11 // "2026-11-22T08:51:00": where the time of day begins
#define CLOCK_COLUMNS  9

static void draw_line(const struct top_page *page, int row, const struct logline *line)
{
    char text[LINE_BYTES_MAX];
    enum screen_style style = logline_is_marker(line) ? SCREEN_WARN : SCREEN_PLAIN;

    if (line->time) {
        snprintf(text, sizeof(text), "%.8s ", line->time + CLOCK_COLUMN);
        page->put(row, 0, SCREEN_DIM, text);
    }
    safe_text(line->text, line->length, (size_t)(page->columns - CLOCK_COLUMNS), page->utf8, text,
              sizeof(text));
    page->put(row, CLOCK_COLUMNS, style, text);
}

static int draw_lines(const struct top_page *page, int folder, const char *member)
{
    struct rotated reader;
    struct logline line;
    int lines = page->rows - 2;
    int result;

    log_reader_init(&reader, folder, member);
    result = log_reader_tail(&reader, lines, INT64_MAX);
    if (result == 0)
        result = 1;
    for (int row = 1; row <= lines && result == 1; row++) {
        result = log_reader_next(&reader, &line);
        if (result == 1)
            draw_line(page, row, &line);
    }
    rotated_finish(&reader);
    return result < 0 ? result : 0;
}

int top_log_draw(const struct top_page *page, const char *state_dir, const char *member)
{
    char text[4096];
    int folder = -1;
    int failed = -ENAMETOOLONG;

    if (page->rows < TOP_PAGE_ROWS_MIN || page->columns < TOP_PAGE_COLUMNS_MIN) {
        page->put(0, 0, SCREEN_WARN, "too small");
        return 0;
    }
    if ((size_t)snprintf(text, sizeof(text), "%s/" PATH_LOGS, state_dir) < sizeof(text)) {
        folder = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        failed = folder < 0 ? -errno : draw_lines(page, folder, member);
    }
    if (folder >= 0)
        close(folder);
    snprintf(text, sizeof(text), "log of %s%s%s", member, failed != 0 ? ": " : "",
             failed != 0 ? strerror(-failed) : "");
    page->put(0, 0, failed != 0 ? SCREEN_BAD : SCREEN_BOLD, text);
    page->put(page->rows - 1, 0, SCREEN_DIM, "q back  (bulkhead logs shows it whole)");
    return failed;
}
