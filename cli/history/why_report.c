/* See why_report.h. */
#include "cli/history/why_report.h"

#include <stdarg.h>
#include <string.h>

#include "cli/history/around.h"
#include "cli/show/json.h"
#include "cli/show/render.h"
#include "cli/show/safe_text.h"
#include "core/probe_note.h"

#define SENTENCE_MAX 400
#define WRAP_COLUMN  96
#define INDENT       "    "

void why_print_field(FILE *to, bool colour, const char *name, const char *text)
{
    fprintf(to, "  %s%-9s%s %s\n", render_style(colour, STYLE_DIM), name,
            render_style(colour, STYLE_OFF), text);
}

static bool is_memory(enum verdict_kind kind)
{
    return verdict_is_oom(kind);
}

static void print_ending(const struct why_report *report, bool colour, FILE *to)
{
    const struct verdict *verdict = &report->death->verdict;
    char text[SENTENCE_MAX];
    char signal[RENDER_MAX];

    if (verdict->kind == VERDICT_SPAWN_FAILED)
        return;
    if (verdict->signal > 0)
        snprintf(text, sizeof(text), "%s%s", render_signal(verdict->signal, signal),
                 verdict->core_dumped ? ", core dumped" : "");
    else if (verdict->exit_code >= 0)
        snprintf(text, sizeof(text), "exit code %d", verdict->exit_code);
    else
        snprintf(text, sizeof(text), "not known");
    why_print_field(to, colour, "ended by", text);
}

/* Which program it was to become, and where: known as long as the stack is up. */
static void print_program(const struct why_report *report, bool colour, FILE *to)
{
    char text[SENTENCE_MAX];

    if (report->death->verdict.kind != VERDICT_SPAWN_FAILED || !report->program)
        return;
    snprintf(text, sizeof(text), "%s, in %s", report->program, report->directory);
    why_print_field(to, colour, "program", text);
}

/* What is known of one that does not end. */
static void print_left(const struct why_report *report, bool colour, FILE *to)
{
    if (!report->death->is_left)
        return;
    for (int i = 0; i < QUARANTINE_ABOUTS_COUNT; i++)
        if (report->left[i])
            why_print_field(to, colour, quarantine_about_head((enum quarantine_about)i),
                            report->left[i]);
}

static struct json *left_object(const struct why_report *report)
{
    struct json *object = json_create();

    for (int i = 0; i < QUARANTINE_ABOUTS_COUNT; i++)
        json_text(object, quarantine_about_name((enum quarantine_about)i), report->left[i]);
    return object;
}

static void print_evidence(const struct why_report *report, bool colour, FILE *to)
{
    const struct verdict *verdict = &report->death->verdict;
    char text[SENTENCE_MAX];
    int used;

    if (!is_memory(verdict->kind) && verdict->oom_kill == 0 && verdict->oom == 0)
        return;
    used = snprintf(text, sizeof(text),
                    "memory.events.local of its cgroup: oom +%lld, oom_kill +%lld, "
                    "oom_group_kill +%lld",
                    (long long)verdict->oom, (long long)verdict->oom_kill,
                    (long long)verdict->oom_group_kill);
    if (verdict->enclosing >= 0)
        snprintf(text + used, sizeof(text) - (size_t)used, "; oom of %s%s",
                 *verdict->group ? "group " : "the stack", verdict->group);
    why_print_field(to, colour, "evidence", text);
}

static void print_memory(const struct why_report *report, bool colour, FILE *to)
{
    const struct verdict *verdict = &report->death->verdict;
    char text[SENTENCE_MAX];
    char peak[RENDER_MAX];
    char limit[RENDER_MAX];

    if (verdict->kind == VERDICT_OOM_GROUP && verdict->peak_bytes > 0 && verdict->limit_bytes > 0)
        snprintf(text, sizeof(text), "its peak %s; the limit of %s%s is %s",
                 render_bytes(verdict->peak_bytes, peak), *verdict->group ? "group " : "the stack",
                 verdict->group, render_bytes(verdict->limit_bytes, limit));
    else if (verdict->peak_bytes > 0 && verdict->limit_bytes > 0)
        snprintf(text, sizeof(text), "peak %s of mem_limit %s (%.0f%%)",
                 render_bytes(verdict->peak_bytes, peak), render_bytes(verdict->limit_bytes, limit),
                 100.0 * (double)verdict->peak_bytes / (double)verdict->limit_bytes);
    else if (verdict->peak_bytes > 0)
        snprintf(text, sizeof(text), "peak %s, no mem_limit",
                 render_bytes(verdict->peak_bytes, peak));
    else if (verdict->limit_bytes > 0)
        snprintf(text, sizeof(text), "mem_limit %s; this kernel keeps no peak",
                 render_bytes(verdict->limit_bytes, limit));
    else
        return;
    why_print_field(to, colour, "memory", text);
}

