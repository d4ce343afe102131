/* See around.h: what is shown. */
#include "cli/history/around.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/history/why_report.h"
#include "cli/show/json.h"
#include "cli/show/render.h"
#include "cli/show/safe_text.h"

#define TEXT_MAX       400
#define COMM_SHOWN     ((size_t)SNAPSHOT_COMM_MAX * 4)
#define SIBLINGS_SHOWN 3

/* A text that grows, and is cut where it does not fit. */
struct text {
    char text[TEXT_MAX];
    size_t used;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->text + text->used, TEXT_MAX - text->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used += (size_t)length;
    if (text->used >= TEXT_MAX)
        text->used = TEXT_MAX - 1;
}

/* What a process called itself, as a terminal may see it. */
static const char *comm_of(const struct process_memory *memory, char text[COMM_SHOWN])
{
    const char *comm = memory->process.comm;

    safe_text(comm, strnlen(comm, SNAPSHOT_COMM_MAX), SIZE_MAX, true, text, COMM_SHOWN);
    return text;
}

static int64_t limit_of(const struct around *around, const struct death *death)
{
    const struct sample *last = &around->growth.last;

    if (death->verdict.kind == VERDICT_OOM && death->verdict.limit_bytes > 0)
        return death->verdict.limit_bytes;
    return last->limit_bytes > 0 ? last->limit_bytes : 0;
}

static void print_growth(const struct around *around, const struct death *death, bool colour,
                         FILE *to)
{
    const struct growth *growth = &around->growth;
    int64_t limit = limit_of(around, death), rate;
    char spark[GROWTH_SPARK_MAX] = "", bytes[RENDER_MAX];
    struct text text = {.used = 0};

    if (growth->count < 2)
        return;
    if (around->spark)
        growth_spark(growth, limit > 0 ? limit : growth->last.current_bytes, around->utf8, spark);
    say(&text, "%s%s%s", spark, *spark ? " " : "",
        render_bytes(growth->first.current_bytes, bytes));
    say(&text, " to %s", render_bytes(growth->last.current_bytes, bytes));
    if (limit > 0)
        say(&text, " of %s", render_bytes(limit, bytes));
    say(&text, " within %s", render_span(growth->to_ns - growth->first.wall_ns, bytes));
    if (growth_rate(growth, &rate) && rate > 0)
        say(&text, "; %s/s at the end", render_bytes(rate, bytes));
    why_print_field(to, colour, "growth", text.text);
}

static bool has_kinds(const struct sample *sample)
{
    return sample->anon_bytes >= 0 && sample->shmem_bytes >= 0 && sample->kernel_bytes >= 0 &&
           sample->file_bytes >= sample->shmem_bytes;
}

/* "anon 22.2MiB (+18.0MiB)" */
static void say_kind(struct text *text, const char *name, int64_t first, int64_t last)
{
    char bytes[RENDER_MAX];

    say(text, "%s%s %s", text->used > 0 ? ", " : "", name, render_bytes(last, bytes));
    if (last > first)
        say(text, " (+%s)", render_bytes(last - first, bytes));
}

/* What the cgroup had of each kind when it was looked at last, and how much more than at first. */
static void print_kinds(const struct around *around, bool colour, FILE *to)
{
    const struct sample *first = &around->growth.first, *last = &around->growth.last;
    struct text text = {.used = 0};
    char before[RENDER_MAX];

    if (around->growth.count == 0 || !has_kinds(first) || !has_kinds(last))
        return;
    say_kind(&text, "anon", first->anon_bytes, last->anon_bytes);
    say_kind(&text, "shmem", first->shmem_bytes, last->shmem_bytes);
    say_kind(&text, "page cache", first->file_bytes - first->shmem_bytes,
             last->file_bytes - last->shmem_bytes);
    say_kind(&text, "kernel", first->kernel_bytes, last->kernel_bytes);
    say(&text, "; %s before", render_span(around->growth.to_ns - last->wall_ns, before));
    why_print_field(to, colour, "kinds", text.text);
}

static void print_processes(const struct around *around, bool colour, FILE *to)
{
    char words[RENDER_MAX], comm[COMM_SHOWN];

    for (size_t i = 0; i < around->processes_count; i++) {
        const struct process_memory *memory = &around->processes[i];
        struct text text = {.used = 0};

        say(&text, "%s[%d] %s", comm_of(memory, comm), memory->process.pid,
            render_bytes(memory->total_bytes, words));
        say(&text, ", most of it %s (%s)", memory->most, render_bytes(memory->most_bytes, words));
        if (memory->grown) {
            say(&text, "; %s grew by %s", memory->grown, render_bytes(memory->grown_bytes, words));
            say(&text, " within %s", render_span(memory->within_ns, words));
        }
        why_print_field(to, colour, i == 0 ? "processes" : "", text.text);
    }
}

void around_print_memory(const struct around *around, const struct death *death, bool colour,
                         FILE *to)
{
    print_growth(around, death, colour, to);
    print_kinds(around, colour, to);
    print_processes(around, colour, to);
}

/* The one that waited longest for memory; NULL: of none it is known. */
static const struct sibling *slowest(const struct siblings *siblings)
{
    const struct sibling *slowest = NULL;

    for (size_t i = 0; i < siblings->count; i++)
        if (siblings->item[i].stalled_ns >= 0 &&
            (!slowest || siblings->item[i].stalled_ns > slowest->stalled_ns))
            slowest = &siblings->item[i];
    return slowest;
}

