/* See json.h. */
#include "cli/show/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/nsec.h"

#define REPLACEMENT "\xef\xbf\xbd"

struct json {
    json_t *value;
    bool failed; // something could not be added
};

static struct json *wrap(json_t *value)
{
    struct json *json = value ? calloc(1, sizeof(*json)) : NULL;

    if (json)
        json->value = value;
    else
        json_decref(value);
    return json;
}

struct json *json_create(void)
{
    return wrap(json_object());
}

struct json *json_create_list(void)
{
    return wrap(json_array());
}

struct json *json_destroy(struct json *object)
{
    if (object)
        json_decref(object->value);
    free(object);
    return NULL;
}

/* Length of the UTF-8 sequence at `text`, 0: there is none. RFC 3629, section 4. */
static size_t sequence_length(const unsigned char *text)
{
    unsigned char lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    size_t i;

    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4)
        return 0;
    for (i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
        (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

/* A malloc'ed copy that is UTF-8, or NULL. */
static char *to_utf8(const char *text)
{
    char *copy = malloc(strlen(text) * 3 + 1);
    char *to = copy;

    if (!copy)
        return NULL;
    while (*text) {
        size_t length = sequence_length((const unsigned char *)text);

        if (length > 0)
            memcpy(to, text, length);
        else
            memcpy(to, REPLACEMENT, 3);
        to += length > 0 ? length : 3;
        text += length > 0 ? length : 1;
    }
    *to = '\0';
    return copy;
}

static json_t *text_value(const char *text)
{
    char *copy = to_utf8(text);
    json_t *value = copy ? json_string(copy) : NULL;

    free(copy);
    return value;
}

static void add(struct json *object, const char *key, json_t *value)
{
    if (!object)
        json_decref(value);
    else if (json_object_set_new(object->value, key, value) != 0)
        object->failed = true;
}

void json_text(struct json *object, const char *key, const char *text)
{
    if (text)
        add(object, key, text_value(text));
    else
        json_nothing(object, key);
}

void json_number(struct json *object, const char *key, int64_t number)
{
    add(object, key, json_integer(number));
}

void json_seconds(struct json *object, const char *key, int64_t ns)
{
    add(object, key, json_real((double)ns / (double)NSEC_PER_SEC));
}

void json_milli(struct json *object, const char *key, int64_t thousandths)
{
    add(object, key, json_real((double)thousandths / 1000));
}

void json_truth(struct json *object, const char *key, bool truth)
{
    add(object, key, json_boolean(truth));
}

void json_nothing(struct json *object, const char *key)
{
    add(object, key, json_null());
}

void json_child(struct json *object, const char *key, struct json *child)
{
    if (object && (!child || child->failed))
        object->failed = true;
    if (child)
        add(object, key, json_incref(child->value));
    json_destroy(child);
}

void json_append(struct json *list, struct json *child)
{
    if (list && (!child || child->failed ||
                 json_array_append_new(list->value, json_incref(child->value)) != 0))
        list->failed = true;
    json_destroy(child);
}

void json_append_text(struct json *list, const char *text)
{
    if (list && json_array_append_new(list->value, text_value(text)) != 0)
        list->failed = true;
}

bool json_print(const struct json *object, FILE *to)
{
    const size_t flags = JSON_COMPACT | JSON_REAL_PRECISION(15);

    if (!object || object->failed || json_dumpf(object->value, to, flags) != 0)
        return false;
    return fputc('\n', to) != EOF;
}
