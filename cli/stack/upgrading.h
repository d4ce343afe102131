/* A running stack gets the programs of another build: those that stand beside this one. */
#ifndef BULKHEAD_CLI_STACK_UPGRADING_H
#define BULKHEAD_CLI_STACK_UPGRADING_H

#include "cli/host/command.h"
#include "core/fault.h"

/* 0: they have taken over, and *ret_supervisor is the new supervisor's pid. 1: *ret_fault says why
 * not, and whether the old ones run on. */
int upgrading_do(const struct command_context *context, int32_t *ret_supervisor,
                 struct fault *ret_fault);

#endif
