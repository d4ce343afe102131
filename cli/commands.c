/* See command.h: the table of verbs, in the order in which the help lists them. */
#include "cli/command.h"

// clang-format off
const struct command *const commands[] = {
    &command_up,
    &command_down,
    &command_plan,
    &command_run,
    &command_exec,
    &command_ps,
    &command_top,
    &command_stats,
    &command_logs,
    &command_events,
    &command_why,
    &command_start,
    &command_stop,
    &command_restart,
    &command_kill,
    &command_rm,
    &command_wait,
    &command_ls,
    &command_config,
    &command_doctor,
    &command_replay,
    &command_completion,
    &command_version,
    &command_complete,
    NULL,
};
// clang-format on
