/* See value.h. Numbers are parsed as decimal digits and scaled exactly: no floating point, so
 * nothing depends on rounding or on a locale. */
#include "stackfile/value.h"

#include <ctype.h>
#include <string.h>

#define DIGITS_MAX 48

/* digits[0 … count) with the decimal point before digits[point]; point may lie outside. */
struct decimal {
    char digits[DIGITS_MAX];
    int count;
    int point;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Leading zeros are not kept. False: more digits than there is room for. */
static bool add_digit(struct decimal *number, char digit)
{
    if (number->count == 0 && digit == '0') {
        number->point--;
        return true;
    }
    if (number->count == DIGITS_MAX)
        return false;
    number->digits[number->count++] = digit;
    return true;
}

/* Reads "12", "1.5", ".5", "1.", returns the length read, 0 for no number. */
static size_t scan_decimal(const char *text, struct decimal *ret_number)
{
    struct decimal number = {.count = 0};
    size_t at = 0, digits = 0;

    for (; is_digit(text[at]); at++, digits++) {
        number.point++;
        if (!add_digit(&number, text[at]))
            return 0;
    }
    if (text[at] == '.') {
        for (at++; is_digit(text[at]); at++, digits++)
            if (!add_digit(&number, text[at]))
                return 0;
    }
    if (digits == 0)
        return 0;
    *ret_number = number;
    return at;
}

/* Reads "e3", "E-2", moving the point; returns the length read, 0 for none. */
static size_t scan_exponent(const char *text, struct decimal *number)
{
    size_t at = 1;
    bool negative;
    int exponent = 0;

    if (*text != 'e' && *text != 'E')
        return 0;
    negative = text[at] == '-';
    if (text[at] == '-' || text[at] == '+')
        at++;
    if (!is_digit(text[at]))
        return 0;
    for (; is_digit(text[at]); at++)
        if (exponent < 1000)
            exponent = exponent * 10 + (text[at] - '0');
    number->point += negative ? -exponent : exponent;
    return at;
}

static int digit_at(const struct decimal *number, int index)
{
    return index >= 0 && index < number->count ? number->digits[index] - '0' : 0;
}

/* floor(number * unit) */
static enum value_status scale(const struct decimal *number, int64_t unit, int64_t *ret_value,
                               bool *ret_exact)
{
    int64_t whole = 0, fraction = 0;
    bool exact = true;

    for (int i = 0; i < number->point && number->count > 0; i++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, digit_at(number, i), &whole))
            return VALUE_OVERFLOW;
    /* From the last digit up: floor((digit * unit + floor(rest)) / 10) is exact at every step. */
    for (int i = number->count - 1; i >= number->point && i >= 0; i--) {
        int64_t tenfold = digit_at(number, i) * unit + fraction;
        exact = exact && tenfold % 10 == 0;
        fraction = tenfold / 10;
    }
    for (int i = number->point; i < 0 && fraction > 0; i++) {
        exact = exact && fraction % 10 == 0;
        fraction /= 10;
    }
    if (__builtin_mul_overflow(whole, unit, &whole) ||
        __builtin_add_overflow(whole, fraction, &whole))
        return VALUE_OVERFLOW;
    *ret_value = whole;
    *ret_exact = exact;
    return VALUE_OK;
}

enum value_status value_integer(const char *text, int64_t *ret_value)
{
    bool negative = *text == '-';
    int64_t value = 0;

    if (*text == '-' || *text == '+')
        text++;
    if (!*text)
        return VALUE_BAD;
    for (const char *at = text; *at; at++)
        if (!is_digit(*at))
            return VALUE_BAD;
    for (; *text; text++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            (negative ? __builtin_sub_overflow(value, *text - '0', &value)
                      : __builtin_add_overflow(value, *text - '0', &value)))
            return VALUE_OVERFLOW;
    *ret_value = value;
    return VALUE_OK;
}