static void tell_budget(const struct death *death, char *text, size_t size)
{
    enum cause cause = (enum cause)(death->verdict.budget - 1);
    const struct intensity *intensity = &death->policy.intensity[cause];
    char window[RENDER_MAX];

    snprintf(text, size, "held: more than %lld restarts within %s (%s)%s",
             (long long)intensity->max_restarts, render_span(intensity->window_ns, window),
             budget_key(cause),
             death->verdict.next == NEXT_STOP_STACK ? "; all other services were stopped" : "");
}

/* Said of one of them, if any grew. */
static const struct death_other *fastest_of(const struct death *death)
{
    const struct death_other *fastest = NULL;

    for (size_t i = 0; i < death->others_count; i++)
        if (death->others[i].growth > (fastest ? fastest->growth : 0))
            fastest = &death->others[i];
    return fastest;
}

/* The kernel takes the largest, not the one that grew: who else was there. */
static void print_others(const struct why_report *report, bool colour, FILE *to)
{
    const struct death *death = report->death;
    char text[SENTENCE_MAX], bytes[RENDER_MAX];
    const struct death_other *fastest = fastest_of(death);

    for (size_t i = 0; i < death->others_count; i++) {
        const struct death_other *other = &death->others[i];
        size_t used = (size_t)snprintf(text, sizeof(text), "%s held %s", other->name,
                                       render_bytes(other->current_bytes, bytes));
        if (other->peak_bytes > 0)
            used += (size_t)snprintf(text + used, sizeof(text) - used, ", at most %s so far",
                                     render_bytes(other->peak_bytes, bytes));
        if (other == fastest)
            snprintf(text + used, sizeof(text) - used, ", and grew fastest: %s a second",
                     render_bytes(other->growth, bytes));
        why_print_field(to, colour, i == 0 ? "beside it" : "", text);
    }
}

static void tell_again(const struct death *death, char *text, size_t size)
{
    char delay[RENDER_MAX], down[RENDER_MAX];

    if (death->ready_wall_ns > 0)
        snprintf(text, size, "started again after %s, down for %s",
                 render_span(death->again_wall_ns - death->wall_ns, delay),
                 render_span(death->ready_wall_ns - death->wall_ns, down));
    else
        snprintf(text, size, "started again after %s",
                 render_span(death->again_wall_ns - death->wall_ns, delay));
}

static void print_next(const struct why_report *report, bool colour, FILE *to)
{
    const struct death *death = report->death;
    const struct verdict *verdict = &death->verdict;
    char text[SENTENCE_MAX];
    char delay[RENDER_MAX];

    if (verdict->kind == VERDICT_OOM_CHILD)
        snprintf(text, sizeof(text), "the service runs on");
    else if (verdict->budget > 0)
        tell_budget(death, text, sizeof(text));
    else if (verdict->next == NEXT_HOLD)
        snprintf(text, sizeof(text), "held: its restarts (restart: on-failure:%lld) are used up",
                 (long long)death->policy.restart_max);
    else if (verdict->next == NEXT_OOM_STOP)
        snprintf(text, sizeof(text), "held (x-bulkhead.oom.policy: stop)");
    else if (verdict->next == NEXT_PREVENTED)
        snprintf(text, sizeof(text), "stays ended (x-bulkhead.restart_prevent_exit_codes)");
    else if (report->left[QUARANTINE_HELD] && death->again_wall_ns == 0)
        snprintf(text, sizeof(text), "waits for what it holds");
    else if (death->again_wall_ns > 0)
        tell_again(death, text, sizeof(text));
    else if (verdict->next == NEXT_RESTART)
        snprintf(text, sizeof(text), "to be started again after %s",
                 render_span(verdict->delay.ns, delay));
    else if (verdict->kind == VERDICT_STOPPED)
        snprintf(text, sizeof(text), "stays stopped");
    else
        snprintf(text, sizeof(text), "stays ended (restart: %s)",
                 restart_name((enum restart)death->policy.restart));
    why_print_field(to, colour, "then", text);
}

