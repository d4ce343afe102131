/* The stack file: finding it, reading it, and what the stackfile room makes of it. */
#ifndef BULKHEAD_CLI_HOST_FILES_H
#define BULKHEAD_CLI_HOST_FILES_H

#include "core/fault.h"
#include "core/spec.h"
#include "cli/host/command.h"
#include "stackfile/stackfile.h"

/* The stack files in memory, and what they brought in. Faults and specs borrow from it: it has to
 * outlive them. */
struct stack_source {
    struct stackfile_text *texts; // the stack files, the files of variables, what those name
    size_t count;
    size_t files;      // how many stack files were asked for
    size_t env_files;  // how many files of variables, behind those
    char *project_dir; // absolute
};

/* 0, or an exit status after the reason was given on stderr. */
int stack_source_open(const struct command_context *context, struct stack_source *ret);
void stack_source_finish(struct stack_source *source); // may be zeroed

/* Shows findings on stderr, each with its line. */
void stack_source_show(const struct stack_source *source, const struct faults *faults, bool colour);

/* As stackfile_load(): 0, 1 with faults, -ENOMEM. Prints nothing. `listener` may be NULL. */
int stack_source_load(const struct command_context *context, struct stack_source *source,
                      const struct stackfile_listener *listener, struct spec *ret_spec,
                      struct faults *faults);

/* Loads and shows what is found: errors, or with `tell` everything. 0, or an exit status. */
int stack_source_tell(const struct command_context *context, bool tell, struct stack_source *source,
                      struct spec *ret_spec);

/* The same, opened first. Both are to be finished by the caller only after 0. */
int stack_source_read(const struct command_context *context, bool tell,
                      struct stack_source *ret_source, struct spec *ret_spec);

/* Has this process CAP_SYS_RESOURCE? Its oom_score_adj? */
bool process_may_raise(void);
int process_oom_score_adj(void);

#endif
