/* The reader of environment, in both forms. Values become the texts that Compose would make of
 * them. */
#include "stackfile/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct spec_env *)a)->name, ((const struct spec_env *)b)->name);
}

#define NAME_MAX_BYTES 255 // so that canonical YAML can have it as a key

bool has_control(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f)
            return true;
    return false;
}

static bool valid_name(struct reader *reader, const struct node *at, const char *name)
{
    if (strlen(name) > NAME_MAX_BYTES) {
        report_key(reader, at->at, "environment", "write NAME: value",
                   "the name of a variable has more than %d bytes: %s", NAME_MAX_BYTES,
                   shown(name).text);
        return false;
    }
    if (*name && !strchr(name, '=') && !has_control(name))
        return true;
    report_key(reader, at->at, "environment", "write it as NAME: value",
               "\"%s\" is not the name of a variable", shown(name).text);
    return false;
}

bool take_scalar_text(struct reader *reader, const char *name, const struct node *value,
                      const char **ret_text)
{
    char canonical[SCALAR_CANONICAL_MAX];
    const char *text;

    *ret_text = NULL;
    if (value->kind == NODE_SCALAR && value->type == SCALAR_NULL)
        return true;
    text = value->text;
    if (value->kind != NODE_SCALAR) {
        report_key(reader, value->at, name, NULL, "must be a text, a number, true or false, not %s",
                   node_kind_name(value));
        return false;
    }
    if (value->type != SCALAR_STRING && !scalar_canonical(value->type, text, canonical)) {
        if (strcmp(text, canonical) != 0)
            report(reader, FAULT_WARNING, value->at,
                   remedy_of("write \"%s\" in quotes if it is to stay", shown(text).text).text,
                   "%s%s: %s is %s to YAML, so its text is %s", reader->prefix, shown(name).text,
                   shown(text).text, node_kind_name(value), canonical);
        text = canonical;
    }
    *ret_text = keep_text(reader, text);
    return true;
}

static size_t from_map(struct reader *reader, const struct node *map, struct spec_env *env)
{
    const char *prefix = reader->prefix;
    char inner[64]; // "pre_start.environment." at most
    size_t count = 0;

    snprintf(inner, sizeof(inner), "%senvironment.", prefix);
    for (size_t i = 0; i < map->count; i++) {
        const struct node_pair *pair = &map->pairs[i];
        const char *text;

        reader->prefix = prefix;
        if (!valid_name(reader, pair->key, pair->key->text))
            continue;
        reader->prefix = inner;
        if (!take_scalar_text(reader, pair->key->text, pair->value, &text))
            continue;
        env[count++] = (struct spec_env){
            .name = keep_text(reader, pair->key->text), .value = text, .at = pair->key->at};
    }
    reader->prefix = prefix;
    return count;
}

/* "NAME=value", or "NAME" for one that is passed through. */
static bool from_item(struct reader *reader, const struct node *item, struct spec_env *ret_env)
{
    const char *text =
        take_text(reader, "environment", item, ACCEPT_STRING, "a list of NAME=value");
    const char *equals = text ? strchr(text, '=') : NULL;
    const char *name;

    if (!text)
        return false;
    name = arena_text(reader->arena, text, equals ? (size_t)(equals - text) : strlen(text));
    if (!name || !valid_name(reader, item, name))
        return false;
    *ret_env = (struct spec_env){
        .name = name, .value = equals ? keep_text(reader, equals + 1) : NULL, .at = item->at};
    return true;
}

static size_t from_list(struct reader *reader, const struct node *list, struct spec_env *env)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += from_item(reader, list->items[i], &env[count]);
    return count;
}

static void refuse_repeated(struct reader *reader, const struct spec_env *env, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        bool in_order =
            env[i].at.line > env[i - 1].at.line ||
            (env[i].at.line == env[i - 1].at.line && env[i].at.column > env[i - 1].at.column);
        const struct spec_env *second = in_order ? &env[i] : &env[i - 1];
        const struct spec_env *first = in_order ? &env[i - 1] : &env[i];

        if (strcmp(env[i].name, env[i - 1].name) == 0)
            report_key(reader, second->at, "environment", "keep one of them",
                       "%s is written twice: first in line %u", shown(second->name).text,
                       first->at.line);
    }
}

bool take_environment(struct reader *reader, const char *key, const struct node *value,
                      const struct spec_env **ret_env, size_t *ret_count)
{
    struct spec_env *env;
    size_t count;

    if (value->kind == NODE_SCALAR) {
        report_key(reader, value->at, key, "write it as environment: {NAME: value}",
                   "must be a mapping or a list, not %s", node_kind_name(value));
        return false;
    }
    env = arena_array(reader->arena, value->count, sizeof(*env));
    if (!env)
        return false; // the arena remembers
    count = value->kind == NODE_MAP ? from_map(reader, value, env) : from_list(reader, value, env);
    if (arena_failed(reader->arena))
        return false;
    qsort(env, count, sizeof(*env), by_name);
    refuse_repeated(reader, env, count);
    *ret_env = env;
    *ret_count = count;
    return true;
}

void read_environment(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;

    take_environment(reader, key, value, &service->environment, &service->environment_count);
}
