/* See reconciling.h. */
#include "cli/stack/reconciling.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/plan/difference.h"
#include "cli/stack/launching.h"
#include "cli/show/render.h"
#include "cli/host/sealed.h"

#define NAMES_AT_ONCE 256
#define PLAN_TRIES    10 // with as many supervisors in a row

/* --- looking ------------------------------------------------------------------------------------
 */

/* What cannot be changed while it runs. */
static int check_place(const struct reconciling *reconciling)
{
    const struct plan *running = &reconciling->running.plan, *plan = reconciling->request->plan;

    if (strcmp(running->state_dir, plan->state_dir) == 0 &&
        strcmp(running->runtime_dir, plan->runtime_dir) == 0)
        return 0;
    return command_failed("stack %s runs with its state in %s, and this would be %s: see "
                          "BULKHEAD_STATE_DIR",
                          plan->stack, running->state_dir, plan->state_dir);
}

static int judge(struct reconciling *reconciling)
{
    const struct reconciling_request *request = reconciling->request;
    struct reconcile_request judged = {
        .spec = request->spec,
        .selection = &request->wanted->selection,
        .named = request->wanted->named,
        .asked = request->wanted->asked,
        .plan = request->plan,
        .rows = reconciling->watch.rows,
        .rows_count = reconciling->watch.rows_count,
        .options = request->options,
    };
    struct fault fault;
    int result = reconcile_decide(&judged, &reconciling->arena, &reconciling->steps,
                                  &reconciling->steps_count);

    if (result == 0)
        result = merge_plan(request->plan, &reconciling->running.plan, reconciling->steps,
                            reconciling->steps_count, &reconciling->merged, &fault);
    if (result < 0)
        return command_failed("cannot compare the stack with its file: %s", strerror(-result));
    return result == 0 ? 0 : ask_failed(&fault);
}

static enum render_style style_of(const struct reconcile_step *step)
{
    switch (step->action) {
    case RECONCILE_START:
        return STYLE_GREEN;
    case RECONCILE_RESTART:
    case RECONCILE_LIMITS:
    case RECONCILE_STOP:
    case RECONCILE_ORPHAN:
        return STYLE_YELLOW;
    case RECONCILE_NONE:
    case RECONCILE_KEEP:
    case RECONCILE_LEAVE:
    case RECONCILE_ACTIONS_COUNT:
        break;
    }
    return STYLE_DIM;
}

/* "changed (command): restarted" */
static void put_words(const struct reconciling *reconciling, const struct reconcile_step *step,
                      char *text, size_t size)
{
    const struct plan *running = &reconciling->running.plan;
    ptrdiff_t before = roster_find(&reconciling->running.roster, step->name);
    const char *words = reconcile_words(step);
    char keys[DIFFERENCE_MAX] = "";
    size_t length = strlen("changed");

    if (step->reason == REASON_CHANGED && before >= 0 && step->member >= 0)
        difference_words(running, &running->members[before], reconciling->request->plan,
                         &reconciling->request->plan->members[step->member], keys);
    if (*keys)
        snprintf(text, size, "%.*s (%s)%s", (int)length, words, keys, words + length);
    else
        snprintf(text, size, "%s", words);
}

static void tell(const struct reconciling *reconciling)
{
    bool colour = reconciling->request->context->colour_err;
    int width = 0;

    for (size_t i = 0; i < reconciling->steps_count; i++)
        if ((int)strlen(reconciling->steps[i].name) > width)
            width = (int)strlen(reconciling->steps[i].name);
    for (size_t i = 0; i < reconciling->steps_count; i++) {
        const struct reconcile_step *step = &reconciling->steps[i];
        char words[DIFFERENCE_MAX + 64];
        put_words(reconciling, step, words, sizeof(words));
        if (*words)
            fprintf(stderr, "%s%-*s%s  %s%s%s\n", render_style(colour, STYLE_BOLD), width,
                    step->name, render_style(colour, STYLE_OFF),
                    render_style(colour, style_of(step)), words, render_style(colour, STYLE_OFF));
    }
}

int reconciling_open(const struct reconciling_request *request, struct reconciling *ret)
{
    const struct command_context *context = request->context;
    struct fault fault;
    int status;

    *ret = (struct reconciling){.request = request, .watch.client.fd = -1};
    arena_init(&ret->arena, 0);
    if (watch_snapshot(context->runtime_dir, context->stack, &ret->watch, &fault) != 0 ||
        running_plan_load(context->runtime_dir, &ret->running, &fault) != 0)
        return ask_failed(&fault);
    if (ret->watch.info.ending)
        return command_failed("stack %s is going down: try again", context->stack);
    status = check_place(ret);
    if (status == 0)
        status = judge(ret);
    if (status == 0)
        tell(ret);
    return status;
}

