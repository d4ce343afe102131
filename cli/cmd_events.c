/* bulkhead events: what happened and what happens, one event a line. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/history/chronicle.h"
#include "cli/history/event_text.h"
#include "history/journal_reader.h"
#include "cli/host/labels.h"
#include "cli/show/render.h"

#define HOUR_MS 3600000 // the longest wait without a look at the clock

struct events {
    const struct command_context *context;
    struct journal_reader journal;
    struct event_view view;
    struct labels labels;
    char *const *words;
    size_t words_count;
    struct past_span covered; // by the journal
    bool *known;              // words that somebody of the history answers to
    int64_t since_ns;
    int64_t until_ns;
    bool json;
    bool over; // an event after `until` was seen
    bool output_failed;
};

static void print(struct events *events, const struct user_event *event)
{
    bool printed;

    if (event->wall_ns > events->until_ns)
        events->over = true;
    if (event->wall_ns < events->since_ns || event->wall_ns > events->until_ns ||
        !view_member_is(event->member, events->words, events->words_count))
        return;
    printed = events->json
                  ? event_print_json(event, labels_of(&events->labels, event->member->name), stdout)
                  : event_print_text(event, events->context->colour_out, stdout);
    if (!printed)
        events->output_failed = true;
}

/* --- what was before the journal ----------------------------------------------------------- */

static int take_past(void *context, const struct user_event *event)
{
    struct events *events = context;

    for (size_t w = 0; w < events->words_count; w++)
        if (view_member_is(event->member, &events->words[w], 1))
            events->known[w] = true;
    print(events, event);
    return events->output_failed;
}

static int tell_gap(void *context, const struct past_note *note)
{
    char time[RENDER_MAX];

    (void)context;
    if (strcmp(note->kind, PAST_GAP) == 0)
        command_note("%s: %s", render_time_ms(note->wall_ns, time), note->text);
    return 0;
}

/* Only when it is asked for by its time; the journal is told in any case. */
static void print_past(struct events *events, int64_t from_ns, int64_t before_ns)
{
    struct past_span when = {from_ns > events->since_ns ? from_ns : events->since_ns, before_ns};
    struct past *past = NULL;
    const char *trouble;
    int failed;

    if (events->since_ns == 0 || when.from_ns >= before_ns)
        return;
    failed = past_open(events->context->state_dir, &past);
    if (failed == 0)
        failed = past_notes(past, when, tell_gap, NULL);
    if (failed == 0)
        failed = past_events(past, when, take_past, events);
    trouble = events->output_failed ? NULL : chronicle_past_trouble(failed);
    if (trouble)
        command_note("history.db is not read: %s", trouble);
    if (past && past_malformed(past) > 0)
        command_note("%llu rows of history.db are damaged and were passed over",
                     (unsigned long long)past_malformed(past));
    past_close(past);
}

/* Everything that the journal has at present. 0 or a negative errno. */
static int print_available(struct events *events)
{
    struct user_event told[EVENT_VIEW_MAX];
    struct record record;
    int got;

    while ((got = journal_reader_next(&events->journal, &record)) == 1) {
        int count = event_view_feed(&events->view, &record, told);
        int i;

        if (count < 0)
            return count;
        for (i = 0; i < count; i++)
            print(events, &told[i]);
    }
    if (fflush(stdout) != 0)
        events->output_failed = true;
    return got;
}

static int milliseconds_left(int64_t until_ns)
{
    int64_t left = until_ns == INT64_MAX ? -1 : (until_ns - ask_wall_now()) / NSEC_PER_MSEC + 1;

    if (until_ns == INT64_MAX)
        return -1;
    return left < 0 ? 0 : left > HOUR_MS ? HOUR_MS : (int)left;
}

/* Until the stack ends, `until` is there, or nobody reads us any more. */
static int follow(struct events *events)
{
    int failed = 0;

    while (failed == 0 && !events->view.finished && !events->over && !events->output_failed &&
           !events->journal.dropped) {
        struct pollfd waiting = {.fd = journal_reader_fd(&events->journal), .events = POLLIN};

        if (poll(&waiting, 1, milliseconds_left(events->until_ns)) < 0 && errno != EINTR)
            return -errno;
        journal_reader_notice(&events->journal);
        failed = print_available(events);
        if (milliseconds_left(events->until_ns) == 0)
            break;
    }
    return failed;
}

