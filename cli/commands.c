/* See command.h: the table of verbs, in the order in which the help lists them. */
#include "cli/command.h"

const struct command *const commands[] = {
    &command_up,   &command_plan,    &command_down,   &command_ps,     &command_stats,
    &command_top,  &command_logs,    &command_events, &command_why,    &command_start,
    &command_stop, &command_restart, &command_kill,   &command_rm,     &command_wait,
    &command_ls,   &command_config,  &command_doctor, &command_replay, &command_version,
    NULL,
};
