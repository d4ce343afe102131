/* See simulate_load.h. */
#include "cli/simulate_load.h"

#include <stdio.h>
#include <string.h>

#include "stackfile/value.h"

#define START_NS           NSEC_PER_SEC
#define START_SPREAD_MILLI 200
#define CRASH_NS           (INT64_C(86400) * NSEC_PER_SEC)

static bool is_service(const struct roster *roster, const char *service)
{
    for (uint32_t i = 0; i < roster->members_count; i++)
        if (member_is_of(&roster->members[i], service))
            return true;
    return false;
}

bool simulate_service_of(const struct command_context *context, const char *option,
                         const struct roster *roster, const char *text, char separator,
                         char service[NAME_BYTES_MAX + 1], const char **ret_value)
{
    const char *end = strchr(text, separator);

    *ret_value = text;
    if (!end)
        return false;
    *ret_value = NULL;
    if ((size_t)(end - text) > NAME_BYTES_MAX) {
        usage_error(context, "--%s %s: there is no service of such a name", option, text);
        return false;
    }
    snprintf(service, NAME_BYTES_MAX + 1, "%.*s", (int)(end - text), text);
    if (!is_service(roster, service)) {
        usage_error(context, "--%s %s: there is no service \"%s\"", option, text, service);
        return false;
    }
    *ret_value = end + 1;
    return true;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Cuts `text` at the separator, into `head`; what is behind it, or NULL: there is none. */
static const char *cut(const char *text, char separator, char head[64])
{
    const char *end = strchr(text, separator);
    size_t length = end ? (size_t)(end - text) : strlen(text);

    if (length >= 64)
        length = 63; // no value is that long
    memcpy(head, text, length);
    head[length] = '\0';
    return end ? end + 1 : NULL;
}

static bool take_span(const char *text, int64_t *ret_ns)
{
    return value_duration(text, ret_ns) == VALUE_OK && *ret_ns >= 0;
}

/* "50%" of "20M/h~50%" */
static bool take_spread(const char *text, int64_t *ret_milli)
{
    int64_t percent_milli;

    if (!text)
        return true;
    if (value_percent(text, &percent_milli) != VALUE_OK || percent_milli > 100000)
        return false;
    *ret_milli = percent_milli / 100;
    return true;
}

static bool take_leak(const char *text, struct trouble *trouble)
{
    static const struct {
        const char *unit;
        int64_t an_hour;
    } units[] = {{"s", 3600}, {"m", 60}, {"h", 1}};
    char rate[64], size[64];
    const char *spread = cut(text, '~', rate), *unit = cut(rate, '/', size);
    int64_t bytes;

    if (!unit || value_bytes(size, &bytes) != VALUE_OK || bytes < 0 ||
        !take_spread(spread, &trouble->leak.spread_milli))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i].unit) == 0)
            return !__builtin_mul_overflow(bytes, units[i].an_hour, &trouble->leak.value);
    trouble->leak.value = bytes / 24;
    return strcmp(unit, "d") == 0;
}

static bool take_memory(const char *text, struct trouble *trouble)
{
    return value_bytes(text, &trouble->memory) == VALUE_OK && trouble->memory >= 0;
}

static bool take_start(const char *text, struct trouble *trouble)
{
    char length[64];
    const char *spread = cut(text, '~', length);

    trouble->start.spread_milli = 0;
    return take_span(length, &trouble->start.value) &&
           take_spread(spread, &trouble->start.spread_milli);
}

static bool take_crash(const char *text, struct trouble *trouble)
{
    struct crash *crash = &trouble->crashes[trouble->crashes_count];
    char every[64];
    const char *how = cut(text, ':', every);
    int64_t number;

    if (trouble->crashes_count == CRASHES_MAX || !take_span(every, &crash->every_ns) ||
        crash->every_ns == 0)
        return false;
    crash->code = 1;
    crash->signal = 0;
    if (how && value_integer(how, &number) == VALUE_OK) {
        if (number < 0 || number > EXIT_CODE_MAX)
            return false;
        crash->code = (int32_t)number;
    } else if (how) {
        if (value_signal(how, &number) != VALUE_OK)
            return false;
        crash->signal = (int32_t)number;
    }
    trouble->crashes_count++;
    return true;
}

static bool take_hang(const char *text, struct trouble *trouble)
{
    return take_span(text, &trouble->hang_ns);
}

static bool take_outage(const char *text, struct trouble *trouble)
{
    char every[64];
    const char *length = cut(text, '/', every);

    return length && take_span(every, &trouble->outage_ns) &&
           take_span(length, &trouble->outage_length_ns);
}

static bool take_requests(const char *text, struct trouble *trouble)
{
    return value_thousandths(text, &trouble->requests_milli) == VALUE_OK;
}

/* --- options ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *form;
    bool (*take)(const char *text, struct trouble *trouble);
    bool is_trouble;
} takers[] = {
    {"leak", "a rate such as 20M/h or 20M/h~50%", take_leak, true},
    {"crash", "a time and how it ends, such as 6h, 6h:3 or 6h:SIGSEGV; at most 8 of them",
     take_crash, true},
    {"hang", "a time such as 3d", take_hang, true},
    {"outage", "two times such as 7d/10m", take_outage, true},
    {"memory", "a size such as 100M", take_memory, false},
    {"start", "a time such as 5s or 5s~20%", take_start, false},
    {"requests", "a number a second such as 50", take_requests, false},
};

static int take_one(const struct command_context *context, const struct roster *roster,
                    size_t taker, const char *text, struct trouble *troubles)
{
    const char *name = takers[taker].name, *value;
    char service[NAME_BYTES_MAX + 1];
    bool is_one = simulate_service_of(context, name, roster, text, '=', service, &value);

    if (!value)
        return STATUS_USAGE;
    for (uint32_t i = 0; i < roster->members_count; i++) {
        if (is_one && !member_is_of(&roster->members[i], service))
            continue;
        if (!takers[taker].take(value, &troubles[i]))
            return usage_error(context, "--%s %s: must be %s", name, text, takers[taker].form);
    }
    return 0;
}

int simulate_load(const struct command_context *context, const struct roster *roster,
                  bool have_lives, struct trouble *troubles)
{
    bool have_trouble = have_lives;
    const char *text;

    for (uint32_t i = 0; i < roster->members_count; i++)
        troubles[i].start = (struct varied){START_NS, START_SPREAD_MILLI};
    for (size_t taker = 0; taker < sizeof(takers) / sizeof(takers[0]); taker++) {
        size_t cursor = 0;
        while ((text = option_next(context, takers[taker].name, &cursor))) {
            int status = take_one(context, roster, taker, text, troubles);
            if (status != 0)
                return status;
            have_trouble |= takers[taker].is_trouble;
        }
    }
    for (uint32_t i = 0; !have_trouble && i < roster->members_count; i++)
        troubles[i].crashes[troubles[i].crashes_count++] = (struct crash){CRASH_NS, 1, 0};
    return 0;
}
