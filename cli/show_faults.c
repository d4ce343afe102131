/* See show_faults.h. */
#include "cli/show_faults.h"

#include <string.h>

#include "cli/render.h"

#define SHOWN_COLUMNS 96 // of a source line

static enum render_style style_of(enum fault_level level)
{
    switch (level) {
    case FAULT_ERROR:
        return STYLE_RED;
    case FAULT_WARNING:
        return STYLE_YELLOW;
    case FAULT_NOTICE:
        return STYLE_BOLD;
    }
    return STYLE_OFF;
}

static bool find_line(const char *text, size_t length, uint32_t line, const char **ret,
                      size_t *ret_length)
{
    const char *at = text, *end = text + length;
    const char *newline;

    while (--line > 0) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return false;
        at = newline + 1;
    }
    newline = memchr(at, '\n', (size_t)(end - at));
    *ret = at;
    *ret_length = (size_t)((newline ? newline : end) - at);
    return true;
}

/* Length of the character that starts at `at`; broken encodings count a byte each. */
static size_t character_length(const char *at, const char *end)
{
    unsigned char first = (unsigned char)*at;
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (length > (size_t)(end - at))
        return 1;
    for (size_t i = 1; i < length; i++)
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 1;
    return length;
}

/* A character as it may be shown: control characters and broken bytes become a dot. */
static void put_character(FILE *to, const char *at, size_t length)
{
    unsigned char byte = (unsigned char)*at;

    if (length == 1 && (byte < 0x20 || byte >= 0x7f))
        fputc(byte == '\t' ? ' ' : '.', to);
    else
        fwrite(at, 1, length, to);
}

/* The line, from a column that leaves the marked one on the screen, and a caret below it. */
static void show_line(FILE *to, const struct mark *at, const char *line, size_t length, bool colour,
                      enum render_style style)
{
    const char *end = line + length;
    uint32_t first = at->column > SHOWN_COLUMNS - 16 ? at->column - SHOWN_COLUMNS / 2 : 1;
    uint32_t column = 1, caret = 0;

    fprintf(to, "%s%6u |%s %s", render_style(colour, STYLE_DIM), at->line,
            render_style(colour, STYLE_OFF), first > 1 ? "..." : "");
    for (const char *c = line; c < end && column < first + SHOWN_COLUMNS; column++) {
        size_t step = character_length(c, end);
        if (column >= first)
            put_character(to, c, step);
        c += step;
    }
    fputc('\n', to);
    if (at->column == 0)
        return;
    caret = at->column - first + (first > 1 ? 3 : 0);
    fprintf(to, "%s       |%s %*s%s^%s\n", render_style(colour, STYLE_DIM),
            render_style(colour, STYLE_OFF), (int)caret, "", render_style(colour, style),
            render_style(colour, STYLE_OFF));
}

static void show_one(FILE *to, const struct fault *fault, const char *text, size_t length,
                     bool colour)
{
    enum render_style style = style_of(fault->level);
    const char *off = render_style(colour, STYLE_OFF);
    const char *line;
    size_t line_length;

    fputs(render_style(colour, STYLE_BOLD), to);
    if (!fault->at.file)
        fputs("bulkhead: ", to);
    else if (fault->at.line == 0)
        fprintf(to, "%s: ", fault->at.file);
    else if (fault->at.column == 0)
        fprintf(to, "%s:%u: ", fault->at.file, fault->at.line);
    else
        fprintf(to, "%s:%u:%u: ", fault->at.file, fault->at.line, fault->at.column);
    fprintf(to, "%s%s%s:%s %s\n", off, render_style(colour, style), fault_level_name(fault->level),
            off, fault->what);
    if (fault->at.file && fault->at.line > 0 && text &&
        find_line(text, length, fault->at.line, &line, &line_length))
        show_line(to, &fault->at, line, line_length, colour, style);
    if (fault->remedy[0])
        fprintf(to, "  %s=%s %s\n", render_style(colour, STYLE_DIM), off, fault->remedy);
}

void show_faults_to(FILE *to, const struct faults *faults, const char *text, size_t length,
                    bool colour)
{
    for (size_t i = 0; i < faults->count; i++)
        show_one(to, &faults->item[i], text, length, colour);
    if (faults->dropped > 0)
        fprintf(to, "bulkhead: %zu more not shown\n", faults->dropped);
}

void show_faults(const struct faults *faults, const char *text, size_t length, bool colour)
{
    fflush(stdout);
    show_faults_to(stderr, faults, text, length, colour);
}

void show_fault(const struct fault *fault, bool colour)
{
    fflush(stdout);
    show_one(stderr, fault, NULL, 0, colour);
}
