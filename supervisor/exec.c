/* See exec.h. */
#include "supervisor/exec.h"

#include <errno.h>
#include <string.h>

#include "supervisor/aide.h"
#include "supervisor/loaded.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/sealed.h"

/* The launch record that came along, or an answer why not. */
static int read_launch(const struct client *client, int file, struct loaded *ret)
{
    size_t size;
    int result = sealed_check(file, LAUNCH_BYTES_MAX, &size);

    if (result == 0)
        result = loaded_read(file, 0, (uint32_t)size, ret);
    if (result == -EPERM || result == -EFBIG || result == -EBADMSG)
        control_error(client, "what is to be executed did not come as a sealed launch record");
    else if (result < 0)
        control_error(client, "cannot read what is to be executed: %s", strerrordesc_np(-result));
    return result;
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
    struct loaded loaded;
    enum spawn_step step;
    int result;

    if (objection) {
        control_error(client, "%.80s: %s", request->names[0], objection);
        return;
    }
    if (read_launch(client, files->fd[WIRE_EXEC_LAUNCH], &loaded) < 0)
        return;
    order.launch = &loaded.record.launch;
    order.generation = supervisor->slots[member].generation;
    result = aide_start(supervisor, &order, &step);
    loaded_finish(&loaded);
    if (result == 0)
        control_executes(client);
    else
        control_error(client, "%.80s: cannot %s: %s", request->names[0], spawn_step_name(step),
                      strerrordesc_np(-result));
}
