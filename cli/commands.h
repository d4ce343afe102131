/* The verbs: one table, out of which the command line is read, help is given and Tab completes. */
#ifndef BULKHEAD_CLI_COMMANDS_H
#define BULKHEAD_CLI_COMMANDS_H

#include "cli/host/command.h"

/* Every verb, in the order of the help; ends with NULL. */
extern const struct command *const commands[];

/* Each is defined in cmd_<verb>.c (start, stop, restart and kill: cmd_control.c). */
extern const struct command command_up, command_plan, command_down, command_config, command_doctor;
extern const struct command command_ps, command_logs, command_events, command_why, command_replay;
extern const struct command command_start, command_stop, command_restart, command_kill;
extern const struct command command_ls, command_wait, command_stats, command_version;
extern const struct command command_rm, command_top, command_exec, command_run;
extern const struct command command_simulate, command_upgrade;
extern const struct command command_completion, command_complete;

/* Runs another verb as if it had been written with these flags (long names, NULL-terminated), these
 * operands (alike) and the same global options. Its exit status. */
int command_run_other(const struct command_context *context, const struct command *command,
                      const char *const *flags, const char *const *operands);

#endif
