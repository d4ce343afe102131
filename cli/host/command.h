/* What a verb of the command line is, and what every verb may ask for.
 *
 * A verb is one row: its options are data, read before it runs, so that global options work after
 * the verb too and `--help` cannot disagree with what is accepted. */
#ifndef BULKHEAD_CLI_HOST_COMMAND_H
#define BULKHEAD_CLI_HOST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

enum {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2, // unusable stack file or command line
    STATUS_INTERRUPTED = 130,
};

enum ansi {
    ANSI_AUTO, // colour on a terminal, unless NO_COLOR or TERM=dumb
    ANSI_NEVER,
    ANSI_ALWAYS,
};

struct command_option {
    char letter;       // 0: none
    const char *name;  // long name, without the dashes
    const char *value; // what its value is called: "SECONDS"; NULL: a flag
    const char *help;  // one line
};
#define COMMAND_OPTIONS_MAX 24
struct command_context;

struct command {
    const char *name;
    const char *operands;                 // "[SERVICE…]", "" for none
    const char *summary;                  // one line for `bulkhead --help`
    const char *help;                     // paragraphs of `bulkhead VERB --help`
    const char *example;                  // lines of it, each a command
    const struct command_option *options; // ends with a row whose name is NULL; NULL: none
    bool hidden;                          // not in `bulkhead --help`
    bool verbatim; // options end at the first operand: what follows is somebody else's command
    /* argv[0] is the verb, argv[1…] its operands; argv[argc] is NULL. Returns the exit status. */
    int (*run)(struct command_context *context, int argc, char **argv);
};

/* An option as it was given: its row, its value. */
struct command_given {
    size_t index;
    const char *value;
};

/* Values of an option that may be repeated, in order; NULL-terminated. */
#define WORDS_MAX 64
struct words {
    const char *item[WORDS_MAX + 1];
    size_t count;
};

struct command_context {
    const struct command *command;

    /* global options and the environment */
    struct words files;       // -f, BULKHEAD_FILE; "-": stdin; none: searched for
    struct words env_files;   // --env-file; none: .env of the project's folder
    struct words profiles;    // --profile, BULKHEAD_PROFILES: the active ones, "*" for all
    const char *name;         // -p, BULKHEAD_PROJECT_NAME; valid; NULL: out of the stack file
    const char *project_dir;  // --project-directory; NULL: the stack file's folder
    enum ansi ansi;           //
    bool stdout_tty;          //
    bool stderr_tty;          //
    bool colour_out;          // colour and cursor movements on stdout are wanted
    bool colour_err;          // the same for stderr
    const char *self_dir;     // folder of the running program, absolute
    char *const *environment; // of bulkhead

    /* the verb's options: one a row of command->options; NULL: not given, flags: "" */
    const char *option[COMMAND_OPTIONS_MAX];
    const struct command_given *given; // every one of them, in the order of the command line
    size_t given_count;

    /* the stack: empty until context_stack() */
    char stack[NAME_BYTES_MAX + 1];
    char *runtime_dir;        // /run/bulkhead/<stack>; need not exist
    char *state_dir;          // /var/lib/bulkhead/<stack>; need not exist
    const char *socket_group; // up --socket-group: name or number; NULL: not given
};

/* Finds the stack's name (-p, BULKHEAD_PROJECT_NAME, the stack file's `name`, its folder; where it
 * has errors, the stack that was started there) and its folders. 0, or an exit status after saying
 * what is wrong. */
int context_stack(struct command_context *context);

/* The same with a name that is known already (a spec's). */
int context_stack_named(struct command_context *context, const char *name);

/* Value of an option of the verb by its long name: NULL when not given, "" for a flag. */
const char *option_text(const struct command_context *context, const char *name);
bool option_given(const struct command_context *context, const char *name);

/* Values of an option that may be given more than once, one after the other: start with *cursor 0.
 * NULL: no more. */
const char *option_next(const struct command_context *context, const char *name, size_t *cursor);

/* A length of time in seconds, with a fraction if need be ("10", "0.5"): *ret_ns stays as it is
 * when the option was not given. 0, or STATUS_USAGE after saying what is wrong. */
int option_seconds(const struct command_context *context, const char *name, int64_t *ret_ns);
/* "bulkhead: <text>" on stderr with the way to the verb's help. Returns STATUS_USAGE. */
int usage_error(const struct command_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "bulkhead: <text>" on stderr. Returns STATUS_FAILED. */
int command_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "bulkhead: <text>" on stderr, nothing more: a remark, not a failure. */
void command_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
