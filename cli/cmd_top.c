/* bulkhead top: the members on a live screen. Thin: what is shown is top_model, top_view, top_log.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/stack/ask.h"
#include "cli/stack/recent.h"
#include "cli/show/screen.h"
#include "cli/host/stack_roster.h"
#include "cli/top_log.h"
#include "cli/top_view.h"

#define INTERVAL_NS NSEC_PER_SEC

enum mode { MODE_LIST, MODE_LOG, MODE_HELP, MODE_FILTER, MODE_RESTART };

struct screenful {
    struct command_context *context;
    struct watch watch;
    struct roster roster;
    struct top top;
    enum mode mode;
    int signals;
    char message[200]; // "": none
    bool done;
    int status;
    int outcome; // of the last try to connect
    struct fault fault;
};

/* --- the stack -------------------------------------------------------------------------------- */

/* What the supervisor saw before: growth is known at once. */
static void recall(void *context, const struct sample *sample)
{
    struct screenful *screenful = context;
    const struct series_sample then = recent_to_series(sample);

    for (uint32_t i = 0; i < screenful->watch.rows_count; i++)
        if (strcmp(screenful->watch.rows[i].name, sample->name) == 0)
            top_recall(&screenful->top, screenful->watch.rows[i].member, sample->generation, &then);
}

/* Connects, and takes over what the user has set. 0, or *ret_fault. */
static int attach(struct screenful *screenful, struct fault *ret_fault)
{
    const struct command_context *context = screenful->context;
    struct top top = {0};
    struct watch watch;
    const char *why;
    int failed = watch_open(context->runtime_dir, context->stack, &watch, ret_fault);

    if (failed != 0)
        return failed;
    if (top_init(&top, watch.rows_count) != 0) {
        watch_close(&watch);
        snprintf(ret_fault->what, sizeof(ret_fault->what), "out of memory");
        return -ENOMEM;
    }
    watch_close(&screenful->watch);
    roster_finish(&screenful->roster);
    watch.quiet = true; // it is said on the screen
    screenful->watch = watch;
    if (stack_roster_load(context->runtime_dir, &screenful->roster, &why) != 0)
        snprintf(screenful->message, sizeof(screenful->message),
                 "the plan cannot be read: no memory is shown");
    top_inherit(&top, &screenful->top);
    top_finish(&screenful->top);
    screenful->top = top;
    recent_samples(context->runtime_dir, ask_monotonic_now(), recall, screenful);
    return 0;
}

static void sample(struct screenful *screenful)
{
    int64_t now_ns = ask_monotonic_now();

    for (uint32_t i = 0; i < screenful->watch.rows_count; i++) {
        const struct wire_row *row = &screenful->watch.rows[i];
        char cgroup[GAUGE_PATH_MAX];
        struct gauge gauge;
        bool lives = gauge_cgroup(&screenful->roster, row, cgroup);

        if (lives)
            gauge_read(cgroup, &gauge);
        top_sample(&screenful->top, row, lives ? &gauge : NULL, now_ns);
    }
    top_arrange(&screenful->top);
}

/* The supervisor has gone or tells something new: another one may be there, or the stack has ended.
 */
static void reattach(struct screenful *screenful)
{
    screenful->outcome =
        screenful->watch.bye ? CLIENT_NOT_RUNNING : attach(screenful, &screenful->fault);
    if (screenful->outcome != 0)
        screenful->done = true;
    else
        sample(screenful);
}

static void on_row(void *context, const struct watch *watch, const struct wire_row *before,
                   const struct wire_row *row)
{
    struct screenful *screenful = context;

    (void)watch;
    (void)before;
    if (row->member < screenful->top.count)
        screenful->top.members[row->member].row = *row;
}

/* --- the screen ------------------------------------------------------------------------------- */

static struct top_page get_page(void)
{
    struct top_page page = {.utf8 = screen_utf8(), .put = screen_put};

    screen_size(&page.rows, &page.columns);
    return page;
}

