/* See show_values.h. */
#include "stackfile/show_values.h"

#include <inttypes.h>
#include <stdio.h>

void show_number(struct emit *emit, const char *key, int64_t value)
{
    char text[VALUE_MAX];

    snprintf(text, sizeof(text), "%" PRId64, value);
    emit_literal(emit, key, text);
}

void show_integer(struct emit *emit, const char *key, const struct spec_int *value)
{
    if (value->set)
        show_number(emit, key, value->value);
}

void show_true(struct emit *emit, const char *key, bool value)
{
    if (value)
        emit_literal(emit, key, "true");
}

void show_text(struct emit *emit, const char *key, const struct spec_text *text)
{
    if (text->value)
        emit_text(emit, key, text->value);
}

/* In the largest unit that divides it. */
static void show_bytes(struct emit *emit, const char *key, int64_t bytes)
{
    static const char units[] = "kmgtp";
    char text[VALUE_MAX];
    int unit = -1;

    while (bytes > 0 && bytes % 1024 == 0 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    if (unit < 0) {
        show_number(emit, key, bytes);
        return;
    }
    snprintf(text, sizeof(text), "%" PRId64 "%c", bytes, units[unit]);
    emit_word(emit, key, text);
}

void show_size(struct emit *emit, const char *key, const struct spec_int *value)
{
    if (value->set)
        show_bytes(emit, key, value->value);
}

/* 1500 is 1.5 */
static size_t print_thousandths(char text[VALUE_MAX], int64_t value)
{
    int digits = value % 1000 == 0 ? 0 : value % 100 == 0 ? 1 : value % 10 == 0 ? 2 : 3;
    int64_t fraction = value % 1000;

    for (int i = digits; i < 3; i++)
        fraction /= 10;
    if (digits)
        return (size_t)snprintf(text, VALUE_MAX, "%" PRId64 ".%0*" PRId64, value / 1000, digits,
                                fraction);
    return (size_t)snprintf(text, VALUE_MAX, "%" PRId64, value / 1000);
}

void show_thousandths(struct emit *emit, const char *key, const struct spec_int *value)
{
    char text[VALUE_MAX];

    if (!value->set)
        return;
    print_thousandths(text, value->value);
    emit_literal(emit, key, text);
}

/* 12500 is "12.5%" */
void show_percent(struct emit *emit, const char *key, int64_t value)
{
    char text[VALUE_MAX];

    size_t used = print_thousandths(text, value);

    snprintf(text + used, sizeof(text) - used, "%%");
    emit_text(emit, key, text);
}

void show_share(struct emit *emit, const char *key, const struct spec_size *value)
{
    if (value->set && value->percent)
        show_percent(emit, key, value->value);
    else if (value->set)
        show_bytes(emit, key, value->value);
}

/* Like 1h5m30s20ms; 0s. */
void show_duration(struct emit *emit, const char *key, const struct spec_int *value)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{3600 * NSEC_PER_SEC, "h"}, {60 * NSEC_PER_SEC, "m"}, {NSEC_PER_SEC, "s"},
                 {NSEC_PER_MSEC, "ms"},      {NSEC_PER_USEC, "us"},    {1, "ns"}};
    char text[VALUE_MAX] = "0s";
    int64_t left = value->value;
    size_t used = 0;

    if (!value->set)
        return;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (left >= units[i].ns)
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%" PRId64 "%s",
                                     left / units[i].ns, units[i].name);
        left %= units[i].ns;
    }
    emit_word(emit, key, text);
}
