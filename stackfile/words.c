/* Splitting a command line into words as Compose does, and no further: see value_split in value.h.
 * What Compose would silently cut off (everything from ; & | < > on) is an error here. */
#include "stackfile/value.h"

#include <string.h>

struct split {
    struct value_words *words;
    char *to;     // where the next byte goes
    char *start;  // of the current word
    bool in_word; // has begun, even if empty as in ""
    bool single;
    bool twofold;
    bool back;   // inside `…`
    bool dollar; // inside $(…)
};

static void put(struct split *split, char c)
{
    *split->to++ = c;
    split->in_word = true;
}

static void end_word(struct split *split)
{
    if (!split->in_word)
        return;
    *split->to++ = '\0';
    split->start = split->to;
    split->in_word = false;
    split->words->count++;
}

static bool ends_with_dollar(const struct split *split)
{
    return split->to > split->start && split->to[-1] == '$';
}

static bool quoted(const struct split *split)
{
    return split->single || split->twofold;
}

/* True: the byte was a quote mark and is not part of the word. */
static bool quote_mark(struct split *split, char c)
{
    if (split->dollar)
        return false;
    if (c == '"' && !split->single)
        split->twofold = !split->twofold;
    else if (c == '\'' && !split->twofold)
        split->single = !split->single;
    else
        return false;
    split->in_word = true;
    return true;
}

/* Keeps track of `…` and $(…), in which blanks do not part words. */
static enum value_status substitution(struct split *split, char c)
{
    if (quoted(split))
        return VALUE_OK;
    if (c == '`' && !split->dollar) {
        split->back = !split->back;
        split->words->substitution = true;
    } else if (c == '(' && !split->back) {
        if (split->dollar || !ends_with_dollar(split))
            return VALUE_SHELL;
        split->dollar = true;
        split->words->substitution = true;
    } else if (c == ')' && !split->back) {
        if (!split->dollar)
            return VALUE_SHELL;
        split->dollar = false;
    }
    return VALUE_OK;
}

static enum value_status plain_byte(struct split *split, char c)
{
    bool kept = quoted(split) || split->back || split->dollar;

    if (strchr(" \t\r\n", c) && !kept) {
        end_word(split);
        return VALUE_OK;
    }
    if (quote_mark(split, c))
        return VALUE_OK;
    if ((strchr(";&|<>", c) && !kept) || substitution(split, c)) {
        split->words->shell = c;
        return VALUE_SHELL;
    }
    put(split, c);
    return VALUE_OK;
}

static char escaped_byte(char c)
{
    return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

enum value_status value_split(const char *text, struct value_words *words)
{
    struct split split = {.words = words, .to = words->words, .start = words->words};

    words->count = 0;
    words->shell = '\0';
    words->substitution = false;
    for (; *text; text++) {
        enum value_status status;
        if (*text == '\\' && !split.single) {
            if (!*++text)
                return VALUE_ENDS_OPEN;
            put(&split, escaped_byte(*text));
            continue;
        }
        status = plain_byte(&split, *text);
        if (status)
            return status;
    }
    if (quoted(&split) || split.back || split.dollar)
        return VALUE_ENDS_OPEN;
    end_word(&split);
    return VALUE_OK;
}
