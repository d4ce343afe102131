/* Values to the text that people read. Pure: no clock, no terminal; who calls knows those. */
#ifndef BULKHEAD_CLI_SHOW_RENDER_H
#define BULKHEAD_CLI_SHOW_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Buffers of RENDER_MAX bytes hold every one of these; each returns its buffer. */
#define RENDER_MAX 40

/* "512B", "100.0KiB", "64.0MiB", "1.5GiB" */
char *render_bytes(int64_t bytes, char text[RENDER_MAX]);
/* "12ms", "3.2s", "4m05s", "2h03m", "6d04h" */
char *render_span(int64_t ns, char text[RENDER_MAX]);
/* RFC 3339 in UTC with nanoseconds, "2026-11-22T08:51:00.123456789Z"; "" for 0 */
char *render_time(int64_t wall_ns, char text[RENDER_MAX]);
/* The same to the millisecond. */
char *render_time_ms(int64_t wall_ns, char text[RENDER_MAX]);
/* "SIGKILL"; "signal 77" where there is no name */
char *render_signal(int signal, char text[RENDER_MAX]);

/* RFC 3339 ("2026-11-22T08:51:00Z", with fraction and offset; a date alone), a length of time back
 * from now ("10m", "1h30m"), unix seconds ("1795337460.5") or "now". 0, or 1: none of these. */
int render_parse_time(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns);
/* Digits of whole numbers and a unit each (ns us ms s m h d): 0, or 1. */
int render_parse_span(const char *text, int64_t *ret_ns);
/* "15", "TERM", "SIGTERM" -> 15; 0: no such signal */
int render_parse_signal(const char *text);

/* SGR sequences: a colour for the n-th name, and to end it; "" when not `on`. */
const char *render_name_colour(bool on, size_t index);
enum render_style { STYLE_OFF, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };
const char *render_style(bool on, enum render_style style);

/* Columns that the text takes on a terminal (UTF-8; every other byte counts one). */
size_t render_width(const char *text);

/* A table: cells are copied, columns are as wide as their widest cell, the last one is not filled.
 */
struct table;
#define TABLE_COLUMNS_MAX 16
struct table *table_create(const char *const *heads, size_t columns); // NULL: no memory
/* `style` applies to the cell; a NULL text is "". False: no memory; sticky. */
bool table_cell(struct table *table, const char *text, enum render_style style);
bool table_print(const struct table *table, bool colour, FILE *to); // false: no memory before
struct table *table_destroy(struct table *table);                   // returns NULL

#endif
