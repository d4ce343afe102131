/* See watch.h. */
#include "cli/stack/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "cli/host/command.h"
#include "cli/show/explain.h"
#include "cli/show/row.h"

#define AWAY_TELL_MS  1000 // a change of supervisor that takes longer is worth a word
#define AWAY_PAUSE_MS 200

static int malformed(const struct watch *watch, const char *what, struct fault *ret_fault)
{
    memset(ret_fault, 0, sizeof(*ret_fault));
    snprintf(ret_fault->what, sizeof(ret_fault->what), "stack \"%s\": an answer that is none: %s",
             watch->client.stack, what);
    snprintf(ret_fault->remedy, sizeof(ret_fault->remedy),
             "was the stack started by another version of bulkhead?");
    return CLIENT_MALFORMED;
}

/* It said good-bye before it had told everything: it was ending. */
static int gone(const struct watch *watch, struct fault *ret_fault)
{
    memset(ret_fault, 0, sizeof(*ret_fault));
    snprintf(ret_fault->what, sizeof(ret_fault->what), "stack \"%s\": its supervisor has ended",
             watch->client.stack);
    return CLIENT_GONE;
}

static int64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static int apply_info(struct watch *watch, const struct wire_info *info, struct fault *ret_fault)
{
    if (watch->rows) { // the stack was given another plan, and its members other places
        watch->reloaded = true;
        return 0;
    }
    if (info->members > INSTANCES_MAX)
        return malformed(watch, "too many members", ret_fault);
    watch->rows = calloc(info->members > 0 ? info->members : 1, sizeof(*watch->rows));
    if (!watch->rows) {
        malformed(watch, strerror(ENOMEM), ret_fault);
        return -ENOMEM;
    }
    watch->info = *info;
    watch->rows_count = info->members;
    return 0;
}

/* After a reload: the row as it would be in this table; false: it is of nobody in it. */
static bool translate(const struct watch *watch, struct wire_row *row)
{
    for (uint32_t i = 0; i < watch->rows_count; i++) {
        if (strcmp(watch->rows[i].name, row->name) != 0)
            continue;
        row->member = i;
        row->waits_for = -1; // a place in the other table
        return true;
    }
    return false;
}

static int apply_row(struct watch *watch, const struct wire_row *told, watch_row_fn *on_row,
                     void *context, struct fault *ret_fault)
{
    struct wire_row before, here = *told;
    const struct wire_row *row = &here;

    if (watch->reloaded && !translate(watch, &here))
        return 0;
    if (row->member >= watch->rows_count)
        return malformed(watch, "a row of no member", ret_fault);
    before = watch->rows[row->member];
    watch->rows[row->member] = *row;
    watch->sampled_ns = monotonic_ns();
    if (on_row)
        on_row(context, watch, &before, row);
    return 0;
}

static int apply_left(struct watch *watch, const struct wire_left *told, struct fault *ret_fault)
{
    struct wire_left *left;

    if (watch->left_count >= 16 * INSTANCES_MAX)
        return malformed(watch, "too many that do not end", ret_fault);
    left = reallocarray(watch->left, (size_t)watch->left_count + 1, sizeof(*left));
    if (!left) {
        malformed(watch, strerror(ENOMEM), ret_fault);
        return -ENOMEM;
    }
    watch->left = left;
    left[watch->left_count++] = *told;
    return 0;
}

/* A frame into the table. */
static int apply(struct watch *watch, const struct wire_reply *reply, watch_row_fn *on_row,
                 void *context, struct fault *ret_fault)
{
    if (reply->kind == WIRE_INFO)
        return apply_info(watch, &reply->info, ret_fault);
    if (reply->kind == WIRE_ROW)
        return apply_row(watch, &reply->row, on_row, context, ret_fault);
    if (reply->kind == WIRE_LEFT)
        return apply_left(watch, &reply->left, ret_fault);
    if (reply->kind == WIRE_BYE)
        watch->ended = watch->bye = true;
    return 0;
}

/* Every member must have been told, or a row of zeros would look like one. */
static int check_complete(const struct watch *watch, struct fault *ret_fault)
{
    uint32_t i;

    if (!watch->rows)
        return malformed(watch, "no head", ret_fault);
    for (i = 0; i < watch->rows_count; i++)
        if (watch->rows[i].name[0] == '\0' || watch->rows[i].member != i)
            return malformed(watch, "a member is missing", ret_fault);
    return 0;
}

