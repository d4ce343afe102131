/* bulkhead logs: the kept output of services, across rotations and incarnations. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/history/follow.h"
#include "cli/host/stack_roster.h"
#include "core/paths.h"

#define OWN_LOG       "bulkhead" // of supervisor, keeper and recorder: when asked for by name
#define LAST_LINES_MS 500        // quiet after the supervisor's end: the recorder is done

/* Following a running stack. */
struct live {
    const struct command_context *context;
    char *const *words; // services asked for, NULL-terminated; none: all
    struct follow *follow;
    struct watch *watch; // tells of another plan and of the end
    int64_t seen_ns;     // CLOCK_REALTIME when it was last looked at, and there was no other plan
};

/* Members whose logs there may be. */
struct names {
    char (*item)[INSTANCE_NAME_MAX];
    uint32_t *service_length;
    size_t count;
};

static int names_reserve(struct names *names, size_t count)
{
    names->item = calloc(count + 1, sizeof(*names->item));
    names->service_length = calloc(count + 1, sizeof(*names->service_length));
    return names->item && names->service_length ? 0 : -ENOMEM;
}

static void names_finish(struct names *names)
{
    free(names->item);
    free(names->service_length);
}

static void names_add(struct names *names, const char *name, size_t length, size_t service_length)
{
    memcpy(names->item[names->count], name, length);
    names->item[names->count][length] = '\0';
    names->service_length[names->count++] = (uint32_t)service_length;
}

static int names_of_roster(const struct roster *roster, struct names *names)
{
    uint32_t i;

    if (names_reserve(names, (size_t)roster->members_count + 1) != 0)
        return -ENOMEM;
    for (i = 0; i < roster->members_count; i++)
        names_add(names, roster->members[i].name, strlen(roster->members[i].name),
                  roster->members[i].service_length);
    return 0;
}

/* "web-1.log": 5, the length of the member's name, with that of its service; 0: no such file. */
static size_t log_name_length(const char *file, size_t *ret_service_length)
{
    const char *end = strrchr(file, '.');
    const char *dash = strrchr(file, '-');

    if (!end || strcmp(end, ".log") != 0 || !dash || dash > end ||
        (size_t)(end - file) >= INSTANCE_NAME_MAX || dash - file > NAME_BYTES_MAX)
        return 0;
    *ret_service_length = (size_t)(dash - file);
    return (size_t)(end - file);
}

