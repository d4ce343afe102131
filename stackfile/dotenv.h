/* Files of variables, as Compose reads `.env`, --env-file and env_file.
 *
 * A line is NAME=value or NAME: value, with or without `export`; NAME alone takes the value that
 * the variable has already. Double quotes: escapes and variables; single quotes: as written; both
 * may go over several lines. Without quotes: variables, up to " #" or the end of the line. */
#ifndef BULKHEAD_STACKFILE_DOTENV_H
#define BULKHEAD_STACKFILE_DOTENV_H

#include "stackfile/stackfile.h"
#include "stackfile/template.h"

enum dotenv_format {
    DOTENV_COMPOSE,
    DOTENV_RAW, // NAME=value as it stands: no quotes, no variables, no comments behind a value
};

/* Puts the variables of `file` into `into`, whose arena keeps them; `template->variables` are those
 * that values may name, and `into` should be among them. What is wrong is in faults. 0; -ENOMEM. */
int dotenv_read(const struct stackfile_text *file, enum dotenv_format format,
                struct template *template, struct variables *into, struct faults *faults);

#endif
