/* See complete.h. */
#include "cli/complete.h"

#include <string.h>

#include "cli/options.h"

static const struct command_option *find(const struct command_option *options, const char *name,
                                         size_t length, char letter)
{
    for (; options && options->name; options++)
        if (letter ? options->letter == letter
                   : strlen(options->name) == length && memcmp(options->name, name, length) == 0)
            return options;
    return NULL;
}

static const struct command_option *find_option(const struct command *command, const char *name,
                                                size_t length, char letter)
{
    const struct command_option *own =
        find(command ? command->options : NULL, name, length, letter);

    return own ? own : find(options_global, name, length, letter);
}

/* The option of this word that takes a value; *ret_value is what the word has of it, NULL: none. */
static const struct command_option *valued(const struct command *command, const char *word,
                                           const char **ret_value)
{
    const struct command_option *option;
    size_t length;

    if (word[0] != '-' || word[1] == '\0')
        return NULL;
    if (word[1] == '-') {
        length = strcspn(word + 2, "=");
        option = find_option(command, word + 2, length, '\0');
        *ret_value = word[2 + length] == '=' ? word + 3 + length : NULL;
        return option && option->value ? option : NULL;
    }
    for (const char *letter = word + 1; *letter; letter++) {
        option = find_option(command, NULL, 0, *letter);
        *ret_value = letter[1] ? letter + 1 : NULL;
        if (option && option->value)
            return option;
    }
    return NULL;
}

static const struct command *find_verb(const struct command *const *verbs, const char *word)
{
    for (; *verbs; verbs++)
        if (strcmp((*verbs)->name, word) == 0)
            return *verbs;
    return NULL;
}

/* How far the complete words have led. */
struct walk {
    struct complete_point point;
    const struct command_option *awaits; // a value comes next
    bool only_operands;
};

static void step(struct walk *walk, const struct command *const *verbs, const char *word)
{
    const char *value = NULL;

    if (walk->awaits) {
        walk->awaits = NULL;
        return;
    }
    if (!walk->only_operands && strcmp(word, "--") == 0) {
        walk->only_operands = true;
        return;
    }
    if (!walk->only_operands && word[0] == '-' && word[1]) {
        walk->awaits = valued(walk->point.command, word, &value);
        if (value)
            walk->awaits = NULL;
        return;
    }
    if (!walk->point.command) {
        walk->point.command = find_verb(verbs, word);
        return;
    }
    walk->point.operands++;
    walk->only_operands = walk->only_operands || walk->point.command->verbatim;
}

struct complete_point complete_find(const struct command *const *verbs, char *const *words,
                                    size_t count)
{
    struct walk walk = {0};
    struct complete_point *point = &walk.point;
    const char *last = words[count - 1];
    const char *value = NULL;

    for (size_t i = 0; i + 1 < count; i++)
        step(&walk, verbs, words[i]);
    point->typed = last;
    point->before = count - 1 - (walk.awaits != NULL);
    point->kind = point->command ? COMPLETE_OPERAND : COMPLETE_VERB;
    if (walk.awaits) {
        point->kind = COMPLETE_VALUE;
        point->option = walk.awaits;
    } else if (!walk.only_operands && last[0] == '-') {
        point->kind = COMPLETE_OPTION;
        point->option = last[1] == '-' ? valued(point->command, last, &value) : NULL;
        if (point->option && value) {
            point->kind = COMPLETE_VALUE;
            point->typed = value;
        }
    }
    return *point;
}

enum complete_value complete_value_of(const struct command_option *option)
{
    static const struct {
        const char *value;
        enum complete_value kind;
    } kinds[] = {
        {"FILE", VALUE_FILE},       {"FOLDER", VALUE_FOLDER},           {"SIGNAL", VALUE_SIGNAL},
        {"SERVICE", VALUE_SERVICE}, {"PROFILE", VALUE_PROFILE},         {"STATE", VALUE_STATE},
        {"STACK", VALUE_STACK},     {"SERVICE=N", VALUE_SERVICE_COUNT},
    };

    if (strchr(option->value, '|'))
        return VALUE_LIST;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(option->value, kinds[i].value) == 0)
            return kinds[i].kind;
    return strcmp(option->name, "project-name") == 0 ? VALUE_STACK : VALUE_FREE;
}

enum complete_operand complete_operand_of(const struct complete_point *point)
{
    const char *operands = point->command ? point->command->operands : NULL;

    if (!operands || !*operands)
        return OPERAND_FREE;
    if (strstr(operands, "SERVICE"))
        return point->command->verbatim && point->operands > 0 ? OPERAND_COMMAND : OPERAND_SERVICE;
    if (strstr(operands, "FILE"))
        return OPERAND_FILE;
    return strchr(operands, '|') ? OPERAND_LIST : OPERAND_FREE;
}