/* Asks whoever listens at the other end of `client`, which is taken over, and closed on failure;
 * *ret_bye: it is at its end. */
static int read_table(struct client client, enum wire_verb verb, struct watch *ret, bool *ret_bye,
                      struct fault *ret_fault)
{
    const struct wire_request request = {.verb = verb};
    struct wire_reply reply = {.kind = WIRE_INFO};
    struct watch watch = {.client = client};
    int failed = client_send(&watch.client, &request, ret_fault);

    while (failed == 0 && reply.kind != WIRE_DONE && !watch.ended) {
        failed = client_receive(&watch.client, CLIENT_DEADLINE_MS, &reply, ret_fault);
        if (failed == 0 && reply.kind == WIRE_INFO) { // a second one: the table begins anew
            free(watch.rows);
            watch.rows = NULL;
            watch.left_count = 0;
        }
        if (failed == 0)
            failed = apply(&watch, &reply, NULL, NULL, ret_fault);
    }
    if (failed == 0)
        failed =
            reply.kind == WIRE_BYE ? gone(&watch, ret_fault) : check_complete(&watch, ret_fault);
    *ret_bye = watch.bye;
    if (failed != 0) {
        watch_close(&watch);
        return failed;
    }
    *ret = watch;
    return 0;
}

/* One whose supervisor dies while it tells begins anew with the next. */
static int open_table(const char *runtime_dir, const char *stack, enum wire_verb verb,
                      struct watch *ret, struct fault *ret_fault)
{
    int64_t end_ms = monotonic_ms() + CLIENT_RETURN_MS;
    struct client client;
    bool bye = false;
    int outcome;

    do {
        outcome = client_connect(runtime_dir, stack, &client, ret_fault);
        if (outcome == 0)
            outcome = read_table(client, verb, ret, &bye, ret_fault);
    } while (outcome == CLIENT_GONE && !bye && monotonic_ms() < end_ms);
    if (outcome == 0)
        ret->runtime_dir = runtime_dir;
    return outcome;
}

int watch_open(const char *runtime_dir, const char *stack, struct watch *ret,
               struct fault *ret_fault)
{
    return open_table(runtime_dir, stack, WIRE_WATCH, ret, ret_fault);
}

int watch_snapshot(const char *runtime_dir, const char *stack, struct watch *ret,
                   struct fault *ret_fault)
{
    int failed = open_table(runtime_dir, stack, WIRE_PS, ret, ret_fault);

    if (failed == 0) {
        client_close(&ret->client);
        ret->ended = true;
    }
    return failed;
}

int watch_fd(const struct watch *watch)
{
    return watch->client.fd;
}

/* --- when the supervisor has died ------------------------------------------------------------- */

bool watch_is_away(const struct watch *watch)
{
    return watch->away_ms != 0 && monotonic_ms() - watch->away_ms >= AWAY_TELL_MS;
}

