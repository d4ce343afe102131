/* What people ask for by the control socket: requests become events, or are served at once. */
#ifndef BULKHEAD_SUPERVISOR_REQUEST_H
#define BULKHEAD_SUPERVISOR_REQUEST_H

#include "core/wire.h"

struct supervisor;
struct client;

/* The files that came with a request. Who keeps one takes it out of the list. */
struct request_files {
    int fd[WIRE_FILES_MAX];
    size_t count;
};

void request_files_close(struct request_files *files);

/* Does what is asked, or answers why not. The files that it has no use for stay in the list. */
void request_serve(struct supervisor *supervisor, struct client *client,
                   const struct wire_request *request, struct request_files *files);

#endif