/* "k", "kb", "kib" and their like, any case. */
static enum value_status byte_unit(const char *suffix, int64_t *ret_unit)
{
    static const char letters[] = "bkmgtp";
    char first = (char)tolower((unsigned char)suffix[0]);
    char second = first ? (char)tolower((unsigned char)suffix[1]) : '\0';
    char third = second ? (char)tolower((unsigned char)suffix[2]) : '\0';
    const char *letter = first ? strchr(letters, first) : NULL;

    if (!first) {
        *ret_unit = 1;
        return VALUE_OK;
    }
    if (!letter || (first == 'b' && second))
        return VALUE_BAD;
    if (second == 'i' && !third)
        return VALUE_NO_B;
    if (second == 'i' && third == 'b')
        suffix++;
    else if (second && second != 'b')
        return VALUE_BAD;
    if (second && suffix[2])
        return VALUE_BAD;
    *ret_unit = INT64_C(1) << (10 * (letter - letters));
    return VALUE_OK;
}

enum value_status value_bytes(const char *text, int64_t *ret_bytes)
{
    enum value_status status = value_integer(text, ret_bytes);
    struct decimal number;
    int64_t unit;
    size_t read;
    bool exact;

    if (status != VALUE_BAD)
        return status;
    read = scan_decimal(text, &number);
    if (!read)
        return VALUE_BAD;
    text += read;
    text += scan_exponent(text, &number);
    if (*text == ' ' && text[1])
        text++;
    status = byte_unit(text, &unit);
    return status ? status : scale(&number, unit, ret_bytes, &exact);
}

static const struct {
    const char *name;
    int64_t ns;
} duration_units[] = {
    {"ms", 1000000},
    {"us", 1000},
    {"µs", 1000}, // U+00B5
    {"μs", 1000}, // U+03BC
    {"ns", 1},
    {"w", INT64_C(604800000000000)},
    {"d", INT64_C(86400000000000)},
    {"h", INT64_C(3600000000000)},
    {"m", INT64_C(60000000000)},
    {"s", 1000000000},
};

static size_t scan_duration_unit(const char *text, int64_t *ret_ns)
{
    for (size_t i = 0; i < sizeof(duration_units) / sizeof(duration_units[0]); i++) {
        size_t length = strlen(duration_units[i].name);
        if (strncmp(text, duration_units[i].name, length) == 0) {
            *ret_ns = duration_units[i].ns;
            return length;
        }
    }
    return 0;
}

enum value_status value_duration(const char *text, int64_t *ret_ns)
{
    bool negative = *text == '-', exact;
    int64_t total = 0;

    if (*text == '-' || *text == '+')
        text++;
    if (strcmp(text, "0") == 0) {
        *ret_ns = 0;
        return VALUE_OK;
    }
    if (!*text)
        return VALUE_BAD;
    while (*text) {
        struct decimal number;
        int64_t unit, part;
        size_t read = scan_decimal(text, &number);

        if (!read)
            return VALUE_BAD;
        text += read;
        if (!*text)
            return VALUE_NO_UNIT;
        read = scan_duration_unit(text, &unit);
        if (!read)
            return VALUE_BAD;
        text += read;
        if (scale(&number, unit, &part, &exact) || __builtin_add_overflow(total, part, &total))
            return VALUE_OVERFLOW;
    }
    *ret_ns = negative ? -total : total;
    return VALUE_OK;
}

enum value_status value_thousandths(const char *text, int64_t *ret_value)
{
    struct decimal number;
    enum value_status status;
    int64_t value;
    size_t read = scan_decimal(text, &number);
    bool exact;

    if (!read)
        return VALUE_BAD;
    read += scan_exponent(text + read, &number);
    if (text[read])
        return VALUE_BAD;
    status = scale(&number, 1000, &value, &exact);
    if (status)
        return status;
    if (!exact)
        return VALUE_INEXACT;
    *ret_value = value;
    return VALUE_OK;
}

enum value_status value_percent(const char *text, int64_t *ret_value)
{
    size_t length = strlen(text);
    char number[DIGITS_MAX + 2];

    if (length < 2 || text[length - 1] != '%')
        return VALUE_BAD;
    if (length > sizeof(number))
        return VALUE_OVERFLOW;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    return value_thousandths(number, ret_value);
}
