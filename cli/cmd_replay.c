/* bulkhead replay: a journal fed back to the same decisions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/history/event_text.h"
#include "core/paths.h"
#include "core/replay.h"

/* One journal being replayed. */
struct tape {
    const char *name; // for messages
    FILE *file;
    struct replay *replay;
    struct event_view *view; // NULL: not verbose
    bool colour;
    uint64_t lines;
    char line[RECORD_LINE_MAX];
};

/* 1: a line; 0: the end; 2: it is longer than a journal's line or holds a NUL; -errno. */
static int read_line(struct tape *tape)
{
    size_t length = 0;
    int c;

    while ((c = getc(tape->file)) != EOF && c != '\n') {
        if (c == '\0' || length + 1 == sizeof(tape->line))
            return 2;
        tape->line[length++] = (char)c;
    }
    if (ferror(tape->file))
        return errno > 0 ? -errno : -EIO;
    tape->line[length] = '\0';
    if (c == EOF && length == 0)
        return 0;
    tape->lines++;
    return c == EOF ? 3 : 1;
}

static int tell_story(const struct tape *tape)
{
    struct user_event told[EVENT_VIEW_MAX];
    struct record record;
    const char *why;
    int count = 0;
    int i;

    if (record_read(tape->line, &record, &why) == 0)
        count = event_view_feed(tape->view, &record, told);
    for (i = 0; i < count; i++)
        event_print_text(&told[i], tape->colour, stdout);
    return count < 0 ? count : 0;
}

static int tell_difference(const struct tape *tape, int result, const char *why)
{
    fflush(stdout);
    if (result == -ENOMEM)
        return command_failed("%s", strerror(ENOMEM));
    if (result == 1)
        return command_failed("%s:%llu: not a line of a journal: %s", tape->name,
                              (unsigned long long)tape->lines, why);
    return command_failed("%s:%llu: decided otherwise\n%s", tape->name,
                          (unsigned long long)tape->lines, why);
}

static int play(struct tape *tape)
{
    const char *why = "";
    int got;

    while ((got = read_line(tape)) == 1) {
        int result = replay_line(tape->replay, tape->line, &why);

        if (result != 0)
            return tell_difference(tape, result, why);
        if (tape->view && tell_story(tape) < 0)
            return command_failed("%s", strerror(ENOMEM));
    }
    if (got == 2) {
        tape->lines++;
        return tell_difference(tape, 1, "too long, or it holds a NUL");
    }
    if (got < 0)
        return command_failed("%s: %s", tape->name, strerror(-got));
    if (got == 3)
        command_note("%s:%llu: the last line is not finished and was left out", tape->name,
                     (unsigned long long)tape->lines);
    got = replay_end(tape->replay, &why);
    if (got == 2)
        return tell_difference(tape, got, why);
    if (got == 3)
        command_note("%s: the journal ends in the middle of a step: the supervisor was ended, or "
                     "is at it",
                     tape->name);
    return STATUS_DONE;
}

static int play_file(const struct command_context *context, FILE *file, const char *name,
                     struct event_view *view, struct replay_count *total)
{
    struct tape tape = {.name = name,
                        .file = file,
                        .colour = context->colour_out,
                        .view = option_given(context, "verbose") ? view : NULL};
    struct replay_count count;
    int status;

    if (replay_create(&tape.replay) != 0)
        return command_failed("%s", strerror(ENOMEM));
    status = play(&tape);
    count = replay_count(tape.replay);
    total->events += count.events;
    total->effects += count.effects;
    total->verdicts += count.verdicts;
    replay_destroy(tape.replay);
    return status;
}

static int play_path(const struct command_context *context, const char *path,
                     struct event_view *view, struct replay_count *total)
{
    FILE *file = fopen(path, "re");
    int status;

    if (!file)
        return command_failed("%s: %s", path, strerror(errno));
    status = play_file(context, file, path, view, total);
    fclose(file);
    return status;
}

/* The stack's own: of the running one, else the one kept; each of the two files by itself. */
static int play_stack(struct command_context *context, struct event_view *view,
                      struct replay_count *total)
{
    char path[4096];
    const char *dir;
    int status = context_stack(context);

    if (status != 0)
        return status;
    dir = context->runtime_dir;
    snprintf(path, sizeof(path), "%s/" PATH_JOURNAL, dir);
    if (access(path, F_OK) != 0)
        dir = context->state_dir;
    snprintf(path, sizeof(path), "%s/" PATH_JOURNAL ".1", dir);
    if (access(path, F_OK) == 0)
        status = play_path(context, path, view, total);
    snprintf(path, sizeof(path), "%s/" PATH_JOURNAL, dir);
    if (status == 0 && access(path, F_OK) != 0)
        return command_failed("stack \"%s\" has no journal: it did not run here, or was killed "
                              "before it could keep one",
                              context->stack);
    return status != 0 ? status : play_path(context, path, view, total);
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct replay_count total = {0};
    struct event_view view;
    int status;

    if (argc > 2)
        return usage_error(context, "one journal at a time");
    event_view_init(&view, false);
    if (argc == 1)
        status = play_stack(context, &view, &total);
    else if (strcmp(argv[1], "-") == 0)
        status = play_file(context, stdin, "standard input", &view, &total);
    else
        status = play_path(context, argv[1], &view, &total);
    event_view_finish(&view);
    if (status == 0)
        printf("%llu events, %llu effects, %llu verdicts: identical\n",
               (unsigned long long)total.events, (unsigned long long)total.effects,
               (unsigned long long)total.verdicts);
    return status;
}

static const struct command_option options[] = {
    {'v', "verbose", NULL, "tell the story on the way"},
    {0},
};

const struct command command_replay = {
    .name = "replay",
    .operands = "[FILE|-]",
    .summary = "feed a journal back to the same policy and compare",
    .help =
        "Reads a journal (the stack's own, if none is named), gives its events to the code that\n"
        "decided then, and compares every decision and verdict byte for byte. Ends with the\n"
        "first difference and status 1, or with the counts and status 0.",
    .example = "bulkhead replay\n"
               "bulkhead replay --verbose /var/lib/bulkhead/shop/journal",
    .options = options,
    .run = run,
};
