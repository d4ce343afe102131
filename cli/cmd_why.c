/* bulkhead why: the last death, in plain words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/stack/ask.h"
#include "cli/history/around.h"
#include "cli/history/last_words.h"
#include "cli/host/stack_roster.h"
#include "cli/show/charset.h"

#define HISTORY_WINDOW (3600 * NSEC_PER_SEC)

struct why {
    struct command_context *context;
    struct chronicle chronicle;
    struct kernel_log kernel;
    char *const *words;
    size_t words_count;
    int64_t nth; // from the last; 1 is the last
    bool json;
};

static bool is_asked(const struct why *why, const struct death *death)
{
    return view_name_is(death->name, death->service_length, why->words, why->words_count);
}

/* A member of the stack now, or one of an earlier plan that has died. */
static bool is_known(const struct why *why, char *const *word)
{
    uint32_t i;
    size_t d;

    for (i = 0; i < why->chronicle.view.members_count; i++)
        if (view_member_is(&why->chronicle.view.members[i], word, 1))
            return true;
    for (d = 0; d < why->chronicle.deaths.count; d++)
        if (view_name_is(why->chronicle.deaths.item[d].name,
                         why->chronicle.deaths.item[d].service_length, word, 1))
            return true;
    return false;
}

/* Everything, back to the beginning of history.db. 0 or a negative errno. */
static int read_all(struct why *why)
{
    return why->chronicle.read_all ? 0 : chronicle_read(&why->chronicle, INT64_MAX);
}

static int check_words(struct why *why)
{
    size_t w;

    for (w = 0; w < why->words_count; w++)
        if (!is_known(why, &why->words[w]) &&
            (read_all(why) != 0 || !is_known(why, &why->words[w])))
            return command_failed("no such service in the journal of stack \"%s\": %s",
                                  why->context->stack, why->words[w]);
    return 0;
}

/* The nth last death that is asked for; without those that were asked to die, if `unasked`. -1:
 * there is none. */
static ptrdiff_t find(const struct why *why, bool unasked)
{
    int64_t left = why->nth;
    size_t i;

    for (i = why->chronicle.deaths.count; i > 0; i--) {
        const struct death *death = &why->chronicle.deaths.item[i - 1];

        if (is_asked(why, death) && !(unasked && death->verdict.kind == VERDICT_STOPPED) &&
            --left == 0)
            return (ptrdiff_t)i - 1;
    }
    return -1;
}

/* When the same member was stopped after that death. */
static int64_t stopped_after(const struct why *why, size_t index)
{
    size_t i;

    for (i = why->chronicle.deaths.count; i > index + 1; i--) {
        const struct death *death = &why->chronicle.deaths.item[i - 1];

        if (death_is_of(death, why->chronicle.deaths.item[index].name) &&
            death->verdict.kind == VERDICT_STOPPED)
            return death->wall_ns;
    }
    return 0;
}

static int output_status(bool printed)
{
    return printed || ferror(stdout) ? STATUS_DONE : command_failed("%s", strerror(ENOMEM));
}

/* What could not be started: of a running stack only, its plan is removed with it. */
struct birth {
    struct roster roster;
    struct launch_record record;
    unsigned char *bytes;
};

static void look_up_program(const struct why *why, struct why_report *report, struct birth *birth)
{
    const char *reason;
    ptrdiff_t member;

    if (report->death->verdict.kind != VERDICT_SPAWN_FAILED || !why->chronicle.has_journal ||
        why->chronicle.journal.archived ||
        stack_roster_load(why->context->runtime_dir, &birth->roster, &reason) != 0)
        return;
    member = roster_find(&birth->roster, report->death->name);
    if (member < 0 || stack_launch_load(why->context->runtime_dir, &birth->roster.members[member],
                                        &birth->record, &birth->bytes) != 0)
        return;
    report->program = birth->record.launch.program;
    report->directory = birth->record.launch.directory;
}

static void birth_finish(struct birth *birth)
{
    if (birth->bytes)
        launch_record_finish(&birth->record);
    free(birth->bytes);
    roster_finish(&birth->roster);
}

static void fill_report(struct why *why, size_t index, struct why_report *report)
{
    const struct death *death = report->death;
    int failed;

    report->history = deaths_history(&why->chronicle.deaths, index, HISTORY_WINDOW);
    report->probe_said = deaths_probe_said(&why->chronicle.deaths, death);
    for (int i = 0; i < QUARANTINE_ABOUTS_COUNT; i++)
        report->left[i] = deaths_left_said(&why->chronicle.deaths, death, (enum quarantine_about)i);
    report->now_wall_ns = ask_wall_now();
    report->later_stop_wall_ns = stopped_after(why, index);
    advice_give(death, &report->history, &report->advice);
    failed = last_words_read(why->context->state_dir, death->name, death->wall_ns, &report->words);
    if (failed != 0)
        command_note("cannot read the log of %s: %s", death->name, strerror(-failed));
}