static void print_history(const struct why_report *report, bool colour, FILE *to)
{
    const struct death_history *history = &report->history;
    char text[SENTENCE_MAX];
    char period[RENDER_MAX];

    if (history->alike < 2)
        return;
    snprintf(text, sizeof(text), "died like this %zu times within %s", history->alike,
             render_span(history->period_ns, period));
    if (history->count > history->alike)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " (and %zu times otherwise)",
                 history->count - history->alike);
    why_print_field(to, colour, "before", text);
}

/* Breaks at spaces. */
static void print_wrapped(FILE *to, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t word = strcspn(text, " ");
        bool begins = column == 0 || column + 1 + word > WRAP_COLUMN;

        if (begins) {
            fputs(column == 0 ? INDENT : "\n" INDENT, to);
            column = sizeof(INDENT) - 1;
        } else {
            fputc(' ', to);
            column++;
        }
        fwrite(text, 1, word, to);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

static void print_probe(const struct why_report *report, bool colour, FILE *to)
{
    const char *at = report->probe_said;
    char line[PROBE_NOTE_MAX];
    char safe[PROBE_NOTE_MAX];

    if (!at)
        return;
    fprintf(to, "\n  %soutput of the probe that failed%s\n", render_style(colour, STYLE_BOLD),
            render_style(colour, STYLE_OFF));
    while (probe_note_line(&at, line, sizeof(line))) {
        safe_text(line, strlen(line), SIZE_MAX, true, safe, sizeof(safe));
        fprintf(to, INDENT "%s| %s%s\n", render_style(colour, STYLE_DIM), safe,
                render_style(colour, STYLE_OFF));
    }
}

static struct json *probe_list(const struct why_report *report)
{
    struct json *list = json_create_list();
    const char *at = report->probe_said;
    char line[PROBE_NOTE_MAX];

    while (at && probe_note_line(&at, line, sizeof(line)))
        json_append_text(list, line);
    return list;
}

static void print_lists(const struct why_report *report, bool colour, FILE *to)
{
    size_t i;

    if (report->around)
        around_print_kernel(report->around, colour, to);
    if (report->words.count > 0)
        fprintf(to, "\n  %slast output%s\n", render_style(colour, STYLE_BOLD),
                render_style(colour, STYLE_OFF));
    for (i = 0; i < report->words.count; i++)
        fprintf(to, INDENT "%s| %s%s\n", render_style(colour, STYLE_DIM), report->words.line[i],
                render_style(colour, STYLE_OFF));
    if (report->advice.count > 0)
        fprintf(to, "\n  %swhat to change%s\n", render_style(colour, STYLE_BOLD),
                render_style(colour, STYLE_OFF));
    for (i = 0; i < report->advice.count; i++)
        print_wrapped(to, report->advice.text[i]);
}

bool why_print_text(const struct why_report *report, bool colour, FILE *to)
{
    const struct death *death = report->death;
    bool bad = colour && verdict_is_failure(death->verdict.kind);
    char sentence[SENTENCE_MAX];
    char text[SENTENCE_MAX];
    char time[RENDER_MAX];
    char ago[RENDER_MAX];

    verdict_sentence(&death->verdict, sentence, sizeof(sentence));
    fprintf(to, "%s%s%s: %s%s%s\n\n", render_style(colour, STYLE_BOLD), death->name,
            render_style(colour, STYLE_OFF), render_style(bad, STYLE_RED), sentence,
            render_style(bad, STYLE_OFF));
    snprintf(text, sizeof(text), "%s, %s ago", render_time_ms(death->wall_ns, time),
             render_span(report->now_wall_ns - death->wall_ns, ago));
    why_print_field(to, colour, "when", text);
    snprintf(text, sizeof(text), "%s (%s), generation %u", verdict_name(death->verdict.kind),
             confidence_name(death->verdict.confidence), death->generation);
    why_print_field(to, colour, "verdict", text);
    print_program(report, colour, to);
    print_ending(report, colour, to);
    print_left(report, colour, to);
    print_evidence(report, colour, to);
    print_memory(report, colour, to);
    if (report->around)
        around_print_memory(report->around, death, colour, to);
    print_others(report, colour, to);
    if (report->around)
        around_print_siblings(report->around, colour, to);
    print_history(report, colour, to);
    print_next(report, colour, to);
    if (report->later_stop_wall_ns > 0) {
        snprintf(text, sizeof(text), "stopped as asked, %s",
                 render_time_ms(report->later_stop_wall_ns, time));
        why_print_field(to, colour, "later", text);
    }
    print_probe(report, colour, to);
    print_lists(report, colour, to);
    return !ferror(to);
}

bool why_print_short(const struct death *death, bool colour, FILE *to)
{
    bool bad = colour && verdict_is_failure(death->verdict.kind);
    char sentence[SENTENCE_MAX];
    char time[RENDER_MAX];

    verdict_sentence(&death->verdict, sentence, sizeof(sentence));
    return fprintf(to, "%s %s%s%s %s%s%s: %s\n", render_time_ms(death->wall_ns, time),
                   render_name_colour(colour, death->index), death->name,
                   render_style(colour, STYLE_OFF), render_style(bad, STYLE_RED),
                   verdict_name(death->verdict.kind), render_style(bad, STYLE_OFF), sentence) >= 0;
}

static struct json *evidence_object(const struct verdict *verdict)
{
    struct json *object = json_create();

    json_number(object, "oom", verdict->oom);
    json_number(object, "oomKill", verdict->oom_kill);
    json_number(object, "oomGroupKill", verdict->oom_group_kill);
    json_number(object, "enclosing", verdict->enclosing);
    if (verdict->enclosing >= 0)
        json_text(object, "group", verdict->group);
    if (verdict->victims > 0)
        json_number(object, "victims", verdict->victims);
    if (verdict->oomd > 0)
        json_number(object, "oomd", verdict->oomd);
    json_number(object, "memPeak", verdict->peak_bytes);
    json_number(object, "memLimit", verdict->limit_bytes);
    return object;
}

static struct json *list_others(const struct death *death)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < death->others_count; i++) {
        struct json *other = json_create();
        json_text(other, "name", death->others[i].name);
        json_number(other, "memCurrent", death->others[i].current_bytes);
        json_number(other, "memPeak", death->others[i].peak_bytes);
        json_number(other, "memGrowth", death->others[i].growth);
        json_append(list, other);
    }
    return list;
}