/* The place of the connection is taken by a timer: it is readable when it is time to look. */
static bool go_away(struct watch *watch)
{
    const struct itimerspec at_once = {{0, 0}, {0, 1}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

    if (timer < 0)
        return false;
    (void)timerfd_settime(timer, 0, &at_once, NULL);
    client_close(&watch->client);
    watch->client.fd = timer;
    watch->away_ms = monotonic_ms();
    return true;
}

/* It is back within milliseconds, or something is wrong: then there is no hurry. */
static void look_again(const struct watch *watch)
{
    long pause_ms = watch_is_away(watch) ? AWAY_PAUSE_MS : CLIENT_PAUSE_MS;
    const struct itimerspec later = {{0, 0}, {0, pause_ms * NSEC_PER_MSEC}};

    (void)timerfd_settime(watch->client.fd, 0, &later, NULL);
}

static bool is_same_plan(const struct watch *one, const struct watch *other)
{
    if (one->rows_count != other->rows_count)
        return false;
    for (uint32_t i = 0; i < one->rows_count; i++)
        if (strcmp(one->rows[i].name, other->rows[i].name) != 0)
            return false;
    return true;
}

/* What the next supervisor has told, into the table. */
static int take_over(struct watch *watch, struct watch *next, watch_row_fn *on_row, void *context,
                     struct fault *ret_fault)
{
    int failed = 0;

    client_close(&watch->client);
    watch->client = next->client;
    watch->info = next->info;
    watch->away_ms = 0;
    watch->away_told = false;
    if (!is_same_plan(watch, next))
        watch->reloaded = true;
    for (uint32_t i = 0; failed == 0 && i < next->rows_count; i++)
        failed = apply_row(watch, &next->rows[i], on_row, context, ret_fault);
    free(next->rows);
    return failed;
}

static void tell_away(struct watch *watch)
{
    if (watch->quiet || watch->away_told || !watch_is_away(watch))
        return;
    watch->away_told = true;
    command_note("stack %s: its supervisor is gone; waiting for the next one", watch->client.stack);
}

static int come_back(struct watch *watch, watch_row_fn *on_row, void *context,
                     struct fault *ret_fault)
{
    struct watch next;
    struct client client;
    bool bye = false;
    int outcome = client_try(watch->runtime_dir, watch->client.stack, &client, ret_fault);

    look_again(watch); // which also says that the last time is over
    if (outcome == 0)
        outcome = read_table(client, WIRE_WATCH, &next, &bye, ret_fault);
    if (outcome == 0)
        return take_over(watch, &next, on_row, context, ret_fault);
    watch->bye = bye;
    watch->abandoned =
        outcome == CLIENT_ABANDONED || monotonic_ms() - watch->away_ms >= CLIENT_RETURN_MS;
    watch->ended = bye || watch->abandoned || outcome == CLIENT_NOT_RUNNING;
    tell_away(watch);
    return outcome == CLIENT_MALFORMED || outcome < 0 ? outcome : 0;
}

int watch_read(struct watch *watch, watch_row_fn *on_row, void *context, struct fault *ret_fault)
{
    struct pollfd waiting = {.fd = watch->client.fd, .events = POLLIN};
    struct wire_reply reply;
    int failed = 0;

    if (watch->away_ms != 0 && !watch->ended)
        return come_back(watch, on_row, context, ret_fault);
    while (failed == 0 && !watch->ended && poll(&waiting, 1, 0) > 0) {
        failed = client_receive(&watch->client, 0, &reply, ret_fault);
        if (failed == CLIENT_GONE) {
            watch->ended = !go_away(watch);
            return 0;
        }
        if (failed == 0)
            failed = apply(watch, &reply, on_row, context, ret_fault);
    }
    return failed;
}

void watch_close(struct watch *watch)
{
    if (watch->rows || watch->client.fd > 0)
        client_close(&watch->client);
    free(watch->rows);
    free(watch->left);
    watch->rows = NULL;
    watch->left = NULL;
    watch->rows_count = watch->left_count = 0;
    watch->client.fd = -1;
}

/* What a word may have meant: services first, for those are what people type. */
static void explain_unknown(const struct watch *watch, const char *word, struct fault *ret_fault)
{
    char(*services)[NAME_BYTES_MAX + 1] =
        calloc(watch->rows_count > 0 ? watch->rows_count : 1, sizeof(*services));
    const char **names = calloc((size_t)watch->rows_count * 2 + 1, sizeof(*names));
    const char *near = NULL;
    uint32_t i;

    if (services && names) {
        for (i = 0; i < watch->rows_count; i++) {
            const struct wire_row *row = &watch->rows[i];

            memcpy(services[i], row->name, row->service_length);
            names[i] = services[i];
            names[watch->rows_count + i] = row->name;
        }
        near = fault_nearest(word, names, (size_t)watch->rows_count * 2);
    }
    memset(ret_fault, 0, sizeof(*ret_fault));
    snprintf(ret_fault->what, sizeof(ret_fault->what), "no such service in stack \"%s\": %s",
             watch->info.stack, word);
    if (near)
        snprintf(ret_fault->remedy, sizeof(ret_fault->remedy), "did you mean \"%s\"?", near);
    else
        snprintf(ret_fault->remedy, sizeof(ret_fault->remedy),
                 "\"bulkhead ps -a\" lists what there is");
    free(names);
    free(services);
}

int watch_choose(const struct watch *watch, char *const *words, size_t count, bool *ret_chosen,
                 struct fault *ret_fault)
{
    size_t w;
    uint32_t i;

    for (i = 0; i < watch->rows_count; i++)
        ret_chosen[i] = count == 0;
    for (w = 0; w < count; w++) {
        bool found = false;

        for (i = 0; i < watch->rows_count; i++) {
            if (row_is(&watch->rows[i], words[w]))
                ret_chosen[i] = found = true;
        }
        if (!found) {
            explain_unknown(watch, words[w], ret_fault);
            return 1;
        }
    }
    return 0;
}
