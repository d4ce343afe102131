/* See safe_text.h. */
#include "cli/safe_text.h"

#include <string.h>
#include <wchar.h>

#define TAB_COLUMNS 8

/* One character of UTF-8 (RFC 3629): its bytes, with the code in *ret. 0: not one. */
static size_t decode(const unsigned char *text, size_t length, unsigned long *ret)
{
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t count = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    unsigned long code = count == 1 ? text[0] : text[0] & (0xffU >> (count + 1));

    if ((text[0] >= 0x80 && text[0] < 0xc2) || text[0] > 0xf4 || count > length)
        return 0;
    for (size_t i = 1; i < count; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fU);
    }
    if (code < least[count] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    *ret = code;
    return count;
}

/* Draws nothing or changes how the rest is drawn: Unicode's Cc and Cf, as far as terminals obey. */
static bool is_treacherous(unsigned long code)
{
    static const unsigned long ranges[][2] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
        {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

/* Columns of a character; -1: it is not shown as it is. */
static int columns_of(unsigned long code, bool utf8)
{
    if (is_treacherous(code) || (code > 0x7f && !utf8))
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
        unsigned long code = 0;
        size_t bytes = decode(from + i, length - i, &code);
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