static void add_birth(struct json *object, const struct why_report *report)
{
    const struct verdict *verdict = &report->death->verdict;
    const char *error = strerrordesc_np(verdict->error);

    if (verdict->kind != VERDICT_SPAWN_FAILED)
        return;
    json_text(object, "step", spawn_step_name(verdict->step));
    json_text(object, "error", error ? error : "unknown error");
    json_text(object, "program", report->program);
    json_text(object, "directory", report->directory);
}

bool why_print_json(const struct why_report *report, FILE *to)
{
    const struct death *death = report->death;
    const struct verdict *verdict = &death->verdict;
    struct json *object = json_create();
    struct json *output = json_create_list();
    struct json *advice = json_create_list();
    char text[SENTENCE_MAX];
    bool printed;
    size_t i;

    json_text(object, "time", render_time(death->wall_ns, text));
    json_text(object, "name", death->name);
    snprintf(text, sizeof(text), "%.*s", (int)death->service_length, death->name);
    json_text(object, "service", text);
    json_number(object, "instance", death->number);
    json_number(object, "generation", death->generation);
    json_text(object, "verdict", verdict_name(verdict->kind));
    json_text(object, "confidence", confidence_name(verdict->confidence));
    verdict_sentence(verdict, text, sizeof(text));
    json_text(object, "sentence", text);
    json_number(object, "exitCode", verdict_exit_code(verdict));
    json_text(object, "signal", verdict->signal > 0 ? render_signal(verdict->signal, text) : "");
    json_seconds(object, "uptime", verdict->uptime.ns);
    add_birth(object, report);
    json_child(object, "evidence", evidence_object(verdict));
    if (death->others_count > 0)
        json_child(object, "beside", list_others(death));
    json_text(object, "next", next_name(verdict->next));
    json_text(object, "budget",
              verdict->budget > 0 ? cause_name((enum cause)(verdict->budget - 1)) : "");
    json_seconds(object, "delay", verdict->delay.ns);
    json_text(object, "startedAgainAt", render_time(death->again_wall_ns, text));
    if (report->around)
        around_add(object, report->around);
    json_number(object, "diedAlike", (int64_t)report->history.alike);
    for (i = 0; i < report->words.count; i++)
        json_append_text(output, report->words.line[i]);
    json_child(object, "lastOutput", output);
    json_child(object, "probeOutput", probe_list(report));
    if (death->is_left)
        json_child(object, "quarantine", left_object(report));
    for (i = 0; i < report->advice.count; i++)
        json_append_text(advice, report->advice.text[i]);
    json_child(object, "advice", advice);
    printed = json_print(object, to);
    json_destroy(object);
    return printed;
}
