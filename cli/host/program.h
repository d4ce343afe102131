/* Where the program of a service is: its PATH look-up, done once, at plan time. */
#ifndef BULKHEAD_CLI_HOST_PROGRAM_H
#define BULKHEAD_CLI_HOST_PROGRAM_H

#include "core/arena.h"
#include "core/fault.h"

struct program_request {
    const char *word;      // argv[0]
    const char *path;      // the service's PATH
    const char *directory; // the service's working folder, absolute
    const char *service;   // for messages
    struct mark at;
    bool may_come; // something that runs before may bring it: absence is a warning
};

/* 0 with the path for execve in *ret (absolute, or relative to the working folder); 1 after adding
 * an error; -ENOMEM. */
int program_find(const struct program_request *request, struct arena *arena, const char **ret,
                 struct faults *faults);

#endif
