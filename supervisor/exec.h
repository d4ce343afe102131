/* EXEC: a process that a client asked for, beside a member. Its life is aide.h's. */
#ifndef BULKHEAD_SUPERVISOR_EXEC_H
#define BULKHEAD_SUPERVISOR_EXEC_H

#include "supervisor/request.h"

/* Bears it, or answers why not. The files stay the caller's. */
void exec_serve(struct supervisor *supervisor, struct client *client,
                const struct wire_request *request, const struct request_files *files);

#endif
