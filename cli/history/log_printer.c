/* See log_printer.h. */
#include "cli/history/log_printer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/render.h"

#define HEAD_MAX 256 // colours, name, time

/* One write for the whole line: stderr is unbuffered, and others write there too. */
static int put(FILE *to, const char *bytes, size_t length)
{
    if (to == stderr && fflush(stdout) != 0) // both may be the same terminal
        return -errno;
    return fwrite(bytes, 1, length, to) == length ? 0 : -errno;
}

static int end_open_line(struct log_printer *printer)
{
    if (!printer->open)
        return 0;
    printer->open = false;
    return put(printer->open_error ? stderr : stdout, "\n", 1);
}

static size_t write_head(const struct log_printer *printer, size_t index, const char *name,
                         const struct logline *line, char *head)
{
    bool colour = printer->colour[line->error];
    int used = 0;

    if (printer->prefix)
        used = snprintf(head, HEAD_MAX, "%s%-*s |%s ", render_name_colour(colour, index),
                        printer->width, name, render_style(colour, STYLE_OFF));
    if (printer->timestamps && line->time)
        used +=
            snprintf(head + used, HEAD_MAX - (size_t)used, "%.*s ", LOGLINE_TIME_BYTES, line->time);
    return (size_t)used;
}

static bool reserve(struct log_printer *printer, size_t capacity)
{
    char *larger;

    if (capacity <= printer->capacity)
        return true;
    larger = realloc(printer->line, capacity);
    if (!larger)
        return false;
    printer->line = larger;
    printer->capacity = capacity;
    return true;
}

int log_printer_print(struct log_printer *printer, size_t index, const char *name,
                      const struct logline *line)
{
    bool goes_on = printer->open && printer->open_member == index &&
                   printer->open_error == line->error && !logline_is_marker(line);
    const char *style =
        logline_is_marker(line) ? render_style(printer->colour[line->error], STYLE_YELLOW) : "";
    const char *style_off = *style ? render_style(true, STYLE_OFF) : "";
    size_t used = 0;
    int failed = goes_on ? 0 : end_open_line(printer);

    if (failed != 0)
        return failed;
    if (!reserve(printer, HEAD_MAX + line->length + 32))
        return -ENOMEM;
    if (!goes_on)
        used = write_head(printer, index, name, line, printer->line);
    used += (size_t)snprintf(printer->line + used, 16, "%s", style);
    memcpy(printer->line + used, line->text, line->length);
    used += line->length;
    used += (size_t)snprintf(printer->line + used, 16, "%s%s", style_off, line->part ? "" : "\n");
    printer->open = line->part;
    printer->open_member = index;
    printer->open_error = line->error;
    return put(line->error ? stderr : stdout, printer->line, used);
}

int log_printer_flush(struct log_printer *printer)
{
    int failed = end_open_line(printer);

    if (fflush(stdout) != 0 && failed == 0)
        failed = -errno;
    return failed;
}

void log_printer_finish(struct log_printer *printer)
{
    free(printer->line);
    printer->line = NULL;
    printer->capacity = 0;
}
