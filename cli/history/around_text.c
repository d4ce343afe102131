/* See around.h: what is shown. */
#include "cli/history/around.h"

#include <stdlib.h>
#include <string.h>

#include "cli/history/why_report.h"
#include "cli/show/json.h"
#include "cli/show/render.h"
#include "cli/show/safe_text.h"

#define TEXT_MAX       400
#define NAME_MAX_SHOWN (SNAPSHOT_COMM_MAX * 4)

/* What a process called itself, as a terminal may see it. */
static const char *comm_of(const struct process_memory *memory, char text[NAME_MAX_SHOWN])
{
    const char *comm = memory->process.comm;

    safe_text(comm, strnlen(comm, SNAPSHOT_COMM_MAX), SIZE_MAX, true, text, NAME_MAX_SHOWN);
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
    char spark[GROWTH_SPARK_MAX] = "";
    char first[RENDER_MAX], last[RENDER_MAX], within[RENDER_MAX], number[RENDER_MAX];
    char text[TEXT_MAX];
    size_t used;

    if (growth->count < 2)
        return;
    if (around->spark)
        growth_spark(growth, limit > 0 ? limit : growth->last.current_bytes, around->utf8, spark);
    snprintf(text, sizeof(text), "%s%s%s to %s within %s", spark, *spark ? " " : "",
             render_bytes(growth->first.current_bytes, first),
             render_bytes(growth->last.current_bytes, last),
             render_span(growth->to_ns - growth->first.wall_ns, within));
    used = strlen(text);
    if (limit > 0)
        snprintf(text + used, sizeof(text) - used, " of %s", render_bytes(limit, number));
    used = strlen(text);
    if (growth_rate(growth, &rate) && rate > 0)
        snprintf(text + used, sizeof(text) - used, "; %s/s at the end", render_bytes(rate, number));
    why_print_field(to, colour, "growth", text);
}

/* What the cgroup had of each kind when it was looked at last. */
static void print_kinds(const struct around *around, bool colour, FILE *to)
{
    const struct sample *last = &around->growth.last;
    char anon[RENDER_MAX], shmem[RENDER_MAX], file[RENDER_MAX], kernel[RENDER_MAX];
    char text[TEXT_MAX], before[RENDER_MAX];

    if (around->growth.count == 0 || last->anon_bytes < 0 || last->shmem_bytes < 0 ||
        last->file_bytes < last->shmem_bytes || last->kernel_bytes < 0)
        return;
    snprintf(text, sizeof(text), "anon %s, shmem %s, page cache %s, kernel %s (%s before)",
             render_bytes(last->anon_bytes, anon), render_bytes(last->shmem_bytes, shmem),
             render_bytes(last->file_bytes - last->shmem_bytes, file),
             render_bytes(last->kernel_bytes, kernel),
             render_span(around->growth.to_ns - last->wall_ns, before));
    why_print_field(to, colour, "kinds", text);
}

static void print_processes(const struct around *around, bool colour, FILE *to)
{
    char total[RENDER_MAX], most[RENDER_MAX], grown[RENDER_MAX], within[RENDER_MAX];
    char text[TEXT_MAX], comm[NAME_MAX_SHOWN];

    for (size_t i = 0; i < around->processes_count; i++) {
        const struct process_memory *memory = &around->processes[i];
        size_t used;

        snprintf(text, sizeof(text), "%s[%d] %s, most of it %s (%s)", comm_of(memory, comm),
                 memory->process.pid, render_bytes(memory->total_bytes, total), memory->most,
                 render_bytes(memory->most_bytes, most));
        used = strlen(text);
        if (memory->grown)
            snprintf(text + used, sizeof(text) - used, "; %s grew by %s within %s", memory->grown,
                     render_bytes(memory->grown_bytes, grown),
                     render_span(memory->within_ns, within));
        why_print_field(to, colour, i == 0 ? "processes" : "", text);
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

static void tell_deaths(const struct siblings *siblings, char *text, size_t size)
{
    char after[RENDER_MAX];
    size_t told = 0, used = 0;

    for (size_t i = 0; i < siblings->count && told < 3; i++) {
        const struct sibling *sibling = &siblings->item[i];
        bool before = sibling->died_after_ns < 0;

        if (sibling->died == VERDICT_NONE)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s died %s %s (%s)",
                                 told++ > 0 ? ", " : "", sibling->name,
                                 render_span(llabs(sibling->died_after_ns), after),
                                 before ? "before" : "after it", verdict_name(sibling->died));
    }
    if (told == 0)
        snprintf(text, size, "none died within 30s");
}

void around_print_siblings(const struct around *around, bool colour, FILE *to)
{
    const struct siblings *siblings = &around->siblings;
    const struct sibling *worst = slowest(siblings);
    char deaths[TEXT_MAX / 2], text[TEXT_MAX * 2], stalled[RENDER_MAX], within[RENDER_MAX];
    size_t used;

    if (siblings->count == 0)
        return;
    tell_deaths(siblings, deaths, sizeof(deaths));
    snprintf(text, sizeof(text), "of %zu %s %s", siblings->count,
             siblings->count == 1 ? "other" : "others", deaths);
    used = strlen(text);
    if (worst && worst->stalled_ns == 0)
        snprintf(text + used, sizeof(text) - used, ", none waited for memory");
    else if (worst)
        snprintf(text + used, sizeof(text) - used, ", %s waited for memory for %s within %s",
                 worst->name, render_span(worst->stalled_ns, stalled),
                 render_span(worst->within_ns, within));
    used = strlen(text);
    if (siblings_held(siblings))
        snprintf(text + used, sizeof(text) - used, ": isolation held");
    why_print_field(to, colour, "siblings", text);
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
    char comm[NAME_MAX_SHOWN], time[RENDER_MAX];

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
