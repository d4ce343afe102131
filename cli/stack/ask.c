/* See ask.h. */
#include "cli/stack/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/show/render.h"
#include "cli/show/row.h"

#define RESTART_TRIES 10 // supervisors in a row that die while they are asked

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

int64_t ask_wall_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t ask_monotonic_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int ask_option_time(const struct command_context *context, const char *name, int64_t *ret_ns)
{
    const char *text = option_text(context, name);

    if (!text || render_parse_time(text, ask_wall_now(), ret_ns) == 0)
        return 0;
    return usage_error(context,
                       "--%s wants a time (2026-11-22T08:51:00Z), a length of time back from now "
                       "(10m), unix seconds or \"now\", not \"%s\"",
                       name, text);
}

int ask_option_format(const struct command_context *context, bool *ret_json)
{
    const char *text = option_text(context, "format");

    if (!text || strcmp(text, "table") == 0 || strcmp(text, "text") == 0) {
        *ret_json = false;
        return 0;
    }
    if (strcmp(text, "json") != 0)
        return usage_error(context, "--format is table or json, not \"%s\"", text);
    *ret_json = true;
    return 0;
}

int ask_failed(const struct fault *fault)
{
    if (fault->remedy[0] == '\0')
        return command_failed("%s", fault->what);
    return command_failed("%s\n  %s", fault->what, fault->remedy);
}

typedef int open_fn(const char *runtime_dir, const char *stack, struct watch *ret,
                    struct fault *ret_fault);

static int ask_table(struct command_context *context, open_fn *open, struct watch *ret)
{
    struct fault fault;
    int status = context_stack(context);

    if (status != 0)
        return status;
    if (open(context->runtime_dir, context->stack, ret, &fault) != 0)
        return ask_failed(&fault);
    return 0;
}

int ask_snapshot(struct command_context *context, struct watch *ret)
{
    return ask_table(context, watch_snapshot, ret);
}

int ask_watch(struct command_context *context, struct watch *ret)
{
    return ask_table(context, watch_open, ret);
}

static bool is_named(const struct wire_request *request, const struct wire_row *row)
{
    for (uint32_t i = 0; i < request->names_count; i++)
        if (row_is(row, request->names[i]))
            return true;
    return request->names_count == 0;
}

/* Is it to be seen in the table of now that the member was asked to restart? */
static bool has_begun(const struct wire_row *before, const struct watch *now)
{
    for (uint32_t i = 0; i < now->rows_count; i++) {
        const struct wire_row *row = &now->rows[i];
        if (strcmp(row->name, before->name) == 0)
            return row->generation != before->generation ||
                   (row->state != before->state && !row_is_at_rest(row));
    }
    return true; // nobody has that name any more
}

static int ask_for_the_rest(const struct command_context *context,
                            const struct wire_request *request, const struct watch *before,
                            struct fault *ret_fault)
{
    struct wire_request rest = *request;
    struct watch now;
    int outcome = watch_snapshot(context->runtime_dir, context->stack, &now, ret_fault);

    if (outcome != 0)
        return outcome;
    rest.names_count = 0;
    for (uint32_t i = 0; i < before->rows_count && rest.names_count < WIRE_NAMES_MAX; i++)
        if (is_named(request, &before->rows[i]) && !has_begun(&before->rows[i], &now))
            rest.names[rest.names_count++] = before->rows[i].name;
    watch_close(&now);
    if (rest.names_count == 0)
        return 0;
    return client_request(context->runtime_dir, context->stack, &rest, ret_fault);
}

int ask_restart(const struct command_context *context, const struct wire_request *request,
                const struct watch *before, struct fault *ret_fault)
{
    int outcome = client_request(context->runtime_dir, context->stack, request, ret_fault);

    for (int i = 0; outcome == CLIENT_GONE && i < RESTART_TRIES; i++)
        outcome = ask_for_the_rest(context, request, before, ret_fault);
    return outcome;
}

bool *ask_choose(const struct watch *watch, char *const *words, size_t count)
{
    bool *chosen = calloc((size_t)watch->rows_count + 1, sizeof(*chosen));
    struct fault fault;

    if (!chosen) {
        command_failed("%s", strerror(ENOMEM));
        return NULL;
    }
    if (watch_choose(watch, words, count, chosen, &fault) != 0) {
        ask_failed(&fault);
        free(chosen);
        return NULL;
    }
    return chosen;
}
