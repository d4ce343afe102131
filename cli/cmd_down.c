/* bulkhead down: stops a stack in order and removes what it leaves. */

#include "cli/host/command.h"
#include "cli/stack/ending.h"
#include "cli/stack/leftovers.h"
#include "cli/show/show_faults.h"
#include "core/event.h"

static int down(struct command_context *context, int argc, char **argv)
{
    int64_t grace_ns = EVENT_GRACE_POLICY;
    struct fault fault;
    int status;

    if (argc > 1)
        return usage_error(context, "down ends the whole stack; `bulkhead stop %s` stops a service",
                           argv[1]);
    status = option_seconds(context, "timeout", &grace_ns);
    if (status == 0)
        status = context_stack(context);
    if (status != 0)
        return status;
    switch (ending_follow(context, grace_ns, &fault)) {
    case ENDING_DONE:
        return stack_remove(context, true);
    case ENDING_ABSENT:
        return ending_clear(context);
    case ENDING_FAILED:
        break;
    }
    show_fault(&fault, context->colour_err);
    return STATUS_FAILED;
}

static const struct command_option options[] = {
    {'t', "timeout", "SECONDS", "grace period of every service; 0 kills at once"},
    {0, "remove-orphans", NULL,
     "what the stack file does not have any more goes, too: it always does"},
    {0, NULL, NULL, NULL},
};

const struct command command_down = {
    .name = "down",
    .operands = "",
    .summary = "stop a stack and remove what it leaves",
    .help = "Stops the services in reverse order of their dependencies, ends the supervisor and\n"
            "removes the control groups and the runtime folder. Logs stay. Where no stack is\n"
            "running there is nothing to do, and that is success.",
    .example = "bulkhead down\nbulkhead -p shop down -t 2",
    .options = options,
    .run = down,
};