/* A word that no member of the journal answers to is a slip of the finger, not an empty answer. */
static int check_words(const struct events *events)
{
    size_t w;

    for (w = 0; w < events->words_count; w++) {
        uint32_t i = 0;

        if (events->known[w])
            continue;
        while (i < events->view.members_count &&
               !view_member_is(&events->view.members[i], &events->words[w], 1))
            i++;
        if (i == events->view.members_count)
            return command_failed("no such service in the journal of stack \"%s\": %s",
                                  events->context->stack, events->words[w]);
    }
    return 0;
}

static int show(struct events *events)
{
    int status;
    int failed;

    print_past(events, 0, events->covered.from_ns);
    failed = print_available(events);
    print_past(events, events->covered.before_ns, INT64_MAX);
    if (failed != 0)
        return command_failed("cannot read the journal: %s", strerror(-failed));
    status = check_words(events);
    if (status != 0)
        return status;
    if (!events->journal.archived && milliseconds_left(events->until_ns) != 0)
        failed = follow(events);
    if (failed != 0)
        return command_failed("cannot follow the journal: %s", strerror(-failed));
    if (events->journal.malformed > 0)
        command_note("%llu lines of the journal are damaged and were passed over",
                     (unsigned long long)events->journal.malformed);
    return STATUS_DONE;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct events events = {
        .context = context,
        .words = argv + 1,
        .words_count = (size_t)(argc - 1),
        .until_ns = INT64_MAX,
        .json = option_given(context, "json"),
    };
    int status = ask_option_time(context, "since", &events.since_ns);
    int failed;

    if (status == 0)
        status = ask_option_time(context, "until", &events.until_ns);
    if (status == 0)
        status = context_stack(context);
    if (status != 0)
        return status;
    failed = chronicle_covered(context->runtime_dir, context->state_dir, &events.covered);
    if (failed == 0)
        failed =
            journal_reader_open(context->runtime_dir, context->state_dir, true, &events.journal);
    if (failed == -ENOENT)
        return command_failed("stack \"%s\" has no journal: it did not run here, or was killed "
                              "before it could keep one",
                              context->stack);
    if (failed != 0)
        return command_failed("cannot open the journal of stack \"%s\": %s", context->stack,
                              strerror(-failed));
    event_view_init(&events.view, false);
    labels_init(&events.labels, context->runtime_dir);
    events.known = calloc(events.words_count + 1, sizeof(bool));
    if (events.known) {
        status = show(&events);
    } else {
        status = command_failed("%s", strerror(ENOMEM));
    }
    free(events.known);
    labels_finish(&events.labels);
    event_view_finish(&events.view);
    journal_reader_close(&events.journal);
    return status;
}

static const struct command_option options[] = {
    {0, "json", NULL, "one JSON object a line"},
    {0, "since", "TIME", "leave out what is older"},
    {0, "until", "TIME", "end with what is younger; \"now\" does not wait"},
    {0},
};

const struct command command_events = {
    .name = "events",
    .operands = "[SERVICE…]",
    .summary = "what happened to the services, and what happens",
    .help =
        "Prints every event in the stack's journal, then follows it until interrupted or until\n"
        "the stack ends. Actions: create, start, ready, oom, die, kill, stop, restart, hold,\n"
        "quarantine, health_status, adopt. Every death is one \"die\" with its verdict and the\n"
        "counters behind it; \"adopt\" is the stack's: another supervisor went on with it.\n"
        "TIME is RFC 3339 (2026-11-22T08:51:00Z), a length of time back from now (10m),\n"
        "unix seconds, or \"now\".",
    .example = "bulkhead events --since now\n"
               "bulkhead events --json --until now | jq 'select(.action == \"die\")'",
    .options = options,
    .run = run,
};
