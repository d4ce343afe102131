/* bulkhead upgrade: a running stack goes on with the programs of this build. */
#include <stdio.h>
#include <unistd.h>

#include "cli/host/command.h"
#include "cli/show/show_faults.h"
#include "cli/stack/upgrading.h"

static int run(struct command_context *context, int argc, char **argv)
{
    struct fault fault;
    int32_t supervisor;
    int status;

    if (argc > 1)
        return usage_error(context, "upgrade is about the whole stack, and takes no operand: %s",
                           argv[1]);
    status = context_stack(context);
    if (status != 0)
        return status;
    if (upgrading_do(context, &supervisor, &fault) != 0) {
        show_fault(&fault, context->colour_err);
        return STATUS_FAILED;
    }
    command_note("stack %s goes on with bulkhead " BULKHEAD_VERSION " (supervisor %d)",
                 context->stack, (int)supervisor);
    return STATUS_DONE;
}

const struct command command_upgrade = {
    .name = "upgrade",
    .operands = "",
    .summary = "replace the programs of a running stack by those of this build",
    .help =
        "Replaces keeper, supervisor and recorder of a running stack by the programs that stand\n"
        "beside this one, without touching a service. The new ones first try whether they can\n"
        "read the plan and the journal; when they cannot, the old ones stay, and what is wrong is\n"
        "said.",
    .example = "bulkhead upgrade\nbulkhead -p shop upgrade",
    .run = run,
};
