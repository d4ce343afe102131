/* See breaks.h. */
#include "core/breaks.h"

#include <string.h>

#define PREFIX \
    "\x1e\x1e" \
    "break "
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define DIGITS        8

static const char digits[] = "0123456789abcdef";

void break_write(uint32_t number, char bytes[BREAK_BYTES])
{
    memcpy(bytes, PREFIX, PREFIX_LENGTH);
    for (size_t i = 0; i < DIGITS; i++)
        bytes[PREFIX_LENGTH + i] = digits[number >> (4 * (DIGITS - 1 - i)) & 15];
    bytes[BREAK_BYTES - 1] = '\n';
}

static bool read_number(const char *text, uint32_t *ret)
{
    uint32_t number = 0;

    for (size_t i = 0; i < DIGITS; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;

        if (!digit)
            return false;
        number = number << 4 | (uint32_t)(digit - digits);
    }
    *ret = number;
    return text[DIGITS] == '\n';
}

bool break_find(const char *bytes, size_t length, size_t *ret_at, uint32_t *ret_number)
{
    const char *at = bytes, *end = bytes + length;

    /* memchr is several times as fast as memmem, and hardly any output has this byte. */
    while ((at = memchr(at, PREFIX[0], (size_t)(end - at)))) {
        if (end - at >= BREAK_BYTES && memcmp(at, PREFIX, PREFIX_LENGTH) == 0 &&
            read_number(at + PREFIX_LENGTH, ret_number)) {
            *ret_at = (size_t)(at - bytes);
            return true;
        }
        at++;
    }
    return false;
}