void reconciling_finish(struct reconciling *reconciling)
{
    watch_close(&reconciling->watch);
    plan_finish(&reconciling->merged);
    running_plan_finish(&reconciling->running);
    arena_finish(&reconciling->arena);
}

/* --- asking -------------------------------------------------------------------------------------
 */

static int ask(const struct reconciling *reconciling, struct wire_request *request)
{
    const struct command_context *context = reconciling->request->context;
    struct fault fault;
    int outcome;

    if (request->verb == WIRE_RESTART)
        outcome = ask_restart(context, request, &reconciling->watch, &fault);
    else
        outcome = client_request(context->runtime_dir, context->stack, request, &fault);
    return outcome == 0 ? 0 : ask_failed(&fault);
}

typedef bool step_fn(const struct reconciling *reconciling, const struct reconcile_step *step);

/* One verb for all of whom it is true, in as many requests as the names need. */
static int ask_each(const struct reconciling *reconciling, step_fn *is_one,
                    struct wire_request request)
{
    int status = 0;

    request.names_count = 0;
    for (size_t i = 0; status == 0 && i < reconciling->steps_count; i++) {
        if (!is_one(reconciling, &reconciling->steps[i]))
            continue;
        request.names[request.names_count++] = reconciling->steps[i].name;
        if (request.names_count < NAMES_AT_ONCE)
            continue;
        status = ask(reconciling, &request);
        request.names_count = 0;
    }
    return status == 0 && request.names_count > 0 ? ask(reconciling, &request) : status;
}

/* --- who is to go -------------------------------------------------------------------------------
 */

static bool is_at_rest(const struct wire_row *row)
{
    return row->state == STATE_CREATED || row->state == STATE_EXITED || row->state == STATE_HELD;
}

/* Its compartment is where it was born, and the next one is to be somewhere else. */
static bool changes_group(const struct reconciling *reconciling, const struct reconcile_step *step)
{
    const struct plan *running = &reconciling->running.plan, *plan = reconciling->request->plan;
    ptrdiff_t before = roster_find(&reconciling->running.roster, step->name);

    return step->action == RECONCILE_RESTART && before >= 0 && step->member >= 0 &&
           !group_is_same(running->groups, running->members[before].group, plan->groups,
                          plan->members[step->member].group);
}

static bool leaves(const struct reconciling *reconciling, const struct reconcile_step *step)
{
    return step->action == RECONCILE_STOP || changes_group(reconciling, step);
}

static bool all_gone(const struct reconciling *reconciling, const struct watch *watch)
{
    for (size_t i = 0; i < reconciling->steps_count; i++) {
        const struct reconcile_step *step = &reconciling->steps[i];
        if (leaves(reconciling, step) && !is_at_rest(&watch->rows[step->row]))
            return false;
    }
    return true;
}

static int wait_until_gone(const struct reconciling *reconciling, struct watch *watch)
{
    struct fault fault;

    while (!all_gone(reconciling, watch)) {
        struct pollfd waiting = {.fd = watch_fd(watch), .events = POLLIN};
        if (watch->ended)
            return command_failed("stack %s has ended meanwhile", watch->info.stack);
        if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
            return command_failed("cannot wait: %s", strerror(errno));
        if (watch_read(watch, NULL, NULL, &fault) != 0)
            return ask_failed(&fault);
    }
    return 0;
}

static bool any_leaves(const struct reconciling *reconciling)
{
    for (size_t i = 0; i < reconciling->steps_count; i++)
        if (leaves(reconciling, &reconciling->steps[i]))
            return true;
    return false;
}

/* The table is opened before they are asked, so that no end of theirs is missed; the turn is ours,
 * so its rows are those that were judged. */
static int stop_leavers(const struct reconciling *reconciling)
{
    const struct command_context *context = reconciling->request->context;
    struct wire_request request = {.verb = WIRE_STOP, .grace_ns = reconciling->request->grace_ns};
    struct watch watch = {.client.fd = -1};
    struct fault fault;
    int status;

    if (!any_leaves(reconciling))
        return 0;
    if (watch_open(context->runtime_dir, context->stack, &watch, &fault) != 0)
        return ask_failed(&fault);
    status = watch.rows_count == reconciling->watch.rows_count
                 ? ask_each(reconciling, leaves, request)
                 : command_failed("stack %s has changed meanwhile: try again", context->stack);
    if (status == 0)
        status = wait_until_gone(reconciling, &watch);
    watch_close(&watch);
    return status;
}

