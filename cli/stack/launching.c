/* See launching.h. */
#include "cli/stack/launching.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/host/budgets.h"
#include "cli/host/folders.h"
#include "cli/stack/launch.h"
#include "cli/stack/leftovers.h"
#include "cli/plan/planner.h"
#include "cli/show/show_faults.h"
#include "cli/host/skeleton.h"
#include "cli/host/stack_roster.h"
#include "cli/stack/watch.h"
#include "core/paths.h"

static int make_plan(struct command_context *context, const struct stack_source *source,
                     const struct spec *spec, const struct selection *selection,
                     const struct host *host, struct plan *ret_plan)
{
    struct planner_request request = {
        .spec = spec,
        .selection = selection,
        .host = host,
        .environment = context->environment,
        .runtime_dir = context->runtime_dir,
        .state_dir = context->state_dir,
        .may_raise = process_may_raise(),
        .own_oom_score_adj = process_oom_score_adj(),
    };
    struct faults faults;
    int result;

    faults_init(&faults);
    result = planner_make(&request, ret_plan, &faults);
    stack_source_show(source, &faults, context->colour_err);
    if (result < 0)
        return command_failed("cannot plan the stack: %s", strerror(-result));
    return result == 0 ? STATUS_DONE : STATUS_USAGE;
}

int launching_plan(struct command_context *context, const struct stack_source *source,
                   const struct spec *spec, const struct selection *selection,
                   struct host *ret_host, struct plan *ret_plan)
{
    int status = context_stack_named(context, spec->name);
    int result;

    if (status != 0)
        return status;
    result = host_find(ret_host);
    if (result != 0)
        return command_failed("cannot read the cgroups of this host: %s", strerror(-result));
    if (ret_host->kind == HOST_NONE) {
        show_fault(&ret_host->trouble, context->colour_err);
        return STATUS_FAILED;
    }
    return make_plan(context, source, spec, selection, ret_host, ret_plan);
}

/* --- the turn and the lock ---------------------------------------------------------------------
 */

#define TURN_PATIENCE_MS   60000
#define ENDING_PATIENCE_MS 15000
#define ENDING_LOOK_MS     100
#define FOLDER_TRIES       5 // a `down` may remove the folder that we have just made

static int take_turn(const struct command_context *context, int *ret_turn)
{
    int result = turn_take(context->runtime_dir, 0, ret_turn);

    if (result != 1)
        return result;
    command_note("another `up` is at work on stack %s: waiting for it", context->stack);
    return turn_take(context->runtime_dir, TURN_PATIENCE_MS, ret_turn);
}

enum holder {
    HOLDER_ANSWERS, // a stack that runs
    HOLDER_LEAVES,  // what is left of a killed supervisor is about to end
    HOLDER_SILENT,
    HOLDER_TURN, // of the turn: another `up`
};

static enum holder find_holder(const struct command_context *context)
{
    struct watch watch = {.client.fd = -1};
    struct fault fault;
    int outcome = watch_snapshot(context->runtime_dir, context->stack, &watch, &fault);
    bool ending = outcome == 0 && watch.info.ending;

    watch_close(&watch);
    if (outcome == 0)
        return ending ? HOLDER_LEAVES : HOLDER_ANSWERS;
    return outcome == CLIENT_NOT_RUNNING || outcome == CLIENT_ABANDONED || outcome == CLIENT_GONE
               ? HOLDER_LEAVES
               : HOLDER_SILENT;
}

/* 0; 1 with *ret_holder: somebody has it; a negative errno. */
static int take_lock(const struct command_context *context, int *ret_lock, enum holder *ret_holder)
{
    int result = lock_take(context->runtime_dir, ret_lock);

    for (int waited = 0; result == 1 && waited < ENDING_PATIENCE_MS; waited += ENDING_LOOK_MS) {
        *ret_holder = find_holder(context);
        if (*ret_holder != HOLDER_LEAVES)
            break;
        result = lock_wait(context->runtime_dir, ENDING_LOOK_MS, ret_lock);
    }
    return result;
}

static int take_both(const struct command_context *context, struct launching_hold *hold,
                     enum holder *ret_holder)
{
    int result = take_turn(context, &hold->turn);

    if (result == 1)
        *ret_holder = HOLDER_TURN;
    return result == 0 ? take_lock(context, &hold->lock, ret_holder) : result;
}

static int judge_lock(const struct command_context *context, int result, enum holder holder)
{
    if (result < 0)
        return command_failed("cannot lock %s: %s", context->runtime_dir, strerror(-result));
    if (result == 0 || holder == HOLDER_ANSWERS)
        return 0;
    if (holder == HOLDER_TURN)
        return command_failed("another `up` is still at work on stack %s: try again",
                              context->stack);
    if (holder == HOLDER_LEAVES)
        return command_failed("stack %s is still going down: `bulkhead -p %s ps` shows it",
                              context->stack, context->stack);
    return command_failed("stack %s is running, and its supervisor does not answer: "
                          "`bulkhead -p %s down` ends it",
                          context->stack, context->stack);
}

/* --- a stack without a supervisor ----------------------------------------------------------- */

static bool has_services(const struct roster *roster)
{
    char path[PATH_MAX];

    return roster->cgroup_dir &&
           snprintf(path, sizeof(path), "%s/%s", roster->cgroup_dir, CGROUP_SERVICES) < PATH_MAX &&
           stack_cgroup_populated(path);
}

