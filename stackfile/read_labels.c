/* The readers of names that a service is known by: labels and profiles. */
#include "stackfile/readers.h"

#include <stdlib.h>
#include <string.h>

#include "stackfile/variables.h"

/* --- labels --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct spec_label *)a)->name, ((const struct spec_label *)b)->name);
}

#define NAME_MAX_BYTES 255 // so that canonical YAML can have it as a key

static bool valid_name(struct reader *reader, struct mark at, const char *name)
{
    if (*name && strlen(name) <= NAME_MAX_BYTES && !has_control(name))
        return true;
    if (strlen(name) > NAME_MAX_BYTES)
        report_key(reader, at, "labels", "write it as name: value",
                   "the name of a label has more than %d bytes", NAME_MAX_BYTES);
    else
        report_key(reader, at, "labels", "write it as name: value",
                   "\"%s\" is not the name of a label", shown(name).text);
    return false;
}

static size_t labels_of_map(struct reader *reader, const struct node *map, struct spec_label *label)
{
    const char *prefix = reader->prefix;
    size_t count = 0;

    for (size_t i = 0; i < map->count; i++) {
        const struct node_pair *pair = &map->pairs[i];
        const char *text = NULL;
        bool taken;

        if (!valid_name(reader, pair->key->at, pair->key->text))
            continue;
        reader->prefix = "labels.";
        taken = take_scalar_text(reader, pair->key->text, pair->value, &text);
        reader->prefix = prefix;
        if (taken)
            label[count++] = (struct spec_label){.name = keep_text(reader, pair->key->text),
                                                 .value = text ? text : "",
                                                 .at = pair->key->at};
    }
    return count;
}

/* "name=value"; "name" alone has an empty value. */
static size_t labels_of_list(struct reader *reader, const struct node *list,
                             struct spec_label *label)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct node *item = list->items[i];
        const char *text = take_text(reader, "labels", item, ACCEPT_STRING, "a list of name=value");
        const char *equals = text ? strchr(text, '=') : NULL;
        const char *name;

        if (!text)
            continue;
        name = arena_text(reader->arena, text, equals ? (size_t)(equals - text) : strlen(text));
        if (name && valid_name(reader, item->at, name))
            label[count++] = (struct spec_label){
                .name = name, .value = equals ? keep_text(reader, equals + 1) : "", .at = item->at};
    }
    return count;
}

static void refuse_repeated(struct reader *reader, const struct spec_label *label, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(label[i].name, label[i - 1].name) == 0)
            report_key(reader, label[i].at, "labels", "keep one of them", "%s is written twice",
                       shown(label[i].name).text);
}

void read_labels(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    struct spec_label *label;
    size_t count;

    if (value->kind == NODE_SCALAR) {
        report_key(reader, value->at, key, "write it as labels: {name: value}",
                   "must be a mapping or a list, not %s", node_kind_name(value));
        return;
    }
    label = arena_array(reader->arena, value->count, sizeof(*label));
    if (!label)
        return; // the arena remembers
    count = value->kind == NODE_MAP ? labels_of_map(reader, value, label)
                                    : labels_of_list(reader, value, label);
    if (arena_failed(reader->arena))
        return;
    qsort(label, count, sizeof(*label), by_name);
    refuse_repeated(reader, label, count);
    service->labels = label;
    service->labels_count = count;
}

/* --- label_file --- */

void read_label_file(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct service_draft *draft = into;

    draft->label_file = take_variables(reader, key, value, NULL);
}

static bool has(const struct spec_service *service, const char *name)
{
    const struct spec_label wanted = {.name = name};

    return service->labels_count > 0 && bsearch(&wanted, service->labels, service->labels_count,
                                                sizeof(wanted), by_name) != NULL;
}

/* What labels says wins. */
void settle_labels(struct reader *reader, struct service_draft *draft)
{
    struct spec_service *service = &draft->service;
    const struct variables *variables = draft->label_file;
    size_t count = service->labels_count;
    struct spec_label *label;

    if (!variables || variables->count == 0)
        return;
    label = arena_array(reader->arena, count + variables->count, sizeof(*label));
    if (!label)
        return; // the arena remembers
    if (count)
        memcpy(label, service->labels, count * sizeof(*label));
    for (size_t i = 0; i < variables->count; i++) {
        const struct variable *variable = &variables->item[i];

        if (!has(service, variable->name) && valid_name(reader, variable->at, variable->name))
            label[count++] = (struct spec_label){.name = keep_text(reader, variable->name),
                                                 .value = keep_text(reader, variable->value),
                                                 .at = variable->at};
    }
    if (arena_failed(reader->arena))
        return;
    qsort(label, count, sizeof(*label), by_name);
    service->labels = label;
    service->labels_count = count;
}

/* --- profiles --- */

static const char profile_letters[] = "abcdefghijklmnopqrstuvwxyz"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static bool valid_profile(const char *name)
{
    return *name && !strchr("._-", *name) && !name[strspn(name, profile_letters)];
}

void read_profiles(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_service *service = into;
    const char **profile;

    if (value->kind != NODE_LIST) {
        report_key(reader, value->at, key, "write it as profiles: [debug]",
                   "must be a list, not %s", node_kind_name(value));
        return;
    }
    profile = arena_array(reader->arena, value->count + 1, sizeof(*profile));
    for (size_t i = 0; profile && i < value->count; i++) {
        const struct node *item = value->items[i];
        const char *text = take_text(reader, key, item, ACCEPT_STRING, "a list of names");

        if (!text)
            continue;
        if (!valid_profile(text))
            report_key(reader, item->at, key,
                       "use letters, digits, _ . and -, a letter or a digit first",
                       "\"%s\" cannot be the name of a profile", shown(text).text);
        profile[service->profiles_count++] = keep_text(reader, text);
    }
    service->profiles = profile;
}
