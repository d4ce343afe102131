/* Readers of texts: command and entrypoint, working_dir, user; and of true and false. */
#include "stackfile/readers.h"

#include <string.h>

#include "stackfile/value.h"

#define COMMAND_EXAMPLE "a text or a list of texts"

/* What /bin/sh would have to be asked for, spelt out. */
static struct remedy shell_remedy(const char *text)
{
    if (strlen(text) > 64 || strchr(text, '\''))
        return remedy_of("write [/bin/sh, -c, '…'], or a list of words");
    return remedy_of("write [/bin/sh, -c, '%s'], or put the character into quotes", text);
}

static void split_fault(struct reader *reader, const char *key, const struct node *value,
                        enum value_status status, char shell)
{
    if (status == VALUE_SHELL)
        report_key(reader, value->at, key, shell_remedy(value->text).text,
                   "\"%c\" needs a shell, and none is run", shell);
    else
        report_key(reader, value->at, key, "close the quote, or write \\\\ for a backslash",
                   "the text ends inside a quote or after a backslash");
}

static const char *const *index_words(struct reader *reader, const char *word, size_t count)
{
    const char **item = arena_array(reader->arena, count + 1, sizeof(*item));

    for (size_t i = 0; item && i < count; i++) {
        item[i] = word;
        word += strlen(word) + 1;
    }
    return item;
}

static void words_of_text(struct reader *reader, const char *key, const struct node *value,
                          struct spec_words *into)
{
    struct value_words split = {.words = arena_alloc(reader->arena, value->count + 2)};
    enum value_status status;

    if (!split.words)
        return; // the arena remembers
    status = value_split(value->text, &split);
    if (status) {
        split_fault(reader, key, value, status, split.shell);
        return;
    }
    if (split.substitution)
        report(reader, FAULT_WARNING, value->at,
               remedy_of("if a shell is meant: [/bin/sh, -c, …]").text,
               "%s: $(…) and `…` are passed on as they are: no shell is run", key);
    *into = (struct spec_words){.set = true,
                                .count = split.count,
                                .item = index_words(reader, split.words, split.count),
                                .at = value->at};
}

static void words_of_list(struct reader *reader, const char *key, const struct node *value,
                          struct spec_words *into)
{
    const char **item = arena_array(reader->arena, value->count + 1, sizeof(*item));

    for (size_t i = 0; item && i < value->count; i++) {
        const char *text = take_text(reader, key, value->items[i], ACCEPT_STRING, COMMAND_EXAMPLE);
        if (!text)
            return;
        item[i] = keep_text(reader, text);
    }
    *into = (struct spec_words){.set = true, .count = value->count, .item = item, .at = value->at};
}

void read_words(struct reader *reader, const char *key, const struct node *value, void *into)
{
    if (value->kind == NODE_LIST)
        words_of_list(reader, key, value, into);
    else if (take_text(reader, key, value, ACCEPT_STRING, COMMAND_EXAMPLE))
        words_of_text(reader, key, value, into);
}

void read_path(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a path");

    if (!text)
        return;
    if (!*text)
        report_key(reader, value->at, key, "write a path, or remove the key", "is empty");
    else
        *(struct spec_text *)into =
            (struct spec_text){.value = keep_text(reader, text), .at = value->at};
}

/* "name", "uid", "name:group", "uid:gid"; what exists is the planner's to find out. */
static bool user_form(const char *text)
{
    const char *colon = strchr(text, ':');

    if (strpbrk(text, " \t\r\n/"))
        return false;
    if (!colon)
        return *text != '\0';
    return colon > text && colon[1] && !strchr(colon + 1, ':');
}

void read_user(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a user such as www-data");

    if (!text)
        return;
    if (!user_form(text))
        report_key(reader, value->at, key, "write it as name, uid, name:group or uid:gid",
                   "\"%s\" is not a user", shown(text).text);
    else
        *(struct spec_text *)into =
            (struct spec_text){.value = keep_text(reader, text), .at = value->at};
}

void read_bool(struct reader *reader, const char *key, const struct node *value, void *into)
{
    take_bool(reader, key, value, into);
}
