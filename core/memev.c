/* See memev.h. */
#include "core/memev.h"

#include <string.h>

/* Digits at `text`, bounded by `end`; saturates. False when there is none. */
static bool read_digits(const char **text, const char *end, int64_t *ret)
{
    const char *at = *text;
    int64_t value = 0;

    while (at < end && *at >= '0' && *at <= '9') {
        int digit = *at - '0';
        value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
        at++;
    }
    if (at == *text)
        return false;
    *text = at;
    *ret = value;
    return true;
}

/* Takes the next "key number" line; false at the end. *ok tells whether it was well-formed. */
static bool next_line(const char **text, const char *end, const char **key, size_t *key_length,
                      int64_t *value, bool *ok)
{
    const char *line = *text, *stop, *space;

    if (line >= end)
        return false;
    stop = memchr(line, '\n', (size_t)(end - line));
    if (!stop)
        stop = end;
    *text = stop < end ? stop + 1 : end;
    space = memchr(line, ' ', (size_t)(stop - line));
    *key = line;
    *key_length = space ? (size_t)(space - line) : 0;
    *ok = false;
    if (space) {
        const char *digits = space + 1;
        *ok = read_digits(&digits, stop, value) && digits == stop;
    }
    return true;
}

static bool is_key(const char *key, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(key, name, length) == 0;
}

int memev_parse(const char *text, size_t length, struct memev *ret)
{
    const char *end = text + length, *key;
    size_t key_length;
    int64_t value = 0;
    bool ok;
    int result = 0;

    *ret = (struct memev){0};
    while (next_line(&text, end, &key, &key_length, &value, &ok)) {
        if (!ok)
            result = 1;
        else if (is_key(key, key_length, "low"))
            ret->low = value;
        else if (is_key(key, key_length, "high"))
            ret->high = value;
        else if (is_key(key, key_length, "max"))
            ret->max = value;
        else if (is_key(key, key_length, "oom"))
            ret->oom = value;
        else if (is_key(key, key_length, "oom_kill"))
            ret->oom_kill = value;
        else if (is_key(key, key_length, "oom_group_kill"))
            ret->oom_group_kill = value;
    }
    return result;
}

int memev_keyed(const char *text, size_t length, const char *wanted, int64_t *ret)
{
    const char *end = text + length, *key;
    size_t key_length;
    int64_t value = 0;
    bool ok;

    while (next_line(&text, end, &key, &key_length, &value, &ok)) {
        if (!is_key(key, key_length, wanted))
            continue;
        if (!ok)
            return 1;
        *ret = value;
        return 0;
    }
    return 1;
}

int memev_number(const char *text, size_t length, int64_t *ret)
{
    const char *end = text + length;
    int64_t value;

    if (length > 0 && end[-1] == '\n')
        end--;
    if (is_key(text, (size_t)(end - text), "max")) {
        *ret = -1;
        return 0;
    }
    if (!read_digits(&text, end, &value) || text != end)
        return 1;
    *ret = value;
    return 0;
}

int memev_available(const char *text, size_t length, int64_t *ret_bytes)
{
    static const char key[] = "MemAvailable:";
    const char *end = text + length, *stop;
    int64_t value;

    for (; text < end; text = stop + 1) {
        stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            return 1; // torn
        if ((size_t)(stop - text) < sizeof(key) || memcmp(text, key, sizeof(key) - 1) != 0)
            continue;
        text += sizeof(key) - 1;
        while (text < stop && *text == ' ')
            text++;
        if (!read_digits(&text, stop, &value) || !is_key(text, (size_t)(stop - text), " kB"))
            return 1;
        *ret_bytes = value > INT64_MAX / 1024 ? INT64_MAX : value * 1024;
        return 0;
    }
    return 1;
}
