/* The keys of a service's x-bulkhead: what Compose cannot say. Strict inside. */
#include "stackfile/readers.h"

#include <stddef.h>

#define INTO(field) offsetof(struct service_draft, service.field)

static const struct key_row backoff_rows[] = {
    {"factor", .class = KEY_HONOURED, .shape = SHAPE_NUMBER, .read = read_factor,
     .offset = offsetof(struct spec_backoff, factor_milli),
     .about = "each wait is this many times the one before, 1 to 100; default 2"},
    {"initial", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = offsetof(struct spec_backoff, initial_ns),
     .about = "before the first restart; default 100ms"},
    {"jitter", .class = KEY_HONOURED, .shape = SHAPE_NUMBER, .read = read_jitter,
     .offset = offsetof(struct spec_backoff, jitter_milli),
     .about = "a percentage by which waits differ at random; default 10%"},
    {"max", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = offsetof(struct spec_backoff, max_ns), .about = "the longest wait; default 1m"},
    {"reset_after", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = offsetof(struct spec_backoff, reset_after_ns),
     .about = "a service that was up this long starts from initial again; default 10s"},
};

static const struct key_table keys_backoff = {
    .prefix = "x-bulkhead.backoff.",
    .where = "x-bulkhead.backoff",
    .row = backoff_rows,
    .count = KEY_COUNT(backoff_rows),
    .strict = true,
};

/* Restarts wait 100ms at first and 1m at most where the file does not say (the planner's
 * defaults). */
#define INITIAL_NS (100 * NSEC_PER_MSEC)
#define MAX_NS     (60 * NSEC_PER_SEC)

static void read_backoff(struct reader *reader, const char *key, const struct node *value,
                         void *into)
{
    struct spec_backoff *backoff = into;
    const struct spec_int *initial = &backoff->initial_ns, *max = &backoff->max_ns;

    keys_read(reader, &keys_backoff, key, value, into);
    backoff->set = initial->set || max->set || backoff->factor_milli.set ||
                   backoff->jitter_milli.set || backoff->reset_after_ns.set;
    if ((initial->set ? initial->value : INITIAL_NS) <= (max->set ? max->value : MAX_NS))
        return;
    if (initial->set)
        report_key(reader, initial->at, "backoff", "raise max, or lower initial",
                   "initial is more than max%s", max->set ? "" : ", which is 1m");
    else
        report_key(reader, max->at, "backoff", "raise max, or write an initial below it",
                   "max is less than initial, which is 100ms");
}

static const struct key_row rows[] = {
    {"backoff", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_backoff,
     .read = read_backoff, .offset = INTO(backoff), .about = "how long to wait before a restart"},
    {"intensity", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE,
     .inner = &keys_intensity, .read = read_intensity, .offset = INTO(intensity),
     .about = "how many restarts within which time are too many; default: never too many"},
    {"isolation", .class = KEY_LATER, .remedy = "remove it"},
    {"landlock", .class = KEY_LATER, .remedy = "remove it"},
    {"memory_high", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_size,
     .offset = INTO(memory_high),
     .about = "from here on the kernel slows the service down and reclaims; a size or a percentage "
              "of mem_limit"},
    {"memory_min", .class = KEY_HONOURED, .shape = SHAPE_SIZE, .read = read_size,
     .offset = INTO(memory_min), .about = "memory that is never reclaimed; likewise"},
    {"on_hold", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_on_hold,
     .read = read_on_hold, .offset = INTO(report_hooks[SPEC_ON_HOLD]),
     .about = "a command that is told, as JSON on its stdin, that the service is held"},
    {"on_memory_high", .class = KEY_LATER, .remedy = "remove it"},
    {"on_oom", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_on_oom,
     .read = read_on_oom, .offset = INTO(report_hooks[SPEC_ON_OOM]),
     .about = "a command that is told, as JSON on its stdin, of a kill for memory; nothing waits "
              "for it"},
    {"on_unhealthy", .class = KEY_HONOURED, .shape = SHAPE_TEXT, .choices = on_unhealthy_choices,
     .read = read_on_unhealthy, .offset = offsetof(struct service_draft, service),
     .about = "restart, the default: a service that is unhealthy is stopped and started again; "
              "none: it is only told"},
    {"oom", .class = KEY_HONOURED, .table = true, .shape = SHAPE_TABLE, .inner = &keys_oom,
     .read = read_oom, .offset = INTO(oom),
     .about = "what comes of it when the kernel kills for memory"},
    {"private_tmp", .class = KEY_LATER, .remedy = "remove it", .harmless = "false"},
    {"recycle", .class = KEY_LATER, .remedy = "remove it"},
    {"restart_prevent_exit_codes", .class = KEY_HONOURED, .shape = SHAPE_EXITS,
     .read = read_exit_codes, .offset = INTO(restart_prevent_exit_codes),
     .about = "exit codes and signals after which the service is not restarted, whatever restart "
              "says"},
    {"sockets", .class = KEY_LATER, .remedy = "remove it, and let the program listen"},
    {"start_timeout", .class = KEY_HONOURED, .shape = SHAPE_DURATION, .read = read_duration,
     .offset = INTO(start_timeout_ns),
     .about =
         "from its birth until it runs and its post_start hooks are done, else it is killed; 0, "
         "the default: as long as it takes"},
    {"success_exit_codes", .class = KEY_HONOURED, .shape = SHAPE_EXITS, .read = read_exit_codes,
     .offset = INTO(success_exit_codes),
     .about = "exit codes and signals that are success, besides 0"},
    {"type", .class = KEY_LATER,
     .remedy = "remove it: a service counts as started when its program runs", .harmless = "exec"},
    {"watchdog", .class = KEY_LATER, .remedy = "remove it"},
};

const struct key_table keys_bulkhead = {
    .prefix = "x-bulkhead.",
    .where = "x-bulkhead",
    .row = rows,
    .count = KEY_COUNT(rows),
    .strict = true,
    .other = &keys_service,
    .other_remedy = "write it in the service itself, beside x-bulkhead:",
};

void read_bulkhead(struct reader *reader, const char *key, const struct node *value, void *into)
{
    keys_read(reader, &keys_bulkhead, key, value, into);
}
