/* What stands at the end of an unfinished command line, and so what may come there. Pure; the rules
 * are those of options.h, out of the same tables. */
#ifndef BULKHEAD_CLI_COMPLETE_H
#define BULKHEAD_CLI_COMPLETE_H

#include <stddef.h>

#include "cli/host/command.h"

enum complete_kind {
    COMPLETE_VERB,
    COMPLETE_OPTION,
    COMPLETE_VALUE, // of an option
    COMPLETE_OPERAND,
};

struct complete_point {
    enum complete_kind kind;
    const struct command *command;       // NULL: there is no verb yet
    const struct command_option *option; // VALUE
    const char *typed; // what is there of it, perhaps nothing; leads into the words
    size_t operands;   // behind the verb, before this one
    size_t before;     // words from the first on that are complete, for options_read()
};

/* `words` are those behind the program's name, `count` at least 1; the last one is unfinished. */
struct complete_point complete_find(const struct command *const *verbs, char *const *words,
                                    size_t count);

/* What the value of an option can be, as its row says: a list "a|b", or a kind of thing. */
enum complete_value {
    VALUE_FREE,
    VALUE_LIST, // the row's `value` parted by '|'
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_SIGNAL,
    VALUE_SERVICE,
    VALUE_SERVICE_COUNT, // "SERVICE=N"
    VALUE_PROFILE,
    VALUE_STACK,
    VALUE_STATE,
};

enum complete_value complete_value_of(const struct command_option *option);

/* What the operand at the point can be. */
enum complete_operand {
    OPERAND_FREE,
    OPERAND_LIST, // the verb's `operands` parted by '|'
    OPERAND_SERVICE,
    OPERAND_FILE,
    OPERAND_COMMAND, // a program of the service
};

enum complete_operand complete_operand_of(const struct complete_point *point);

#endif