static void move(struct screenful *screenful, int64_t by)
{
    top_move(&screenful->top, by, top_view_lines(get_page().rows));
}

static const char *last_line(const struct screenful *screenful, char text[240])
{
    const struct top_member *selected = top_selected(&screenful->top);

    if (screenful->mode == MODE_FILTER)
        snprintf(text, 240, "filter: %s_", screenful->top.filter);
    else if (screenful->mode == MODE_RESTART && selected)
        snprintf(text, 240, "restart %s? y/n", selected->row.name);
    else if (watch_is_away(&screenful->watch))
        snprintf(text, 240, "the supervisor is gone; waiting for the next one");
    else if (screenful->message[0])
        snprintf(text, 240, "%s", screenful->message);
    else
        return NULL;
    return text;
}

static void draw(struct screenful *screenful)
{
    struct top_page page = get_page();
    const struct top_member *selected = top_selected(&screenful->top);
    char text[240];

    screen_clear();
    if (screenful->mode == MODE_HELP) {
        top_view_help(&page);
    } else if (screenful->mode == MODE_LOG && selected) {
        (void)top_log_draw(&page, screenful->context->state_dir, selected->row.name);
    } else {
        move(screenful, 0);
        top_view_draw(&page, &screenful->top, screenful->context->stack,
                      last_line(screenful, text));
    }
    screen_show();
}

/* --- keys ------------------------------------------------------------------------------------- */

static void restart_selected(struct screenful *screenful)
{
    const struct top_member *selected = top_selected(&screenful->top);
    struct wire_request request = {.verb = WIRE_RESTART, .grace_ns = EVENT_GRACE_POLICY};
    struct fault fault;

    if (!selected)
        return;
    request.names[request.names_count++] = selected->row.name;
    if (client_request(screenful->context->runtime_dir, screenful->context->stack, &request,
                       &fault) == 0)
        snprintf(screenful->message, sizeof(screenful->message), "%s: restart asked for",
                 selected->row.name);
    else
        snprintf(screenful->message, sizeof(screenful->message), "%.190s", fault.what);
}

static void press_in_list(struct screenful *screenful, int key)
{
    int64_t most = screenful->top.count;
    int64_t page = top_view_lines(get_page().rows);

    screenful->message[0] = '\0';
    if (key == 'q')
        screenful->done = true;
    else if (key == SCREEN_KEY_UP || key == 'k')
        move(screenful, -1);
    else if (key == SCREEN_KEY_DOWN || key == 'j')
        move(screenful, 1);
    else if (key == SCREEN_KEY_PAGE_UP || key == SCREEN_KEY_PAGE_DOWN)
        move(screenful, key == SCREEN_KEY_PAGE_UP ? -page : page);
    else if (key == SCREEN_KEY_HOME || key == SCREEN_KEY_END)
        move(screenful, key == SCREEN_KEY_HOME ? -most : most);
    else if (key == 's')
        top_sort_next(&screenful->top);
    else if (key == '/')
        screenful->mode = MODE_FILTER;
    else if (key == 'h' || key == '?')
        screenful->mode = MODE_HELP;
    else if ((key == SCREEN_KEY_ENTER || key == 'l') && top_selected(&screenful->top))
        screenful->mode = MODE_LOG;
    else if (key == 'r' && top_selected(&screenful->top))
        screenful->mode = MODE_RESTART;
}

static void press_in_filter(struct screenful *screenful, int key)
{
    if (key == SCREEN_KEY_ESCAPE)
        top_filter_clear(&screenful->top);
    if (key == SCREEN_KEY_ESCAPE || key == SCREEN_KEY_ENTER)
        screenful->mode = MODE_LIST;
    else if (key == SCREEN_KEY_BACKSPACE)
        top_filter_type(&screenful->top, '\0');
    else if (key > ' ' && key < 0x7f)
        top_filter_type(&screenful->top, (char)key);
}

