/* See scalar.h. */
#include "stackfile/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool one_of(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

#define ONE_OF(text, ...)                            \
    one_of(text, (const char *const[]){__VA_ARGS__}, \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static bool is_true(const char *text)
{
    return ONE_OF(text, "true", "True", "TRUE");
}

static bool digit_of(char c, int base)
{
    if (c >= '0' && c <= '9')
        return c - '0' < base;
    return base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
}

/* Sign, prefix, digits and underscores, as Go's ParseInt with base 0 after all `_` are gone. */
static const char *int_prefix(const char *text, int *ret_base)
{
    if (*text == '-' || *text == '+')
        text++;
    *ret_base = 10;
    if (*text != '0' || text[1] == '\0')
        return text;
    switch (text[1]) {
    case 'x':
    case 'X':
        *ret_base = 16;
        return text + 2;
    case 'o':
    case 'O':
        *ret_base = 8;
        return text + 2;
    case 'b':
    case 'B':
        *ret_base = 2;
        return text + 2;
    default:
        *ret_base = 8;
        return text + 1;
    }
}

static bool is_int(const char *text)
{
    int base;
    const char *at = int_prefix(text, &base);
    bool any = false;

    for (; *at; at++) {
        if (*at == '_')
            continue;
        if (!digit_of(*at, base))
            return false;
        any = true;
    }
    return any;
}

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789_");
}

static bool is_float(const char *text)
{
    size_t whole, fraction = 0;

    if (ONE_OF(text, ".nan", ".NaN", ".NAN"))
        return true;
    if (*text == '-' || *text == '+')
        text++;
    if (ONE_OF(text, ".inf", ".Inf", ".INF"))
        return true;
    whole = *text == '_' ? 0 : digits_at(text);
    text += whole;
    if (*text == '.') {
        fraction = digits_at(text + 1);
        text += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '-' || *text == '+')
            text++;
        if (digits_at(text) == 0)
            return false;
        text += digits_at(text);
    }
    return *text == '\0';
}

enum scalar_type scalar_resolve(const char *text, size_t length)
{
    if (length == 0)
        return SCALAR_NULL;
    if (!strchr("0123456789+-.~nNtTfF", *text)) // most of them
        return SCALAR_STRING;
    if (ONE_OF(text, "~", "null", "Null", "NULL"))
        return SCALAR_NULL;
    if (is_true(text) || ONE_OF(text, "false", "False", "FALSE"))
        return SCALAR_BOOL;
    if (is_int(text))
        return SCALAR_INT;
    return is_float(text) ? SCALAR_FLOAT : SCALAR_STRING;
}

static int without_underscores(const char *text, char *to, size_t size)
{
    size_t used = 0;

    for (; *text; text++) {
        if (*text == '_')
            continue;
        if (used + 1 >= size)
            return 1;
        to[used++] = *text;
    }
    to[used] = '\0';
    return 0;
}

static int canonical_int(const char *text, char *ret_text)
{
    char digits[80];
    const char *start;
    unsigned long long value;
    bool negative;
    int base;

    if (without_underscores(text, digits, sizeof(digits)))
        return 1;
    negative = digits[0] == '-';
    start = int_prefix(digits, &base);
    errno = 0;
    value = strtoull(start, NULL, base);
    if (errno || (negative && value > (unsigned long long)INT64_MAX + 1))
        return 1;
    snprintf(ret_text, SCALAR_CANONICAL_MAX, "%s%llu", negative && value ? "-" : "", value);
    return 0;
}

/* Go's %v of a float64: the shortest digits that read back the same, an exponent only below 1e-4
 * and from 1e21 on. */
static int canonical_float(const char *text, char *ret_text)
{
    char digits[80], scientific[40];
    double value;
    int precision = 0, exponent;

    if (strpbrk(text, "nNiI") || without_underscores(text, digits, sizeof(digits)))
        return 1;
    value = strtod(digits, NULL);
    if (!isfinite(value))
        return 1;
    do
        snprintf(scientific, sizeof(scientific), "%.*e", precision, value);
    while (strtod(scientific, NULL) != value && ++precision < 17);
    exponent = (int)strtol(strchr(scientific, 'e') + 1, NULL, 10);
    if (exponent < -4 || exponent >= 21)
        snprintf(ret_text, SCALAR_CANONICAL_MAX, "%s", scientific);
    else
        snprintf(ret_text, SCALAR_CANONICAL_MAX, "%.*f",
                 precision > exponent ? precision - exponent : 0, value);
    return 0;
}

int scalar_canonical(enum scalar_type type, const char *text, char ret_text[SCALAR_CANONICAL_MAX])
{
    switch (type) {
    case SCALAR_BOOL:
        snprintf(ret_text, SCALAR_CANONICAL_MAX, "%s", is_true(text) ? "true" : "false");
        return 0;
    case SCALAR_INT:
        return canonical_int(text, ret_text);
    case SCALAR_FLOAT:
        return canonical_float(text, ret_text);
    case SCALAR_STRING:
    case SCALAR_NULL:
        break;
    }
    return 1;
}
