/* See safe_text.h. */
#include "cli/show/safe_text.h"

#include <string.h>
#include <wchar.h>

#include "core/utf8.h"

#define TAB_COLUMNS 8

/* Columns of a character; -1: it is not shown as it is. */
static int columns_of(uint32_t code, bool utf8)
{
    if (utf8_is_treacherous(code) || (code > 0x7f && !utf8))
        return -1;
    return code < 0x7f ? 1 : wcwidth((wchar_t)code);
}

/* ESC and what belongs to it is one '?': the rest of a colour sequence is only noise. */
static size_t sequence_length(const unsigned char *text, size_t length)
{
    size_t i = 2;

    if (length < 2 || text[0] != 0x1b || text[1] != '[')
        return 1;
    while (i < length && text[i] >= 0x20 && text[i] < 0x40)
        i++;
    return i < length && text[i] >= 0x40 && text[i] < 0x7f ? i + 1 : i;
}

size_t safe_text(const char *text, size_t length, size_t columns, bool utf8, char *ret, size_t size)
{
    const unsigned char *from = (const unsigned char *)text;
    size_t used = 0, column = 0, i = 0;

    while (i < length && column < columns && used + 1 < size) {
        uint32_t code = 0;
        size_t bytes = utf8_decode(text + i, length - i, &code);
        int width = bytes > 0 ? columns_of(code, utf8) : -1;

        if (from[i] == '\t') {
            do
                ret[used++] = ' ';
            while (++column % TAB_COLUMNS != 0 && column < columns && used + 1 < size);
            i++;
        } else if (width < 0) {
            ret[used++] = '?';
            column++;
            i += from[i] == 0x1b ? sequence_length(from + i, length - i) : bytes > 0 ? bytes : 1;
        } else {
            if (column + (size_t)width > columns || used + bytes >= size)
                break;
            memcpy(ret + used, from + i, bytes);
            used += bytes;
            column += (size_t)width;
            i += bytes;
        }
    }
    ret[used] = '\0';
    return column;
}
