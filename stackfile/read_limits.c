/* Readers of what is a number: sizes, times, shares, signals. */
#include "stackfile/readers.h"

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "stackfile/value.h"

#define SIZE_EXAMPLE "a size such as 512m"

static void set_int(void *into, const struct node *value, int64_t number)
{
    *(struct spec_int *)into = (struct spec_int){.set = true, .value = number, .at = value->at};
}

/* "1Gi" to "1gib". */
static struct remedy with_b(const char *text)
{
    struct shown lower = shown(text);

    for (char *at = lower.text; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return remedy_of("write %sb", lower.text);
}

static void size_fault(struct reader *reader, const char *key, const struct node *value,
                       enum value_status status)
{
    const char *text = value->text;

    if (status == VALUE_NO_B)
        report_key(reader, value->at, key, with_b(text).text,
                   "\"%s\" is Kubernetes' spelling, not Compose's", shown(text).text);
    else if (status == VALUE_OVERFLOW)
        report_key(reader, value->at, key, NULL, "\"%s\" is more than 64 bits can count",
                   shown(text).text);
    else
        report_key(reader, value->at, key,
                   "write a number with b, k, m, g, t or p behind it, such as 512m",
                   "\"%s\" is not a size", shown(text).text);
}

static bool take_bytes(struct reader *reader, const char *key, const struct node *value,
                       unsigned accept, int64_t *ret_bytes)
{
    const char *text = take_text(reader, key, value, accept, SIZE_EXAMPLE);
    enum value_status status;

    if (!text)
        return false;
    status = value_bytes(text, ret_bytes);
    if (status)
        size_fault(reader, key, value, status);
    return status == VALUE_OK;
}

static void bytes_or_unset(struct reader *reader, const char *key, const struct node *value,
                           unsigned accept, void *into)
{
    int64_t bytes;

    if (!take_bytes(reader, key, value, accept, &bytes))
        return;
    if (bytes < 0)
        report_key(reader, value->at, key, "remove the key for no limit",
                   "a size cannot be negative");
    else if (bytes > 0)
        set_int(into, value, bytes);
}

void read_bytes(struct reader *reader, const char *key, const struct node *value, void *into)
{
    bytes_or_unset(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, into);
}

void read_bytes_string(struct reader *reader, const char *key, const struct node *value, void *into)
{
    bytes_or_unset(reader, key, value, ACCEPT_STRING, into);
}

void read_memswap(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t bytes;

    if (!take_bytes(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, &bytes))
        return;
    if (bytes < SPEC_UNLIMITED)
        report_key(reader, value->at, key, "write -1 for unlimited swap",
                   "a size cannot be negative");
    else if (bytes != 0)
        set_int(into, value, bytes);
}

void read_size(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_size size = {.set = true, .at = value->at};
    const char *text = take_text(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER,
                                 "a size such as 400m, or a percentage such as 90%");
    enum value_status status;

    if (!text)
        return;
    size.percent = text[0] && text[strlen(text) - 1] == '%';
    status = size.percent ? value_percent(text, &size.value) : value_bytes(text, &size.value);
    if (status && size.percent)
        report_key(reader, value->at, key, "write it as 90% or 87.5%",
                   "\"%s\" is not a percentage with at most three decimals", shown(text).text);
    else if (status)
        size_fault(reader, key, value, status);
    else if (size.value <= 0)
        report_key(reader, value->at, key, "write a size, or remove the key",
                   "must be more than 0");
    else
        *(struct spec_size *)into = size;
}

bool take_integer(struct reader *reader, const char *key, const struct node *value,
                  int64_t *ret_number)
{
    const char *text =
        take_text(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, "a whole number");

    enum value_status status;

    if (!text)
        return false;
    status = value_integer(text, ret_number);
    if (status)
        report_key(reader, value->at, key, NULL,
                   status == VALUE_OVERFLOW ? "%s is more than 64 bits can count"
                                            : "\"%s\" is not a whole number",
                   shown(text).text);
    return status == VALUE_OK;
}

/* A whole number in a range; the range is the message. */
static bool take_between(struct reader *reader, const char *key, const struct node *value,
                         int64_t least, int64_t most, int64_t *ret_number)
{
    int64_t number;

    if (!take_integer(reader, key, value, &number))
        return false;
    if (number < least || number > most) {
        report_key(reader, value->at, key, NULL, "must be from %lld to %lld, not %lld",
                   (long long)least, (long long)most, (long long)number);
        return false;
    }
    *ret_number = number;
    return true;
}

void read_scale(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t instances;

    if (take_between(reader, key, value, 0, INSTANCES_MAX, &instances))
        set_int(into, value, instances);
}

void read_attempts(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t attempts;

    if (take_between(reader, key, value, 0, INT32_MAX, &attempts))
        set_int(into, value, attempts);
}

#define PIDS_MAX (INT64_C(4) << 20) // PID_MAX_LIMIT, linux/threads.h

void read_pids(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t pids;

    if (take_between(reader, key, value, SPEC_UNLIMITED, PIDS_MAX, &pids))
        set_int(into, value, pids == 0 ? SPEC_UNLIMITED : pids);
}

void read_cpu_shares(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t shares;

    if (!take_integer(reader, key, value, &shares) || shares == 0)
        return;
    if (take_between(reader, key, value, 2, 262144, &shares))
        set_int(into, value, shares);
}

void read_oom_score_adj(struct reader *reader, const char *key, const struct node *value,
                        void *into)
{
    const struct stackfile_request *request = reader->request;
    int64_t score;

    if (!take_between(reader, key, value, -1000, 1000, &score))
        return;
    if (score < request->own_oom_score_adj && !request->lowering_oom_score_allowed)
        report_key(reader, value->at, key,
                   remedy_of("run as root, or write %d or more", request->own_oom_score_adj).text,
                   "%lld is below our own %d, and lowering it needs CAP_SYS_RESOURCE",
                   (long long)score, request->own_oom_score_adj);
    else
        set_int(into, value, score);
}

static bool take_thousandths(struct reader *reader, const char *key, const struct node *value,
                             const char *example, int64_t *ret_number)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, example);
    enum value_status status;

    if (!text)
        return false;
    status = value_thousandths(text, ret_number);
    if (status == VALUE_INEXACT)
        report_key(reader, value->at, key, "round it",
                   "%s has more than three digits after the point", shown(text).text);
    else if (status)
        report_key(reader, value->at, key, NULL, "\"%s\" is not %s", shown(text).text, example);
    return status == VALUE_OK;
}

