/* See yaml.h. The only file that knows libyaml: its events become nodes, without recursion and
 * within the bounds, and its findings become faults in plain words. */
#include "stackfile/yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "stackfile/encoding.h"
#include "stackfile/stackfile.h"
#include "stackfile/syntax.h"
#include "stackfile/shown.h"
#include "stackfile/tree.h"

/* The children of an open list or mapping, in order; for a mapping keys and values take turns. */
struct child {
    struct node *node;
    struct child *next;
};

struct frame {
    struct node *node;
    struct child *first, *last;
    size_t count;
};

struct anchor {
    const char *name;
    uint32_t hash;
    struct node *node;
};

#define TOO_DEEP "lists and mappings are nested more than 64 deep, aliases counted"

struct builder {
    const char *file;
    struct arena *arena;
    struct faults *faults;
    struct yaml_documents *documents;
    struct frame frame[STACKFILE_DEPTH_MAX];
    size_t depth;
    size_t nodes, bytes; // with what aliases and merges stand for
    struct anchor *anchors;
    size_t anchors_count;
    bool dollars; // are in the document
};

static struct mark mark_of(const struct builder *builder, const yaml_mark_t *mark)
{
    return (struct mark){.file = builder->file,
                         .line = (uint32_t)mark->line + 1,
                         .column = (uint32_t)mark->column + 1};
}

static bool tab_at(const char *text, size_t length, const yaml_mark_t *mark)
{
    const char *end = text + length;

    for (size_t line = 0; line < mark->line && text < end; line++) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        text = next ? next + 1 : end;
    }
    return (size_t)(end - text) > mark->column && text[mark->column] == '\t';
}

static void report_syntax(struct builder *builder, const yaml_parser_t *parser, const char *text,
                          size_t length)
{
    struct syntax_problem found = {
        .problem = parser->problem ? parser->problem : "it cannot be read",
        .at = mark_of(builder, &parser->problem_mark),
        .context_at = mark_of(builder, &parser->context_mark),
        .at_tab = tab_at(text, length, &parser->problem_mark),
    };

    syntax_fault(&found, builder->faults);
}

/* --- nodes --- */

static int refuse(struct builder *builder, struct mark at, const char *remedy, const char *what)
{
    faults_add(builder->faults, FAULT_ERROR, at, remedy, "%s", what);
    return 1;
}

/* Counts what a walk over the document will see. */
static int account(struct builder *builder, const struct node *node, struct mark at)
{
    builder->nodes += node->nodes;
    builder->bytes += node->bytes;
    if (builder->nodes > STACKFILE_NODES_MAX)
        return refuse(builder, at, "write less, or in several files, and fewer aliases of aliases",
                      "the file holds more than 262144 values, aliases counted");
    if (builder->bytes > STACKFILE_TEXT_MAX)
        return refuse(builder, at, "write less, and fewer aliases of long texts",
                      "the texts of the file take more than 16 MiB, aliases counted");
    return 0;
}

static int new_node(struct builder *builder, enum node_kind kind, const yaml_mark_t *mark,
                    struct node **ret_node)
{
    struct node *node = arena_alloc(builder->arena, sizeof(*node));

    if (!node)
        return -ENOMEM;
    node->kind = kind;
    node->at = mark_of(builder, mark);
    node->nodes = 1;
    node->height = 1;
    *ret_node = node;
    return 0;
}

static int check_key(struct builder *builder, const struct node *key)
{
    if (key->kind != NODE_SCALAR)
        return refuse(builder, key->at, "write a plain word before the colon",
                      "a key must be a text, not a list or a mapping");
    if (key->type == SCALAR_STRING)
        return 0;
    faults_add(builder->faults, FAULT_ERROR, key->at, "put the key into quotes",
               "a key must be a text, and \"%s\" is %s to YAML", shown(key->text).text,
               node_kind_name(key));
    return 0;
}