/* What a stack that has ended left behind. */
static int names_of_folder(const char *state_dir, struct names *names)
{
    char path[4096];
    struct dirent **entries = NULL;
    int count;
    int i;

    snprintf(path, sizeof(path), "%s/" PATH_LOGS, state_dir);
    count = scandir(path, &entries, NULL, versionsort);
    if (count < 0)
        return -errno;
    if (names_reserve(names, (size_t)count + 1) != 0)
        return -ENOMEM;
    for (i = 0; i < count; i++) {
        size_t service_length;
        size_t length = log_name_length(entries[i]->d_name, &service_length);

        if (length > 0)
            names_add(names, entries[i]->d_name, length, service_length);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

static int names_load(const struct command_context *context, struct names *ret)
{
    struct roster roster = {0};
    const char *why;
    int failed = stack_roster_load(context->runtime_dir, &roster, &why);

    if (failed != 0)
        return names_of_folder(context->state_dir, ret);
    failed = names_of_roster(&roster, ret);
    roster_finish(&roster);
    return failed;
}

static bool name_is(const struct names *names, size_t i, const char *word)
{
    return strcmp(names->item[i], word) == 0 ||
           (strlen(word) == names->service_length[i] &&
            memcmp(names->item[i], word, names->service_length[i]) == 0);
}

static int unknown_service(const struct command_context *context, const struct names *names,
                           const char *word)
{
    const char **candidates = calloc(names->count * 2 + 1, sizeof(*candidates));
    char(*services)[INSTANCE_NAME_MAX] = calloc(names->count + 1, sizeof(*services));
    const char *near = NULL;
    size_t i;

    if (candidates && services) {
        for (i = 0; i < names->count; i++) {
            memcpy(services[i], names->item[i], names->service_length[i]);
            candidates[i] = services[i];
            candidates[names->count + i] = names->item[i];
        }
        near = fault_nearest(word, candidates, names->count * 2);
    }
    if (near)
        command_failed("no such service in stack \"%s\": %s; did you mean \"%s\"?", context->stack,
                       word, near);
    else
        command_failed("no such service in stack \"%s\": %s", context->stack, word);
    free(services);
    free(candidates);
    return STATUS_FAILED;
}

/* The chosen names into `chosen` (room for all and our own). 0 or an exit status. */
static int choose(const struct command_context *context, const struct names *names,
                  char *const *words, size_t words_count, const char **chosen, size_t *ret_count)
{
    size_t count = 0;
    size_t i;
    size_t w;

    for (w = 0; w < words_count; w++) {
        bool known = strcmp(words[w], OWN_LOG) == 0;

        for (i = 0; i < names->count && !known; i++)
            known = name_is(names, i, words[w]);
        if (!known)
            return unknown_service(context, names, words[w]);
    }
    for (i = 0; i < names->count; i++) {
        bool wanted = words_count == 0;

        for (w = 0; w < words_count && !wanted; w++)
            wanted = name_is(names, i, words[w]);
        if (wanted)
            chosen[count++] = names->item[i];
    }
    for (w = 0; w < words_count; w++)
        if (strcmp(words[w], OWN_LOG) == 0) {
            chosen[count++] = OWN_LOG;
            break;
        }
    *ret_count = count;
    return 0;
}

static int output_failed(int failed)
{
    if (failed == -EPIPE) // `bulkhead logs | head`
        return STATUS_DONE;
    return command_failed("cannot show the logs: %s", strerror(-failed));
}

static bool is_asked_for(const struct wire_row *row, char *const *words)
{
    bool found = !*words;

    for (; *words && !found; words++)
        found =
            strcmp(row->name, *words) == 0 || (strlen(*words) == row->service_length &&
                                               memcmp(row->name, *words, row->service_length) == 0);
    return found;
}

/* The stack has another plan, with members that may be asked for as well. */
static int follow_new_ones(const struct live *live)
{
    const struct command_context *context = live->context;
    struct watch watch = {.client.fd = -1};
    struct fault fault;
    int failed = 0;

    if (watch_open(context->runtime_dir, context->stack, &watch, &fault) != 0)
        watch.ended = true;
    for (uint32_t i = 0; failed == 0 && i < watch.rows_count; i++)
        if (is_asked_for(&watch.rows[i], live->words))
            failed = follow_add(live->follow, watch.rows[i].name, live->seen_ns);
    watch_close(live->watch);
    *live->watch = watch;
    return failed;
}

/* Prints what comes until the stack ends. 0 or a negative errno. */
static int follow_on(struct live *live, int64_t until_ns)
{
    struct follow *follow = live->follow;
    struct watch *watch = live->watch;
    struct fault fault;
    int failed = 0;

    while (failed == 0) {
        int64_t now_ns = ask_wall_now(), looked_ns;
        int64_t left_ms = until_ns == INT64_MAX ? INT32_MAX : (until_ns - now_ns) / NSEC_PER_MSEC;
        int patience = watch->ended ? LAST_LINES_MS : -1;
        struct pollfd waiting[] = {
            {.fd = follow_fd(follow), .events = POLLIN},
            {.fd = watch->ended ? -1 : watch_fd(watch), .events = POLLIN},
        };
        int ready;

        if (left_ms <= 0)
            break;
        if (left_ms < INT32_MAX && (patience < 0 || left_ms < patience))
            patience = (int)left_ms;
        ready = poll(waiting, 2, patience);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready == 0 && watch->ended)
            break;
        looked_ns = ask_wall_now();
        if (waiting[1].revents != 0 && watch_read(watch, NULL, NULL, &fault) != 0)
            watch->ended = true;
        if (watch->reloaded && !watch->ended)
            failed = follow_new_ones(live);
        live->seen_ns = looked_ns;
        if (failed == 0)
            failed = follow_turn(follow);
    }
    return failed != 0 ? failed : follow_drain(follow);
}

static int show(const struct command_context *context, const struct follow_options *options,
                char *const *words, const char *const *names, size_t count)
{
    struct watch watch = {.ended = true, .client.fd = -1};
    struct follow *follow = NULL;
    struct fault fault;
    bool is_live = option_given(context, "follow") &&
                   watch_open(context->runtime_dir, context->stack, &watch, &fault) == 0;
    struct live live = {context, words, NULL, &watch, ask_wall_now()};
    int failed = follow_create(options, names, count, &follow);

    live.follow = follow;
    if (failed == 0)
        failed = follow_past(follow);
    if (failed == 0)
        failed = is_live ? follow_on(&live, options->until_ns) : follow_drain(follow);
    follow_destroy(follow);
    watch_close(&watch);
    return failed != 0 ? output_failed(failed) : STATUS_DONE;
}

static int read_options(const struct command_context *context, struct follow_options *ret)
{
    const char *tail = option_text(context, "tail");
    char *end;
    int status = ask_option_time(context, "since", &ret->since_ns);

    if (status == 0)
        status = ask_option_time(context, "until", &ret->until_ns);
    if (status != 0 || !tail || strcmp(tail, "all") == 0)
        return status;
    errno = 0;
    ret->tail = strtoll(tail, &end, 10);
    if (*tail < '0' || *tail > '9' || *end != '\0' || errno != 0)
        return usage_error(context, "--tail wants a number of lines or \"all\", not \"%s\"", tail);
    return 0;
}

/* The one verb with a -f of its own: fingers that mean the file get told. */
static int refuse_file(const struct command_context *context, const char *operand)
{
    const char *dot = strrchr(operand, '.');

    if (!option_given(context, "follow") || !dot ||
        (strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0))
        return 0;
    return usage_error(context,
                       "%s: -f means --follow here; the stack file goes before the verb: "
                       "bulkhead -f %s logs",
                       operand, operand);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct follow_options options = {
        .prefix = !option_given(context, "no-log-prefix"),
        .timestamps = option_given(context, "timestamps"),
        .colour_out = context->colour_out && !option_given(context, "no-color"),
        .colour_err = context->colour_err && !option_given(context, "no-color"),
        .tail = FOLLOW_ALL,
        .until_ns = INT64_MAX,
    };
    struct names names = {0};
    const char **chosen;
    size_t count = 0;
    int status = read_options(context, &options);
    int failed;

    for (int i = 1; status == 0 && i < argc; i++)
        status = refuse_file(context, argv[i]);
    if (status == 0)
        status = context_stack(context);
    if (status != 0)
        return status;
    options.state_dir = context->state_dir;
    failed = names_load(context, &names);
    chosen = failed == 0 ? calloc(names.count + 2, sizeof(*chosen)) : NULL;
    if (failed == -ENOENT || failed == -ENOTDIR)
        status = command_failed("stack \"%s\" has no logs: it did not run here", context->stack);
    else if (!chosen)
        status = command_failed("cannot read the logs of stack \"%s\": %s", context->stack,
                                strerror(failed != 0 ? -failed : ENOMEM));
    else
        status = choose(context, &names, argv + 1, (size_t)(argc - 1), chosen, &count);
    if (status == 0 && count > 0)
        status = show(context, &options, argv + 1, chosen, count);
    free(chosen);
    names_finish(&names);
    return status;
}

static const struct command_option options[] = {
    {'f', "follow", NULL, "go on with what comes, until the stack ends"},
    {'n', "tail", "LINES", "begin with the last LINES of each member; \"all\" is the default"},
    {'t', "timestamps", NULL, "the time before each line"},
    {0, "since", "TIME", "leave out what is older"},
    {0, "until", "TIME", "leave out what is younger"},
    {0, "no-color", NULL, "no colours"},
    {0, "no-log-prefix", NULL, "no name before each line"},
    {0},
};

const struct command command_logs = {
    .name = "logs",
    .operands = "[SERVICE…]",
    .summary = "the output of services",
    .help =
        "Prints what services wrote, the lines of several merged by time; stdout goes to stdout,\n"
        "stderr to stderr. Works after \"down\" too. Lines that begin with \"bulkhead:\" tell why\n"
        "a service died, between its last line and the first of its successor. The service name\n"
        "\"bulkhead\" stands for bulkhead's own messages.\n"
        "TIME is RFC 3339 (2026-11-22T08:51:00Z), a length of time back from now (10m),\n"
        "unix seconds, or \"now\".",
    .example = "bulkhead logs --follow --tail 20 web\n"
               "bulkhead logs --since 10m",
    .options = options,
    .run = run,
};
