/* See show_faults.h. */
#include "cli/show/show_faults.h"

#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "cli/show/render.h"
#include "core/utf8.h"

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

/* Where a line ends: before \n, \r\n or \r, as YAML and editors have it. */
static const char *line_end(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    return at;
}

static bool find_line(const char *text, size_t length, uint32_t line, const char **ret,
                      size_t *ret_length)
{
    const char *at = text, *end = text + length;

    while (--line > 0) {
        at = line_end(at, end);
        if (at == end)
            return false;
        at += end - at > 1 && at[0] == '\r' && at[1] == '\n' ? 2 : 1;
    }
    *ret = at;
    *ret_length = (size_t)(line_end(at, end) - at);
    return true;
}

/* One character: its bytes, and the columns it takes; what a terminal would not simply draw is
 * shown as a dot, a tab as a blank. */
struct glyph {
    size_t bytes;
    size_t columns;
    const char *instead; // NULL: as it is
};

static struct glyph glyph_at(const char *at, const char *end)
{
    uint32_t character = 0;
    size_t bytes = utf8_decode(at, (size_t)(end - at), &character);
    int columns = bytes > 0 && !utf8_is_treacherous(character) ? wcwidth((wchar_t)character) : -1;

    if (columns >= 0)
        return (struct glyph){bytes, (size_t)columns, NULL};
    return (struct glyph){bytes ? bytes : 1, 1, *at == '\t' ? " " : "."};
}

/* Columns before the `column`th character of a line, also where the line is shorter. */
static size_t columns_before(const char *line, const char *end, uint32_t column)
{
    size_t columns = 0;

    for (; column > 1; column--) {
        struct glyph glyph = line < end ? glyph_at(line, end) : (struct glyph){0, 1, NULL};
        columns += glyph.columns;
        line += glyph.bytes;
    }
    return columns;
}

static void put_text(FILE *to, const char *text, const char *end, size_t columns)
{
    while (text < end) {
        struct glyph glyph = glyph_at(text, end);

        if (glyph.columns > columns) {
            fputs("...", to);
            return;
        }
        fwrite(glyph.instead ? glyph.instead : text, 1, glyph.instead ? 1 : glyph.bytes, to);
        columns -= glyph.columns;
        text += glyph.bytes;
    }
}

/* The line, from a place that leaves the marked one on the screen, and a caret below it. */
static void show_line(FILE *to, const struct mark *at, const char *line, size_t length, bool colour,
                      enum render_style style)
{
    const char *end = line + length;
    size_t before = columns_before(line, end, at->column);
    bool cut = before > SHOWN_COLUMNS - 16;

    while (cut && line < end && before > SHOWN_COLUMNS / 2) {
        struct glyph glyph = glyph_at(line, end);
        before -= glyph.columns;
        line += glyph.bytes;
    }
    fprintf(to, "%s%6u |%s %s", render_style(colour, STYLE_DIM), at->line,
            render_style(colour, STYLE_OFF), cut ? "..." : "");
    put_text(to, line, end, SHOWN_COLUMNS);
    fputc('\n', to);
    if (at->column == 0)
        return;
    fprintf(to, "%s       |%s %*s%s^%s\n", render_style(colour, STYLE_DIM),
            render_style(colour, STYLE_OFF), (int)(before + (cut ? 3 : 0)), "",
            render_style(colour, style), render_style(colour, STYLE_OFF));
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
    const char *file = at->file ? at->file : "bulkhead";

    put_text(to, file, file + strlen(file), SIZE_MAX);
    if (at->file && at->line > 0)
        fprintf(to, ":%u", at->line);
    if (at->file && at->line > 0 && at->column > 0)
        fprintf(to, ":%u", at->column);
    fputs(": ", to);
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
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t before = uselocale(utf8); // wcwidth(3) asks it; none: wide characters are dots

    for (size_t i = 0; i < faults->count; i++)
        show_one(to, &faults->item[i], texts, count, colour);
    uselocale(before);
    if (utf8)
        freelocale(utf8);
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