#define CPUS_MAX INT64_C(8192) // more than Linux can be built for

void read_cpus(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t cpus;

    if (!take_thousandths(reader, key, value, "a number of CPUs such as 1.5", &cpus) || cpus == 0)
        return;
    if (cpus > CPUS_MAX * 1000)
        report_key(reader, value->at, key, NULL, "must be at most %lld", (long long)CPUS_MAX);
    else
        set_int(into, value, cpus);
}

void read_factor(struct reader *reader, const char *key, const struct node *value, void *into)
{
    int64_t factor;

    if (!take_thousandths(reader, key, value, "a factor such as 2", &factor))
        return;
    if (factor < 1000 || factor > 100000)
        report_key(reader, value->at, key, NULL, "must be from 1 to 100");
    else
        set_int(into, value, factor);
}

void read_jitter(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const char *text =
        take_text(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, "a percentage such as 10%");
    int64_t percent;

    if (!text)
        return;
    if (strcmp(text, "0") == 0)
        set_int(into, value, 0);
    else if (value_percent(text, &percent) || percent > 100000 || percent % 100 != 0)
        report_key(reader, value->at, key, "write it as 10% or 12.5%",
                   "\"%s\" is not a percentage from 0%% to 100%% with at most one decimal",
                   shown(text).text);
    else
        set_int(into, value, percent / 100);
}

void read_duration(struct reader *reader, const char *key, const struct node *value, void *into)
{
    bool number =
        value->kind == NODE_SCALAR && (value->type == SCALAR_INT || value->type == SCALAR_FLOAT);
    const char *text =
        number ? value->text
               : take_text(reader, key, value, ACCEPT_STRING, "a duration such as 1m30s");
    enum value_status status;
    int64_t ns;

    if (!text)
        return;
    status = value_duration(text, &ns);
    if (status == VALUE_NO_UNIT || (number && status == VALUE_OK))
        report_key(reader, value->at, key, remedy_of("write %ss", shown(text).text).text,
                   "%s has no unit", shown(text).text);
    else if (status == VALUE_OVERFLOW)
        report_key(reader, value->at, key, NULL, "\"%s\" is more than 292 years", shown(text).text);
    else if (status)
        report_key(reader, value->at, key, "write it as 500ms, 10s or 1h5m30s",
                   "\"%s\" is not a duration", shown(text).text);
    else if (ns < 0)
        report_key(reader, value->at, key, NULL, "a duration cannot be negative");
    else
        set_int(into, value, ns);
}

void read_signal(struct reader *reader, const char *key, const struct node *value, void *into)
{
    const char *text = take_text(reader, key, value, ACCEPT_STRING, "a signal such as SIGTERM");
    int64_t signal;

    if (!text)
        return;
    if (value_signal(text, &signal) == VALUE_OK)
        set_int(into, value, signal);
    else
        report_key(reader, value->at, key, "write it as SIGTERM, TERM, \"15\" or RTMIN+3",
                   "\"%s\" is not a signal", shown(text).text);
}
