/* From the files of a request to one tree: reading, interpolation, include, extends, merging.
 *
 * Each file is read into documents; in each document variables are expanded, then what it includes
 * is put below it, then its services are extended, then it is merged over what there was. */
#ifndef BULKHEAD_STACKFILE_LOAD_H
#define BULKHEAD_STACKFILE_LOAD_H

#include "stackfile/dotenv.h"
#include "stackfile/interpolate.h"
#include "stackfile/merge.h"
#include "stackfile/reader.h"
#include "stackfile/stackfile.h"
#include "stackfile/template.h"
#include "stackfile/variables.h"

struct opened;   // a file that may be wanted again (load.c)
struct extended; // a file that services of a scope extend (extends.c)

/* Files that share a folder and variables: those of the request, or those of one include. */
struct scope {
    const struct scope *outer; // that includes this one, or NULL
    const char *path;          // of the file that is included, or NULL
    const char *dir;           // absolute: where relative paths start
    unsigned depth;            // 0: the request's
    struct variables variables;
    struct extended *extended; // files that services here extend, each once
};

struct loader {
    const struct stackfile_request *request;
    struct reader *reader; // for findings and memory
    struct scope scope;    // of the request
    struct template template;
    struct interpolation interpolation;
    struct merger merger;
    struct variables environment;           // of the process
    struct variables unset;                 // variables without a value, each with its first place
    const char *files[STACKFILE_FILES_MAX]; // names in the order of reading
    size_t files_count;
    struct opened *opened; // files of variables that were read already
    size_t bytes;          // of all files
    size_t nodes;          // of all documents
    const char *offered;   // the project's name as a variable, as far as it is known
    bool incomplete; // a file could not be read, and its fault is said: what lacks may be in it
    bool too_much;   // beyond a bound, which is said: there is no reading on
};

void loader_init(struct loader *loader, struct reader *reader);
void loader_finish(struct loader *loader);

/* 0: *ret_root is the merged document, NULL where there is none at all. -ENOMEM. */
int loader_run(struct loader *loader, struct node **ret_root);

/* One warning for every variable without a value. */
void loader_warn_unset(struct loader *loader);

/* --- for include, extends and env_file --- */

/* Another file, by its absolute path. 0; 1: there is a fault at `at`; -ENOMEM. */
int loader_open(struct loader *loader, const char *path, struct mark at,
                struct stackfile_text *ret_text);

/* The same for a file of variables, which is read once however many services name it. 1 also with
 * `may_lack` and no such file: without a fault then. */
int loader_open_variables(struct loader *loader, const char *path, struct mark at, bool may_lack,
                          struct stackfile_text *ret_text);

/* Merges the documents of a file over *root. With `plain` they neither include nor extend. */
int loader_take_file(struct loader *loader, struct scope *scope, const struct stackfile_text *file,
                     bool plain, struct node **root);

/* Puts a file's variables into the scope's, or into `into` which is below it. */
int loader_take_variables(struct loader *loader, const struct stackfile_text *file,
                          enum dotenv_format format, struct variables *into);

/* The services of a document, NULL where it has none. */
struct node *services_of(struct node *document);

/* include.c, extends.c, relocate.c: each -ENOMEM, else 0 with what is wrong in faults. */
int include_files(struct loader *loader, struct scope *scope, struct node **document);
int extend_services(struct loader *loader, struct scope *scope, struct node *document);
int pass_variables(struct loader *loader, const struct scope *scope, struct node *document);
int relocate_services(struct loader *loader, struct node *document, const char *dir, bool included);

#endif
