/* The stack file: YAML text in, frozen spec out; and the spec as canonical text again.
 *
 * Pure: no file system, no environment, no clock. What the caller has to look up (the text, the
 * folder, the own oom_score_adj) is in the request. The vocabulary is the Compose Specification's,
 * as the strict subset that bulkhead.yaml(5) lists; every finding has its place and its remedy. */
#ifndef BULKHEAD_STACKFILE_STACKFILE_H
#define BULKHEAD_STACKFILE_STACKFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/fault.h"
#include "core/spec.h"

/* Bounds of the input; what is beyond is refused with a fault. */
#define STACKFILE_BYTES_MAX  ((size_t)4 << 20) // a file
#define STACKFILE_SCALAR_MAX ((size_t)1 << 20) // one scalar
#define STACKFILE_DEPTH_MAX  64                // lists and mappings inside each other
#define STACKFILE_NODES_MAX \
    ((size_t)1 << 18) // values, each alias and merge counted as what it stands for
#define STACKFILE_TEXT_MAX      ((size_t)16 << 20) // bytes of all scalars, aliases counted likewise
#define STACKFILE_ANCHORS_MAX   1024               // of a document
#define STACKFILE_DOCUMENTS_MAX 64                 // of a file
#define STACKFILE_FILES_MAX     256 // all that are read; a file of variables counts once
#define STACKFILE_TOTAL_MAX     ((size_t)32 << 20) // bytes of all files, as often as they are used
#define STACKFILE_VALUES_MAX    ((size_t)1 << 20)  // values of all files, counted likewise
#define STACKFILE_INCLUDE_MAX   16                 // files that include each other
#define STACKFILE_EXTENDS_MAX   64                 // services that extend each other

/* A text with a name for messages. Everything is borrowed: the name and the text also end up in the
 * marks of the spec and of the faults, so they have to outlive both. */
struct stackfile_text {
    const char *name;
    const char *text; // need not be NUL-terminated
    size_t length;
};

/* How include, extends and env_file get at other files; this room opens none itself. */
struct stackfile_source {
    /* `path` is absolute. 0: *ret_text is filled. A negative errno says why it cannot be read. */
    int (*read)(void *self, const char *path, struct stackfile_text *ret_text);
    void *self;
};

/* A variable as a file refers to it. The texts need not be NUL-terminated. */
struct stackfile_reference {
    const char *name;
    size_t name_length;
    const char *operation; // "", ":-", "-", ":?", "?", ":+" or "+"
    const char *operand;   // the text after the operation, not expanded
    size_t operand_length;
};

/* Whoever wants to know about variables. Each function may be NULL. */
struct stackfile_listener {
    void *self;
    void (*met)(void *self, const struct stackfile_reference *reference); // in the order of reading
    void (*has)(void *self, const char *name, const char *value); // what the first file may name
};

/* Everything is borrowed. Lists that end with NULL may be NULL themselves: empty. */
struct stackfile_request {
    const struct stackfile_text *files; // at least one; each is merged over those before it
    size_t files_count;
    const struct stackfile_text *env_files; // variables for interpolation; a later one wins …
    size_t env_files_count;
    const char *const *environment;            // … and "NAME=value" here over all; ends with NULL
    const struct stackfile_source *source;     // NULL: no other file can be had
    const struct stackfile_listener *listener; // NULL: nobody
    const char *project_dir;                   // absolute
    const char *project_name; // asked for on the command line or in the environment; NULL: the
                              // file's own, else that of the folder made valid
    bool lowering_oom_score_allowed; // has CAP_SYS_RESOURCE
    int own_oom_score_adj;           // of the process that asks
};

/* Why a file cannot be read, for a message: of an errno. */
const char *stackfile_unreadable(int error);

/* 0: *ret_spec is filled, to be released with spec_finish(); faults may have warnings and notices.
 * 1: faults has errors, ordered by place. -ENOMEM. */
int stackfile_load(const struct stackfile_request *request, struct spec *ret_spec,
                   struct faults *faults);

/* Canonical YAML, schema-valid Compose, that loads to the same spec and shows as the same text.
 * *ret_text is NUL-terminated, to be released with free(). -ENOMEM. */
int stackfile_show(const struct spec *spec, char **ret_text);

/* The same in JSON, which loads to the same spec, too. */
int stackfile_show_json(const struct spec *spec, char **ret_text);

#endif