static void press(struct screenful *screenful, int key)
{
    enum mode mode = screenful->mode;

    if (key == SCREEN_KEY_RESIZE || key == 0)
        return; // what is drawn next fits
    if (mode == MODE_LIST) {
        press_in_list(screenful, key);
    } else if (mode == MODE_FILTER) {
        press_in_filter(screenful, key);
    } else if (mode == MODE_RESTART) {
        screenful->mode = MODE_LIST;
        if (key == 'y' || key == 'Y')
            restart_selected(screenful);
    } else if (mode == MODE_HELP || key == 'q' || key == 'l' || key == SCREEN_KEY_ESCAPE) {
        screenful->mode = MODE_LIST;
    }
}

/* --- the loop --------------------------------------------------------------------------------- */

static void turn(struct screenful *screenful, int64_t due_ns)
{
    int64_t left_ns = due_ns - ask_monotonic_now();
    struct pollfd waiting[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = watch_fd(&screenful->watch), .events = POLLIN},
        {.fd = screenful->signals, .events = POLLIN},
    };
    struct fault fault;
    int key;

    (void)poll(waiting, 3, left_ns > 0 ? (int)(left_ns / NSEC_PER_MSEC) + 1 : 0);
    if (waiting[2].revents != 0) {
        screenful->done = true;
        screenful->status = STATUS_INTERRUPTED;
    }
    if (waiting[0].revents & (POLLHUP | POLLERR))
        screenful->done = true; // the terminal has gone
    while (!screenful->done && (key = screen_key()) != SCREEN_KEY_NONE)
        press(screenful, key);
    if (waiting[1].revents != 0 && (watch_read(&screenful->watch, on_row, screenful, &fault) != 0 ||
                                    screenful->watch.reloaded || screenful->watch.ended))
        reattach(screenful);
}

static void follow(struct screenful *screenful)
{
    int64_t due_ns = 0;

    while (!screenful->done) {
        if (ask_monotonic_now() >= due_ns) {
            sample(screenful);
            due_ns = ask_monotonic_now() + INTERVAL_NS;
        }
        draw(screenful);
        turn(screenful, due_ns);
    }
}

static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int show(struct screenful *screenful)
{
    if (attach(screenful, &screenful->fault) != 0)
        return ask_failed(&screenful->fault);
    screenful->signals = open_signals();
    if (screenful->signals < 0)
        return command_failed("cannot wait for signals: %s", strerror(errno));
    if (screen_open(screenful->context->colour_out) != 0)
        return command_failed("top needs a terminal that can move its cursor; "
                              "`bulkhead stats` shows the same without");
    follow(screenful);
    screen_close();
    if (screenful->outcome == CLIENT_NOT_RUNNING)
        command_note("stack \"%s\" has ended", screenful->context->stack);
    else if (screenful->outcome != 0)
        return ask_failed(&screenful->fault);
    return screenful->status;
}

static int run(struct command_context *context, int argc, char **argv)
{
    struct screenful screenful = {.context = context, .signals = -1};
    int status = 0;

    if (argc > 1)
        status = usage_error(context, "top shows the whole stack; / in it filters for %s", argv[1]);
    if (status == 0)
        status = context_stack(context);
    if (status == 0)
        status = show(&screenful);
    if (screenful.signals >= 0)
        close(screenful.signals);
    top_finish(&screenful.top);
    roster_finish(&screenful.roster);
    watch_close(&screenful.watch);
    return status;
}

const struct command command_top = {
    .name = "top",
    .operands = "",
    .summary = "the services on a live screen",
    .help =
        "Shows every member with memory against limit and peak, growth a minute, restarts, the\n"
        "last minutes as a line, and the last verdict; members near their limit come first.\n"
        "Keys: arrows or j and k select, s sorts by the next column, / filters by name, enter or\n"
        "l shows the log, r restarts after a question, h helps, q quits. Without a terminal,\n"
        "`bulkhead stats` shows the same figures.",
    .example = "bulkhead top\n"
               "bulkhead -p shop top",
    .run = run,
};
