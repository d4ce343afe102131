/* See exec.h. */
#include "supervisor/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/planfile.h"
#include "supervisor/aide.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/sealed.h"

/* The launch record that came along, or an answer why not. */
static int read_launch(const struct client *client, const struct request_files *files,
                       void **ret_bytes, struct launch_record *ret)
{
    size_t size;
    int result = sealed_read(files->fd[WIRE_EXEC_LAUNCH], LAUNCH_BYTES_MAX, ret_bytes, &size);

    if (result == 0) {
        result = planfile_launch(*ret_bytes, size, ret);
        if (result != 0)
            free(*ret_bytes);
    }
    if (result == 0)
        return 0;
    if (result == -EPERM || result > 0)
        control_error(client, "what is to be executed did not come as a sealed launch record");
    else
        control_error(client, "cannot read what is to be executed: %s", strerrordesc_np(-result));
    return 1;
}

/* NULL: it may be done. */
static const char *find_objection(const struct supervisor *supervisor, ptrdiff_t member,
                                  const struct wire_request *request,
                                  const struct request_files *files)
{
    if (supervisor->fleet.ending)
        return "the stack is going down";
    if (files->count != WIRE_EXEC_FILES)
        return "an exec request brings a launch record, stdin, stdout and stderr";
    if (member < 0)
        return "no such member of the stack";
    if (!request->run && supervisor->slots[member].pid == 0)
        return "it does not run";
    if (supervisor->aides.clients == AIDE_CLIENTS_MAX)
        return "too many processes of this kind run already; wait until one has ended";
    return NULL;
}

void exec_serve(struct supervisor *supervisor, struct client *client,
                const struct wire_request *request, const struct request_files *files)
{
    ptrdiff_t member = roster_find(&supervisor->roster, request->names[0]);
    const char *objection = find_objection(supervisor, member, request, files);
    struct aide_order order = {
        .role = request->run ? AIDE_ROLE_RUN : AIDE_ROLE_EXEC,
        .member = (uint32_t)member,
        .client = (int32_t)(client - supervisor->control.clients),
        .stdio = &files->fd[WIRE_EXEC_STDIN],
    };
    struct launch_record record;
    enum spawn_step step;
    void *bytes;
    int result;

    if (objection) {
        control_error(client, "%.80s: %s", request->names[0], objection);
        return;
    }
    if (read_launch(client, files, &bytes, &record) != 0)
        return;
    order.launch = &record.launch;
    order.generation = supervisor->slots[member].generation;
    result = aide_start(supervisor, &order, &step);
    launch_record_finish(&record);
    free(bytes);
    if (result == 0)
        control_executes(client);
    else
        control_error(client, "%.80s: cannot %s: %s", request->names[0], spawn_step_name(step),
                      strerrordesc_np(-result));
}
