/* What include, extends and env_file say about other files, as written: NULL where nothing is. */
#ifndef BULKHEAD_STACKFILE_LOADING_KEYS_H
#define BULKHEAD_STACKFILE_LOADING_KEYS_H

#include "stackfile/readers.h"

struct include_draft {
    const struct node *path;
    const struct node *dir;
    const struct node *env_file;
};

struct extends_draft {
    const struct node *service;
    const struct node *file;
};

struct env_file_draft {
    const struct node *path;
    const struct node *required;
    const struct node *format;
};

#endif