/* --- the plan -----------------------------------------------------------------------------------
 */

static int send_plan_once(const struct command_context *context, int fd,
                          enum wire_reply_kind *ret_answer, struct fault *ret_fault)
{
    const struct wire_request request = {.verb = WIRE_RELOAD};
    struct client client = {.fd = -1};
    struct wire_reply reply = {.kind = WIRE_INFO};
    int failed = client_connect(context->runtime_dir, context->stack, &client, ret_fault);

    if (failed == 0)
        failed = client_send_files(&client, &request, &fd, WIRE_RELOAD_FILES, ret_fault);
    while (failed == 0 && reply.kind != WIRE_DONE && reply.kind != WIRE_BYE)
        failed = client_receive(&client, CLIENT_DEADLINE_MS, &reply, ret_fault);
    client_close(&client);
    *ret_answer = reply.kind;
    return failed;
}

/* A supervisor that dies over it has a successor, for whom the same plan is as good. */
static int send_plan(const struct reconciling *reconciling, int fd)
{
    const struct command_context *context = reconciling->request->context;
    enum wire_reply_kind answer = WIRE_INFO;
    struct fault fault;
    int failed, tries = 0;

    do
        failed = send_plan_once(context, fd, &answer, &fault);
    while (failed == CLIENT_GONE && ++tries < PLAN_TRIES);
    if (failed != 0)
        return ask_failed(&fault);
    return answer == WIRE_DONE ? 0 : command_failed("stack %s has ended meanwhile", context->stack);
}

static int hand_over(const struct reconciling *reconciling, const unsigned char *bytes, size_t size)
{
    int status = launching_extend(reconciling->request->context, reconciling->request->host,
                                  &reconciling->running.plan, &reconciling->merged);
    int fd;

    if (status != 0)
        return status;
    fd = sealed_make("bulkhead-plan", bytes, size);
    if (fd < 0)
        return command_failed("cannot hand the plan over: %s", strerror(-fd));
    status = send_plan(reconciling, fd);
    close(fd);
    return status;
}

/* Who has left for another group goes on in its old one when there is no new plan. */
static void call_back(const struct reconciling *reconciling)
{
    struct wire_request start = {
        .verb = WIRE_START, .grace_ns = -1, .alone = reconciling->request->alone};

    (void)ask_each(reconciling, changes_group, start);
}

int reconciling_prepare(struct reconciling *reconciling)
{
    unsigned char *bytes;
    size_t size;
    int status = stop_leavers(reconciling);
    int result;

    if (status != 0)
        return status;
    result = planfile_encode(&reconciling->merged, &bytes, &size);
    if (result != 0)
        return command_failed("cannot make the plan: %s",
                              result < 0 ? strerror(-result) : "the stack is too big");
    if (size != reconciling->running.size || memcmp(bytes, reconciling->running.bytes, size) != 0)
        status = hand_over(reconciling, bytes, size);
    free(bytes);
    if (status != 0)
        call_back(reconciling);
    return status;
}

/* --- doing --------------------------------------------------------------------------------------
 */

/* One at a time: the answer is about one, and comes when it is done. */
static int apply_limits(const struct reconciling *reconciling)
{
    const struct command_context *context = reconciling->request->context;
    int status = 0;

    for (size_t i = 0; i < reconciling->steps_count; i++) {
        const struct reconcile_step *step = &reconciling->steps[i];
        struct wire_request request = {.verb = WIRE_LIMITS, .names_count = 1};
        struct fault fault;
        if (step->action != RECONCILE_LIMITS)
            continue;
        request.names[0] = step->name;
        if (client_request(context->runtime_dir, context->stack, &request, &fault) != 0)
            status = command_failed("%s: its limits are as before: %s\n  "
                                    "\"bulkhead restart %s\" starts it with the new ones",
                                    step->name, fault.what, step->name);
    }
    return status;
}

static bool starts(const struct reconciling *reconciling, const struct reconcile_step *step)
{
    (void)reconciling;
    return step->action == RECONCILE_START;
}

static bool restarts(const struct reconciling *reconciling, const struct reconcile_step *step)
{
    (void)reconciling;
    return step->action == RECONCILE_RESTART;
}

int reconciling_do(struct reconciling *reconciling)
{
    struct wire_request start = {
        .verb = WIRE_START, .grace_ns = -1, .alone = reconciling->request->alone};
    struct wire_request restart = {.verb = WIRE_RESTART,
                                   .grace_ns = reconciling->request->grace_ns};
    int status = ask_each(reconciling, starts, start);

    if (status == 0)
        status = ask_each(reconciling, restarts, restart);
    return status == 0 ? apply_limits(reconciling) : status;
}
