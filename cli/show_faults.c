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

static const struct stackfile_text *find_text(const struct stackfile_text *texts, size_t count,
                                              const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (texts[i].name == name || strcmp(texts[i].name, name) == 0)
            return &texts[i];
    return NULL;
}

static void show_place(FILE *to, const struct mark *at)
{
    if (!at->file)
        fputs("bulkhead: ", to);
    else if (at->line == 0)
        fprintf(to, "%s: ", at->file);
    else if (at->column == 0)
        fprintf(to, "%s:%u: ", at->file, at->line);
    else
        fprintf(to, "%s:%u:%u: ", at->file, at->line, at->column);
}

static void show_one(FILE *to, const struct fault *fault, const struct stackfile_text *texts,
                     size_t count, bool colour)
{
    enum render_style style = style_of(fault->level);
    const char *off = render_style(colour, STYLE_OFF);
    const struct mark *at = &fault->at;
    const struct stackfile_text *text = at->file ? find_text(texts, count, at->file) : NULL;
    const char *line;
    size_t line_length;

    fputs(render_style(colour, STYLE_BOLD), to);
    show_place(to, at);
    fprintf(to, "%s%s%s:%s %s\n", off, render_style(colour, style), fault_level_name(fault->level),
            off, fault->what);
    if (text && at->line > 0 && find_line(text->text, text->length, at->line, &line, &line_length))
        show_line(to, at, line, line_length, colour, style);
    if (fault->remedy[0])
        fprintf(to, "  %s=%s %s\n", render_style(colour, STYLE_DIM), off, fault->remedy);
}

void show_faults_to(FILE *to, const struct faults *faults, const struct stackfile_text *texts,
                    size_t count, bool colour)
{
    for (size_t i = 0; i < faults->count; i++)
        show_one(to, &faults->item[i], texts, count, colour);
    if (faults->dropped > 0)
        fprintf(to, "bulkhead: %zu more not shown\n", faults->dropped);
}

void show_faults(const struct faults *faults, const struct stackfile_text *texts, size_t count,
                 bool colour)
{
    fflush(stdout);
    show_faults_to(stderr, faults, texts, count, colour);
}

void show_fault(const struct fault *fault, bool colour)
{
    fflush(stdout);
    show_one(stderr, fault, NULL, 0, colour);
}