/* Hangs a complete or just opened node below the innermost open one. */
static int attach(struct builder *builder, struct node *node)
{
    struct frame *frame;
    struct child *child;
    int rc = 0;

    if (builder->depth == 0) {
        builder->documents->root[builder->documents->count++] = node;
        return 0;
    }
    frame = &builder->frame[builder->depth - 1];
    if (frame->node->kind == NODE_MAP && frame->count % 2 == 0)
        rc = check_key(builder, node);
    if (rc)
        return rc;
    child = arena_alloc(builder->arena, sizeof(*child));
    if (!child)
        return -ENOMEM;
    child->node = node;
    if (frame->last)
        frame->last->next = child;
    else
        frame->first = child;
    frame->last = child;
    frame->count++;
    return 0;
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u; // FNV-1a

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

static int remember_anchor(struct builder *builder, const yaml_char_t *name, struct node *node)
{
    struct anchor *anchor;

    if (!name)
        return 0;
    if (!builder->anchors)
        builder->anchors =
            arena_array(builder->arena, STACKFILE_ANCHORS_MAX, sizeof(*builder->anchors));
    if (!builder->anchors)
        return -ENOMEM;
    if (builder->anchors_count == STACKFILE_ANCHORS_MAX)
        return refuse(builder, node->at, "use fewer anchors", "more than 1024 anchors in one file");
    anchor = &builder->anchors[builder->anchors_count];
    anchor->name = arena_string(builder->arena, (const char *)name);
    if (!anchor->name)
        return -ENOMEM;
    anchor->hash = hash_of(anchor->name);
    anchor->node = node;
    builder->anchors_count++;
    return 0;
}

/* The newest anchor of that name: YAML lets a later one replace an earlier one. */
static struct node *find_anchor(const struct builder *builder, const char *name)
{
    uint32_t hash = hash_of(name);

    for (size_t i = builder->anchors_count; i > 0; i--) {
        const struct anchor *anchor = &builder->anchors[i - 1];
        if (anchor->hash == hash && strcmp(anchor->name, name) == 0)
            return anchor->node;
    }
    return NULL;
}

static void unknown_alias(struct builder *builder, struct mark at, const char *name)
{
    const char *names[STACKFILE_ANCHORS_MAX];
    const char *nearest;
    char remedy[128];

    for (size_t i = 0; i < builder->anchors_count; i++)
        names[i] = builder->anchors[i].name;
    nearest = fault_nearest(name, names, builder->anchors_count);
    if (nearest)
        snprintf(remedy, sizeof(remedy), "did you mean *%s?", shown(nearest).text);
    else
        snprintf(remedy, sizeof(remedy), "write the anchor &%s above its first use",
                 shown(name).text);
    faults_add(builder->faults, FAULT_ERROR, at, remedy, "no anchor &%s for this alias",
               shown(name).text);
}

static int take_alias(struct builder *builder, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct node *node = find_anchor(builder, name);
    struct mark at = mark_of(builder, &event->start_mark);
    int rc;

    if (!node) {
        unknown_alias(builder, at, name);
        return 1;
    }
    if (node->open)
        return refuse(builder, at, "refer to a value that is complete",
                      "the alias is inside of the value it stands for");
    if (builder->depth + node->height > STACKFILE_DEPTH_MAX)
        return refuse(builder, at, "nest less deeply", TOO_DEEP);
    rc = account(builder, node, at);
    return rc ? rc : attach(builder, node);
}

/* --- tags --- */

#define CORE_TAG "tag:yaml.org,2002:"

/* Says why, or takes a tag of Compose's into the node. */
static int take_tag(struct builder *builder, struct node *node, const char *tag)
{
    node->tag = NODE_UNTAGGED;
    if (strcmp(tag, "!reset") == 0)
        node->tag = NODE_RESET;
    else if (strcmp(tag, "!override") == 0)
        node->tag = NODE_OVERRIDE;
    node->tagged = node->tag != NODE_UNTAGGED;
    if (node->tagged)
        return 0;
    faults_add(builder->faults, FAULT_ERROR, node->at, "remove the tag",
               "the tag %s is not supported", shown(tag).text);
    return 1;
}

/* The tags of YAML's core schema may be written out where they say what is so anyway. */
static int check_collection_tag(struct builder *builder, struct node *node, const yaml_char_t *tag)
{
    const char *text = (const char *)tag;
    const char *own = node->kind == NODE_MAP ? CORE_TAG "map" : CORE_TAG "seq";

    if (!text || strcmp(text, "!") == 0 || strcmp(text, own) == 0)
        return 0;
    return take_tag(builder, node, text);
}

static int resolve_scalar(struct builder *builder, struct node *node, const yaml_event_t *event)
{
    static const char *const names[] = {
        [SCALAR_STRING] = "str", [SCALAR_NULL] = "null",   [SCALAR_BOOL] = "bool",
        [SCALAR_INT] = "int",    [SCALAR_FLOAT] = "float",
    };
    const char *tag = (const char *)event->data.scalar.tag;
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    node->type = SCALAR_STRING;
    node->merge = !tag && plain && strcmp(node->text, "<<") == 0;
    if (!tag && plain)
        node->type = scalar_resolve(node->text, node->count);
    if (!tag || strcmp(tag, "!") == 0 || strcmp(tag, CORE_TAG "str") == 0)
        return 0;
    node->type = scalar_resolve(node->text, node->count);
    if (strncmp(tag, CORE_TAG, strlen(CORE_TAG)) == 0 &&
        strcmp(tag + strlen(CORE_TAG), names[node->type]) == 0)
        return 0;
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        node->type = SCALAR_STRING;
    return take_tag(builder, node, tag);
}

/* --- events --- */

static int take_scalar(struct builder *builder, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    struct node *node;
    int rc = new_node(builder, NODE_SCALAR, &event->start_mark, &node);

    if (rc)
        return rc;
    if (length > STACKFILE_SCALAR_MAX)
        return refuse(builder, node->at, "put long data into a file of its own",
                      "a text of more than 1 MiB");
    if (memchr(value, '\0', length))
        return refuse(builder, node->at, "remove the \\0: no argument or variable can hold one",
                      "a NUL character in a text");
    node->text = arena_text(builder->arena, value, length);
    if (!node->text)
        return -ENOMEM;
    builder->dollars = builder->dollars || memchr(value, '$', length);
    node->count = (uint32_t)length;
    node->bytes = node->count;
    rc = resolve_scalar(builder, node, event);
    if (!rc)
        rc = account(builder, node, node->at);
    if (!rc)
        rc = remember_anchor(builder, event->data.scalar.anchor, node);
    return rc ? rc : attach(builder, node);
}

static int open_collection(struct builder *builder, enum node_kind kind, const yaml_event_t *event,
                           const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct node *node;
    int rc = new_node(builder, kind, &event->start_mark, &node);

    if (rc)
        return rc;
    if (builder->depth == STACKFILE_DEPTH_MAX)
        return refuse(builder, node->at, "nest less deeply", TOO_DEEP);
    node->open = true;
    rc = check_collection_tag(builder, node, tag);
    if (!rc)
        rc = account(builder, node, node->at);
    if (!rc)
        rc = remember_anchor(builder, anchor, node);
    if (!rc)
        rc = attach(builder, node);
    if (rc)
        return rc;
    builder->frame[builder->depth++] = (struct frame){.node = node};
    return 0;
}

static int fill_list(struct builder *builder, struct node *node, const struct frame *frame)
{
    node->items = arena_array(builder->arena, frame->count, sizeof(struct node *));
    if (!node->items)
        return -ENOMEM;
    for (const struct child *child = frame->first; child; child = child->next)
        node->items[node->count++] = child->node;
    node_count(node);
    return 0;
}

/* A merge brings more pairs than were written: what it adds is accounted for, too. */
static int fill_map(struct builder *builder, struct node *node, const struct frame *frame)
{
    size_t written_nodes = 1, written_bytes = 0;
    int rc;

    node->pairs = arena_array(builder->arena, frame->count / 2, sizeof(*node->pairs));
    if (!node->pairs)
        return -ENOMEM;
    for (const struct child *child = frame->first; child; child = child->next->next) {
        struct node *value = child->next->node;
        node->pairs[node->count++] = (struct node_pair){.key = child->node, .value = value};
        written_nodes += child->node->nodes + value->nodes;
        written_bytes += child->node->bytes + value->bytes;
    }
    rc = tree_finish_map(builder->arena, node, builder->faults);
    if (rc)
        return rc;
    if (node->nodes > written_nodes)
        builder->nodes += node->nodes - written_nodes;
    if (node->bytes > written_bytes)
        builder->bytes += node->bytes - written_bytes;
    return account(builder, &(struct node){.nodes = 0}, node->at);
}

static int close_collection(struct builder *builder)
{
    struct frame *frame;
    struct node *node;

    if (builder->depth == 0)
        return 0; // libyaml never ends what it has not begun
    frame = &builder->frame[--builder->depth];
    node = frame->node;
    node->open = false;
    return node->kind == NODE_LIST ? fill_list(builder, node, frame)
                                   : fill_map(builder, node, frame);
}

static int take_event(struct builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        builder->anchors_count = 0;
        builder->dollars = false;
        if (builder->documents->count == STACKFILE_DOCUMENTS_MAX)
            return refuse(builder, mark_of(builder, &event->start_mark), "write fewer documents",
                          "more than 64 documents in one file");
        return 0;
    case YAML_ALIAS_EVENT:
        return take_alias(builder, event);
    case YAML_SCALAR_EVENT:
        return take_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(builder, NODE_LIST, event, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(builder, NODE_MAP, event, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_collection(builder);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        break;
    case YAML_DOCUMENT_END_EVENT: // libyaml gives every document a root
        if (builder->documents->count > 0 &&
            builder->documents->root[builder->documents->count - 1])
            builder->documents->root[builder->documents->count - 1]->dollars_done =
                !builder->dollars;
        break;
    }
    return 0;
}

static int read_events(struct builder *builder, yaml_parser_t *parser, const char *text,
                       size_t length)
{
    bool ended = false;
    int rc = 0;

    while (!ended && !rc) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
            report_syntax(builder, parser, text, length);
            return 1;
        }
        rc = take_event(builder, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return rc;
}

int yaml_read(const struct stackfile_text *file, struct arena *arena, struct faults *faults,
              struct yaml_documents *ret_documents)
{
    struct yaml_documents documents = {.count = 0};
    struct builder builder = {
        .file = file->name, .arena = arena, .faults = faults, .documents = &documents};
    size_t errors = faults->errors;
    yaml_parser_t parser;
    int rc;

    if (file->length > STACKFILE_BYTES_MAX) {
        faults_add(faults, FAULT_ERROR, (struct mark){.file = file->name},
                   "a stack file says what to run: put data into files of its own",
                   "the file is larger than 4 MiB");
        return 1;
    }
    rc = encoding_check(file->name, file->text, file->length, faults);
    if (rc)
        return rc;
    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)file->text, file->length);
    rc = read_events(&builder, &parser, file->text, file->length);
    yaml_parser_delete(&parser);
    if (rc)
        return rc;
    if (faults->errors > errors)
        return 1;
    *ret_documents = documents;
    return 0;
}