static int tell_one(struct why *why, size_t index)
{
    struct why_report report = {.death = &why->chronicle.deaths.item[index]};
    struct around_of of = {index, why->context->stack, ask_wall_now()};
    struct around around;
    struct birth birth = {0};
    int status;

    fill_report(why, index, &report);
    if (around_collect(&why->chronicle, &of, &why->kernel, &around) != 0)
        command_note("not all of it is told: %s", strerror(ENOMEM));
    around.spark = why->context->stdout_tty;
    around.utf8 = charset_is_utf8();
    report.around = &around;
    advice_of_memory(report.death, &around.growth.last, &report.advice);
    look_up_program(why, &report, &birth);
    status = output_status(why->json ? why_print_json(&report, stdout)
                                     : why_print_text(&report, why->context->colour_out, stdout));
    birth_finish(&birth);
    around_finish(&around);
    return status;
}

static int tell_none(const struct why *why)
{
    const char *stack = why->context->stack;

    if (why->json)
        return STATUS_DONE;
    if (why->nth > 1)
        printf("There are not so many deaths in the journal and the history of stack \"%s\".\n",
               stack);
    else if (why->words_count > 0)
        printf("%s has not died: no death of it is in the journal of stack \"%s\", nor in its "
               "history.\n",
               why->words[0], stack);
    else
        printf("Nobody has died: no death is in the journal of stack \"%s\", nor in its history.\n",
               stack);
    return STATUS_DONE;
}

static int tell_all(struct why *why)
{
    size_t told = 0;
    size_t i;

    for (i = 0; i < why->chronicle.deaths.count; i++) {
        if (!is_asked(why, &why->chronicle.deaths.item[i]))
            continue;
        told++;
        if (why->json)
            tell_one(why, i);
        else
            why_print_short(&why->chronicle.deaths.item[i], why->context->colour_out, stdout);
    }
    return told > 0 ? STATUS_DONE : tell_none(why);
}

static int tell(struct why *why)
{
    ptrdiff_t found = -1;
    int failed = 0;

    if (!option_given(why->context, "all"))
        found = find(why, true);
    if (found < 0)
        failed = read_all(why);
    if (failed != 0)
        return command_failed("cannot read the journal: %s", strerror(-failed));
    if (option_given(why->context, "all"))
        return tell_all(why);
    if (found < 0)
        found = find(why, true);
    if (found < 0 && why->nth == 1)
        found = find(why, false);
    return found < 0 ? tell_none(why) : tell_one(why, (size_t)found);
}

static int read_options(struct why *why)
{
    const char *nth = option_text(why->context, "nth");
    char *end;

    why->nth = 1;
    if (nth) {
        errno = 0;
        why->nth = strtoll(nth, &end, 10);
        if (*nth < '1' || *nth > '9' || *end != '\0' || errno != 0)
            return usage_error(why->context,
                               "--nth wants 1 for the last death, 2 for the one "
                               "before it, …, not \"%s\"",
                               nth);
    }
    return ask_option_format(why->context, &why->json);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct why why = {.context = context, .words = argv + 1, .words_count = (size_t)(argc - 1)};
    const char *trouble;
    int status = read_options(&why);
    int failed;

    if (status == 0)
        status = context_stack(context);
    if (status != 0)
        return status;
    failed = chronicle_open(context->runtime_dir, context->state_dir, &why.chronicle);
    if (failed == -ENOENT)
        return command_failed("stack \"%s\" has no journal: it did not run here, or was killed "
                              "before it could keep one",
                              context->stack);
    if (failed != 0)
        return command_failed("cannot open the journal of stack \"%s\": %s", context->stack,
                              strerror(-failed));
    kernel_log_read(&why.kernel);
    failed = chronicle_read(&why.chronicle, HISTORY_WINDOW);
    status = failed != 0 ? command_failed("cannot read the journal: %s", strerror(-failed))
                         : check_words(&why);
    if (status == 0)
        status = tell(&why);
    trouble = chronicle_past_trouble(why.chronicle.past_failed);
    if (trouble)
        command_note("history.db is not read: %s", trouble);
    chronicle_close(&why.chronicle);
    kernel_log_finish(&why.kernel);
    return status;
}

static const struct command_option options[] = {
    {0, "format", "text|json", "text, or one JSON object"},
    {0, "nth", "N", "the Nth last death; 1 is the last"},
    {0, "all", NULL, "all deaths that are known, a line each"},
    {0},
};

const struct command command_why = {
    .name = "why",
    .operands = "[SERVICE…]",
    .summary = "why a service died, and what to change",
    .help =
        "Tells the last death of the service, or of the stack: what happened, whose limit it\n"
        "was, the counters that prove it, how memory went and where it was, what the others\n"
        "felt, what came next, its last output, and what to change. Deaths of the last weeks\n"
        "are told too, and after \"down\". A service that was stopped on request afterwards is\n"
        "told by the death before that.",
    .example = "bulkhead why web\n"
               "bulkhead why --all",
    .options = options,
    .run = run,
};
