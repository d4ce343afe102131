/* The keys of what names other files: include, extends, env_file. */
#include "stackfile/loading_keys.h"

#include <stddef.h>

static void read_node(struct reader *reader, const char *key, const struct node *value, void *into)
{
    (void)reader;
    (void)key;
    *(const struct node **)into = value;
}

static const struct key_row include_rows[] = {
    {"env_file", .class = KEY_HONOURED, .shape = SHAPE_WORDS, .read = read_node,
     .offset = offsetof(struct include_draft, env_file),
     .about = "its own files of variables, instead of .env beside it"},
    {"path", .class = KEY_HONOURED, .shape = SHAPE_WORDS, .read = read_node,
     .offset = offsetof(struct include_draft, path),
     .about = "the file, or several that are merged as with -f"},
    {"project_directory", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_node,
     .offset = offsetof(struct include_draft, dir),
     .about = "where its relative paths start, instead of its own folder"},
};

const struct key_table keys_include = {
    .prefix = "include.",
    .where = "an entry of include",
    .row = include_rows,
    .count = KEY_COUNT(include_rows),
    .strict = true,
};

static const struct key_row extends_rows[] = {
    {"file", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_node,
     .offset = offsetof(struct extends_draft, file),
     .about = "the stack file it is in, instead of this one"},
    {"service", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_node,
     .offset = offsetof(struct extends_draft, service), .about = "the service to start from"},
};

const struct key_table keys_extends = {
    .prefix = "extends.",
    .where = "extends",
    .row = extends_rows,
    .count = KEY_COUNT(extends_rows),
    .strict = true,
};

static const struct key_row env_file_rows[] = {
    {"format", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_node,
     .offset = offsetof(struct env_file_draft, format),
     .about = "raw: NAME=value as it stands, without quotes and variables"},
    {"path", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .read = read_node,
     .offset = offsetof(struct env_file_draft, path), .about = "the file"},
    {"required", .class = KEY_HONOURED, .shape = SHAPE_BOOL, .read = read_node,
     .offset = offsetof(struct env_file_draft, required),
     .about = "false: no error where there is no such file"},
};

const struct key_table keys_env_file = {
    .prefix = "env_file.",
    .where = "an entry of env_file",
    .row = env_file_rows,
    .count = KEY_COUNT(env_file_rows),
    .strict = true,
};

/* Loading has dealt with it before the tables are read. */
void read_loaded(struct reader *reader, const char *key, const struct node *value, void *into)
{
    (void)reader;
    (void)key;
    (void)value;
    (void)into;
}