/* A keeper and a supervisor for what runs, by its own plan. */
static int adopt(const struct command_context *context, const struct roster *roster,
                 struct launching_hold *hold)
{
    const struct plan place = {
        .stack = context->stack,
        .cgroup_dir = roster->cgroup_dir,
        .runtime_dir = context->runtime_dir,
        .state_dir = context->state_dir,
    };
    const struct launch_request request = {
        .plan = &place, .adopts = true, .self_dir = context->self_dir, .lock = hold->lock};
    struct fault fault;

    if (launch_stack(&request, &fault) != 0) {
        show_fault(&fault, context->colour_err);
        return command_failed("the services of stack %s run on without a supervisor: "
                              "`bulkhead -p %s down` ends them",
                              context->stack, context->stack);
    }
    command_note("stack %s ran without a supervisor: a new one has taken it over", context->stack);
    close(hold->lock);
    hold->lock = -1;
    return 0;
}

static int adopt_if_there(const struct command_context *context, struct launching_hold *hold)
{
    struct roster roster = {0};
    const char *why;
    int status = 0;

    if (hold->lock >= 0 && stack_roster_load(context->runtime_dir, &roster, &why) == 0 &&
        strcmp(roster.stack, context->stack) == 0 && has_services(&roster))
        status = adopt(context, &roster, hold);
    roster_finish(&roster);
    return status;
}

int launching_begin(const struct command_context *context, struct launching_hold *ret)
{
    struct launching_hold hold = {-1, -1};
    enum holder holder = HOLDER_SILENT;
    int result = -ENOENT, status;

    for (int i = 0; result == -ENOENT && i < FOLDER_TRIES; i++) {
        launching_end(&hold);
        status = folders_make(context);
        if (status != 0)
            return status;
        result = take_both(context, &hold, &holder);
    }
    status = judge_lock(context, result, holder);
    if (status == 0)
        status = adopt_if_there(context, &hold);
    if (status == 0)
        *ret = hold;
    else
        launching_end(&hold);
    return status;
}

void launching_end(struct launching_hold *hold)
{
    if (hold->lock >= 0)
        close(hold->lock);
    if (hold->turn >= 0)
        close(hold->turn);
    *hold = (struct launching_hold){-1, -1};
}

/* --- the cgroups ------------------------------------------------------------------------------ */

static int64_t sum_of(const struct plan *plan, const char *file)
{
    int64_t sum = 0;

    for (size_t i = 0; i < plan->members_count; i++) {
        const struct launch *launch = &plan->members[i].launch;
        for (size_t j = 0; j < launch->controls_count; j++)
            if (strcmp(launch->controls[j].file, file) == 0)
                sum += strtoll(launch->controls[j].value, NULL, 10);
    }
    return sum;
}

static bool uses(const struct plan *plan, const char *prefix)
{
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct launch *launch = &plan->members[i].launch;
        for (size_t j = 0; j < launch->controls_count; j++)
            if (strncmp(launch->controls[j].file, prefix, strlen(prefix)) == 0)
                return true;
    }
    return false;
}

/* memory counts what explains a death, pids ends a fork bomb: wherever they are to be had. The cpu
 * controller has a price, so only who asks for it gets it. */
static void choose_controllers(const struct plan *plan, const struct host *host,
                               struct skeleton_request *request)
{
    for (int i = 0; i < CONTROLLERS_COUNT; i++)
        request->controllers[i] = host->controllers[i] == CONTROLLER_USABLE;
    if (!uses(plan, "cpu."))
        request->controllers[CONTROLLER_CPU] = false;
}

static int make_cgroups(const struct command_context *context, const struct host *host,
                        const struct plan *plan)
{
    struct skeleton_request request = {
        .host = host,
        .stack_dir = plan->cgroup_dir,
        .memory_min = sum_of(plan, "memory.min"),
        .memory_low = sum_of(plan, "memory.low"),
        .groups = plan->groups,
        .groups_count = plan->groups_count,
    };
    struct fault fault;

    choose_controllers(plan, host, &request);
    if (skeleton_make(&request, &fault) == 0 && budgets_apply(plan, &fault) == 0)
        return 0;
    show_fault(&fault, context->colour_err);
    return STATUS_FAILED;
}

/* --- the start -------------------------------------------------------------------------------- */

static int start_locked(const struct command_context *context, const struct host *host,
                        const struct plan *plan, int lock)
{
    struct launch_request request = {.plan = plan, .self_dir = context->self_dir, .lock = lock};
    struct fault fault;
    int ended;
    int status;

    if (leftovers_clear(context, plan->cgroup_dir, &ended, &fault) != 0) {
        show_fault(&fault, context->colour_err);
        return STATUS_FAILED; // the folder stays: it is what the next one finds them by
    }
    status = make_cgroups(context, host, plan);
    if (status == 0 && launch_stack(&request, &fault) != 0) {
        show_fault(&fault, context->colour_err);
        status = STATUS_FAILED;
    }
    if (status != 0)
        stack_undo(context, plan->cgroup_dir);
    return status;
}

int launching_start(struct command_context *context, const struct host *host,
                    const struct plan *plan, const struct launching_hold *hold)
{
    /* Once more: until the lock was ours, the `down` that held it could remove them. */
    int status = folders_make(context);

    return status == 0 ? start_locked(context, host, plan, hold->lock) : status;
}

int launching_extend(const struct command_context *context, const struct host *host,
                     const struct plan *before, const struct plan *plan)
{
    if (uses(plan, "cpu.") == uses(before, "cpu.") &&
        sum_of(plan, "memory.min") == sum_of(before, "memory.min") &&
        sum_of(plan, "memory.low") == sum_of(before, "memory.low") && !budgets_any(plan) &&
        !budgets_any(before))
        return 0;
    return make_cgroups(context, host, plan);
}
