/* See render.h: the times that people write on the command line. */
#include "cli/show/render.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/nsec.h"

#define SECONDS_MAX INT64_C(9000000000) // the year 2255: before nanoseconds overflow

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly `digits` digits. Returns behind them, NULL: not that. */
static const char *fixed_number(const char *text, int digits, int *ret)
{
    int value = 0;

    for (; digits > 0; digits--, text++) {
        if (!is_digit(*text))
            return NULL;
        value = value * 10 + (*text - '0');
    }
    *ret = value;
    return text;
}

/* ".123": up to nine digits as nanoseconds; more are skipped. Returns behind, NULL: no digit. */
static const char *fraction_ns(const char *text, int64_t *ret)
{
    int64_t unit = NSEC_PER_SEC;
    int64_t value = 0;

    *ret = 0;
    if (*text != '.')
        return text;
    if (!is_digit(*++text))
        return NULL;
    for (; is_digit(*text); text++) {
        unit /= 10;
        value += (*text - '0') * unit;
    }
    *ret = value;
    return text;
}

/* "Z", "+02:00", "-0730" or nothing (UTC). Returns behind. */
static const char *offset_seconds(const char *text, int64_t *ret)
{
    char sign = *text;
    int hours;
    int minutes;

    *ret = 0;
    if (sign == 'Z' || sign == 'z')
        return text + 1;
    if (sign != '+' && sign != '-')
        return text;
    text = fixed_number(text + 1, 2, &hours);
    if (!text)
        return NULL;
    text = fixed_number(*text == ':' ? text + 1 : text, 2, &minutes);
    if (!text || hours > 23 || minutes > 59)
        return NULL;
    *ret = (sign == '-' ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return text;
}

static const char *parse_date(const char *text, struct tm *ret)
{
    text = fixed_number(text, 4, &ret->tm_year);
    text = text && *text == '-' ? fixed_number(text + 1, 2, &ret->tm_mon) : NULL;
    text = text && *text == '-' ? fixed_number(text + 1, 2, &ret->tm_mday) : NULL;
    if (!text || ret->tm_mon < 1 || ret->tm_mon > 12 || ret->tm_mday < 1 || ret->tm_mday > 31)
        return NULL;
    ret->tm_year -= 1900;
    ret->tm_mon -= 1;
    return text;
}

static const char *parse_clock(const char *text, struct tm *ret)
{
    text = fixed_number(text, 2, &ret->tm_hour);
    text = text && *text == ':' ? fixed_number(text + 1, 2, &ret->tm_min) : NULL;
    if (text && *text == ':')
        text = fixed_number(text + 1, 2, &ret->tm_sec);
    if (!text || ret->tm_hour > 23 || ret->tm_min > 59 || ret->tm_sec > 60)
        return NULL;
    return text;
}

static int parse_rfc3339(const char *text, int64_t *ret_wall_ns)
{
    struct tm parts = {0};
    int64_t fraction = 0;
    int64_t offset = 0;
    int day;

    text = parse_date(text, &parts);
    if (text && (*text == 'T' || *text == 't' || *text == ' ')) {
        text = parse_clock(text + 1, &parts);
        text = text ? fraction_ns(text, &fraction) : NULL;
        text = text ? offset_seconds(text, &offset) : NULL;
    }
    if (!text || *text != '\0' || parts.tm_year < 70 || parts.tm_year > 300)
        return 1;
    day = parts.tm_mday;
    *ret_wall_ns = ((int64_t)timegm(&parts) - offset) * NSEC_PER_SEC + fraction;
    return parts.tm_mday != day; // 31 February
}

static int parse_unix(const char *text, int64_t *ret_wall_ns)
{
    int64_t seconds = 0;
    int64_t fraction;

    if (!is_digit(*text))
        return 1;
    for (; is_digit(*text); text++) {
        seconds = seconds * 10 + (*text - '0');
        if (seconds > SECONDS_MAX)
            return 1;
    }
    text = fraction_ns(text, &fraction);
    if (!text || *text != '\0')
        return 1;
    *ret_wall_ns = seconds * NSEC_PER_SEC + fraction;
    return 0;
}

/* A unit's length, 0: no unit. */
static int64_t unit_ns(const char *text, size_t *ret_length)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {
        {"ns", 1},
        {"us", NSEC_PER_USEC},
        {"ms", NSEC_PER_MSEC},
        {"s", NSEC_PER_SEC},
        {"m", 60 * NSEC_PER_SEC},
        {"h", 3600 * NSEC_PER_SEC},
        {"d", 86400 * NSEC_PER_SEC},
    };
    size_t i;

    for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        *ret_length = strlen(units[i].name);
        if (strncmp(text, units[i].name, *ret_length) == 0)
            return units[i].ns;
    }
    return 0;
}

int render_parse_span(const char *text, int64_t *ret_ns)
{
    int64_t total = 0;

    if (!is_digit(*text))
        return 1;
    while (*text) {
        int64_t value = 0;
        int64_t unit;
        size_t length;

        if (!is_digit(*text))
            return 1;
        for (; is_digit(*text); text++) {
            value = value * 10 + (*text - '0');
            if (value > SECONDS_MAX)
                return 1;
        }
        unit = unit_ns(text, &length);
        if (unit == 0 || value > (SECONDS_MAX * NSEC_PER_SEC - total) / unit)
            return 1;
        total += value * unit;
        text += length;
    }
    *ret_ns = total;
    return 0;
}

int render_parse_time(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns)
{
    int64_t back;

    if (strcmp(text, "now") == 0) {
        *ret_wall_ns = now_wall_ns;
        return 0;
    }
    if (parse_unix(text, ret_wall_ns) == 0 || parse_rfc3339(text, ret_wall_ns) == 0)
        return 0;
    if (render_parse_span(text, &back) != 0)
        return 1;
    *ret_wall_ns = now_wall_ns > back ? now_wall_ns - back : 0;
    return 0;
}