/* The first few; whoever died of the same has much the same to tell. */
static void say_deaths(struct text *text, const struct siblings *siblings)
{
    char after[RENDER_MAX];
    size_t died = 0;

    for (size_t i = 0; i < siblings->count; i++) {
        const struct sibling *sibling = &siblings->item[i];

        if (sibling->died == VERDICT_NONE || died++ >= SIBLINGS_SHOWN)
            continue;
        say(text, "%s%s died %s %s (%s)", died > 1 ? ", " : " ", sibling->name,
            render_span(llabs(sibling->died_after_ns), after),
            sibling->died_after_ns < 0 ? "before" : "after it", verdict_name(sibling->died));
    }
    if (died > SIBLINGS_SHOWN)
        say(text, ", and %zu more", died - SIBLINGS_SHOWN);
    if (died == 0)
        say(text, " none died within 30s");
}

void around_print_siblings(const struct around *around, bool colour, FILE *to)
{
    const struct siblings *siblings = &around->siblings;
    const struct sibling *worst = slowest(siblings);
    struct text text = {.used = 0};
    char time[RENDER_MAX];

    if (siblings->count == 0)
        return;
    say(&text, "of %zu other%s", siblings->count, siblings->count == 1 ? "" : "s");
    say_deaths(&text, siblings);
    if (worst && worst->stalled_ns == 0) {
        say(&text, ", none waited for memory");
    } else if (worst) {
        say(&text, ", %s waited %s for memory", worst->name, render_span(worst->stalled_ns, time));
        say(&text, " within %s", render_span(worst->within_ns, time));
    }
    if (siblings_held(siblings))
        say(&text, ": isolation held");
    why_print_field(to, colour, "siblings", text.text);
}

void around_print_kernel(const struct around *around, bool colour, FILE *to)
{
    if (around->kernel_count > 0)
        fprintf(to, "\n  %skernel log%s\n", render_style(colour, STYLE_BOLD),
                render_style(colour, STYLE_OFF));
    for (size_t i = 0; i < around->kernel_count; i++)
        fprintf(to, "    %s| %s%s\n", render_style(colour, STYLE_DIM), around->kernel[i],
                render_style(colour, STYLE_OFF));
}

/* --- JSON ----------------------------------------------------------------------------------- */

static void add_known(struct json *object, const char *key, int64_t number)
{
    if (number == SAMPLE_NONE)
        json_nothing(object, key);
    else
        json_number(object, key, number);
}

static struct json *sample_object(const struct sample *sample)
{
    struct json *object = json_create();
    char time[RENDER_MAX];

    json_text(object, "time", render_time(sample->wall_ns, time));
#define ADD(field, name) add_known(object, name, sample->field);
    SAMPLE_NUMBERS(ADD)
#undef ADD
    return object;
}

static struct json *samples_list(const struct growth *growth)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < GROWTH_SLICES; i++)
        if (growth->slice[i].generation != 0)
            json_append(list, sample_object(&growth->slice[i]));
    return list;
}

static struct json *processes_list(const struct around *around)
{
    struct json *list = json_create_list();
    char comm[COMM_SHOWN], time[RENDER_MAX];

    for (size_t i = 0; i < around->processes_count; i++) {
        const struct process_memory *memory = &around->processes[i];
        struct json *object = json_create();

        json_text(object, "time", render_time(memory->wall_ns, time));
        json_number(object, "pid", memory->process.pid);
        json_text(object, "comm", comm_of(memory, comm));
#define ADD(field, words) json_number(object, words, memory->process.field);
        MEMORY_KINDS(ADD)
#undef ADD
        json_text(object, "grown", memory->grown);
        json_number(object, "grownBytes", memory->grown_bytes);
        json_seconds(object, "within", memory->within_ns);
        json_append(list, object);
    }
    return list;
}

static struct json *siblings_list(const struct siblings *siblings)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < siblings->count; i++) {
        const struct sibling *sibling = &siblings->item[i];
        struct json *object = json_create();

        json_text(object, "name", sibling->name);
        json_text(object, "died",
                  sibling->died == VERDICT_NONE ? NULL : verdict_name(sibling->died));
        if (sibling->died != VERDICT_NONE)
            json_seconds(object, "diedAfter", sibling->died_after_ns);
        if (sibling->stalled_ns < 0) {
            json_nothing(object, "stalled");
        } else {
            json_seconds(object, "stalled", sibling->stalled_ns);
            json_seconds(object, "within", sibling->within_ns);
        }
        json_append(list, object);
    }
    return list;
}

void around_add(struct json *object, const struct around *around)
{
    struct json *kernel = json_create_list();
    int64_t rate;

    json_child(object, "samples", samples_list(&around->growth));
    if (growth_rate(&around->growth, &rate))
        json_number(object, "growthPerSecond", rate);
    else
        json_nothing(object, "growthPerSecond");
    json_child(object, "processes", processes_list(around));
    json_child(object, "siblings", siblings_list(&around->siblings));
    if (around->siblings.count > 0)
        json_truth(object, "isolationHeld", siblings_held(&around->siblings));
    else
        json_nothing(object, "isolationHeld");
    if (around->down_ns >= 0)
        json_seconds(object, "down", around->down_ns);
    else
        json_nothing(object, "down");
    for (size_t i = 0; i < around->kernel_count; i++)
        json_append_text(kernel, around->kernel[i]);
    json_child(object, "kernelLog", kernel);
}
