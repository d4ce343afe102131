/* See report_json.h. */
#include "core/report_json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/budget.h"
#include "core/utf8.h"

#define SENTENCE_MAX 512
#define TIME_MAX     96

struct writer {
    char *text;
    size_t used;
    bool failed;
    bool has_fields; // of the object or list that is open
};

static void put(struct writer *writer, const char *bytes, size_t length)
{
    if (writer->failed || length >= REPORT_JSON_MAX - writer->used) {
        writer->failed = true;
        return;
    }
    memcpy(writer->text + writer->used, bytes, length);
    writer->used += length;
}

static void put_format(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put_format(struct writer *writer, const char *format, ...)
{
    char bytes[64];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(bytes, sizeof(bytes), format, arguments);
    va_end(arguments);
    put(writer, bytes, (size_t)length);
}

/* A character as it stands in a string: RFC 8259, section 7. */
static void put_character(struct writer *writer, const char *at, size_t length)
{
    if (length == 0)
        put(writer, "\xef\xbf\xbd", 3);
    else if (*at == '"' || *at == '\\')
        put_format(writer, "\\%c", *at);
    else if ((unsigned char)*at < 0x20)
        put_format(writer, "\\u%04x", (unsigned)*at);
    else
        put(writer, at, length);
}

static void put_string(struct writer *writer, const char *text)
{
    size_t left = strlen(text);

    put(writer, "\"", 1);
    while (left > 0) {
        uint32_t character;
        size_t length = utf8_decode(text, left, &character);
        put_character(writer, text, length);
        text += length ? length : 1;
        left -= length ? length : 1;
    }
    put(writer, "\"", 1);
}

/* --- values ------------------------------------------------------------------------------- */

static void separate(struct writer *writer)
{
    if (writer->has_fields)
        put(writer, ",", 1);
    writer->has_fields = true;
}

static void put_key(struct writer *writer, const char *name)
{
    separate(writer);
    put_string(writer, name);
    put(writer, ":", 1);
}

static void begin(struct writer *writer, const char *bracket)
{
    put(writer, bracket, 1);
    writer->has_fields = false;
}

static void end(struct writer *writer, const char *bracket)
{
    put(writer, bracket, 1);
    writer->has_fields = true;
}

static void put_text(struct writer *writer, const char *name, const char *value)
{
    put_key(writer, name);
    put_string(writer, value);
}

static void put_number(struct writer *writer, const char *name, int64_t value)
{
    put_key(writer, name);
    put_format(writer, "%" PRId64, value);
}

/* With as many decimals as it has, at least one: 3.204. */
static void put_seconds(struct writer *writer, const char *name, span value)
{
    uint64_t ns = value.ns < 0 ? -(uint64_t)value.ns : (uint64_t)value.ns;
    uint64_t fraction = ns % NSEC_PER_SEC;
    int digits = 9;

    for (; digits > 1 && fraction % 10 == 0; digits--)
        fraction /= 10;
    put_key(writer, name);
    put_format(writer, "%s%" PRIu64 ".%0*" PRIu64, value.ns < 0 ? "-" : "", ns / NSEC_PER_SEC,
               digits, fraction);
}

/* RFC 3339, in nanoseconds and UTC. */
static void put_time(struct writer *writer, const char *name, int64_t wall_ns)
{
    const time_t sec = (time_t)(wall_ns / NSEC_PER_SEC);
    char value[TIME_MAX];
    struct tm parts = {0};

    gmtime_r(&sec, &parts);
    snprintf(value, sizeof(value), "%04d-%02d-%02dT%02d:%02d:%02d.%09lldZ", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
             (long long)(wall_ns % NSEC_PER_SEC));
    put_text(writer, name, value);
}

/* --- the report --------------------------------------------------------------------------- */

static void put_member(struct writer *writer, const struct report *report)
{
    const struct member *member = report->member;
    char service[INSTANCE_NAME_MAX];

    snprintf(service, sizeof(service), "%.*s", (int)member->service_length, member->name);
    put_text(writer, "stack", report->stack);
    put_text(writer, "name", member->name);
    put_text(writer, "service", service);
    put_number(writer, "instance", member->number);
    put_number(writer, "generation", report->generation);
}

static void put_birth(struct writer *writer, const struct verdict *verdict)
{
    const char *why = strerrordesc_np(verdict->error);

    if (verdict->kind != VERDICT_SPAWN_FAILED)
        return;
    put_text(writer, "step", spawn_step_name(verdict->step));
    put_text(writer, "error", why ? why : "unknown error");
}

static void put_ending(struct writer *writer, const struct verdict *verdict)
{
    const char *name = verdict->signal > 0 ? sigabbrev_np(verdict->signal) : NULL;
    char sentence[SENTENCE_MAX], signal[32] = "";

    if (name)
        snprintf(signal, sizeof(signal), "SIG%s", name);
    else if (verdict->signal > 0)
        snprintf(signal, sizeof(signal), "signal %d", verdict->signal);
    verdict_sentence(verdict, sentence, sizeof(sentence));
    put_text(writer, "verdict", verdict_name(verdict->kind));
    put_text(writer, "confidence", confidence_name(verdict->confidence));
    put_text(writer, "sentence", sentence);
    put_number(writer, "exitCode", verdict_exit_code(verdict));
    put_text(writer, "signal", signal);
    put_seconds(writer, "uptime", verdict->uptime);
    put_birth(writer, verdict);
}

static void put_evidence(struct writer *writer, const struct verdict *verdict)
{
    put_key(writer, "evidence");
    begin(writer, "{");
    put_number(writer, "oom", verdict->oom);
    put_number(writer, "oomKill", verdict->oom_kill);
    put_number(writer, "oomGroupKill", verdict->oom_group_kill);
    put_number(writer, "enclosing", verdict->enclosing);
    if (verdict->enclosing >= 0)
        put_text(writer, "group", verdict->group);
    if (verdict->victims > 0)
        put_number(writer, "victims", verdict->victims);
    if (verdict->oomd > 0)
        put_number(writer, "oomd", verdict->oomd);
    put_number(writer, "memPeak", verdict->peak_bytes);
    put_number(writer, "memLimit", verdict->limit_bytes);
    end(writer, "}");
}

static void put_others(struct writer *writer, const struct report *report)
{
    if (report->others_count == 0)
        return;
    put_key(writer, "beside");
    begin(writer, "[");
    for (uint32_t i = 0; i < report->others_count; i++) {
        separate(writer);
        begin(writer, "{");
        put_text(writer, "name", report->others[i].name);
        put_number(writer, "memCurrent", report->others[i].current_bytes);
        put_number(writer, "memPeak", report->others[i].peak_bytes);
        put_number(writer, "memGrowth", report->others[i].growth);
        end(writer, "}");
    }
    end(writer, "]");
}

static void put_next(struct writer *writer, const struct verdict *verdict)
{
    put_text(writer, "next", next_name(verdict->next));
    put_text(writer, "budget",
             verdict->budget > 0 ? cause_name((enum cause)(verdict->budget - 1)) : "");
    put_seconds(writer, "delay", verdict->delay);
}

size_t report_json(const struct report *report, char line[REPORT_JSON_MAX])
{
    struct writer writer = {.text = line};

    begin(&writer, "{");
    put_text(&writer, "hook", aide_name(report->hook));
    put_time(&writer, "time", report->wall_ns);
    put_member(&writer, report);
    put_ending(&writer, report->verdict);
    put_evidence(&writer, report->verdict);
    put_others(&writer, report);
    put_next(&writer, report->verdict);
    end(&writer, "}");
    put(&writer, "\n", 1);
    if (writer.failed)
        return 0;
    line[writer.used] = '\0';
    return writer.used;
}
