/* See event_text.h. */
#include "cli/history/event_text.h"

#include <string.h>

#include "cli/show/json.h"
#include "cli/host/labels.h"
#include "cli/show/render.h"

enum attribute_kind {
    ATTRIBUTE_TEXT,
    ATTRIBUTE_NUMBER,
    ATTRIBUTE_SPAN,  // ns; seconds in JSON
    ATTRIBUTE_BYTES, // a number in JSON
};

struct attribute {
    const char *key;
    enum attribute_kind kind;
    char text[RENDER_MAX * 2];
    int64_t number;
};

#define ATTRIBUTES_MAX 18

struct attributes {
    size_t count;
    struct attribute item[ATTRIBUTES_MAX];
};

static struct attribute *add(struct attributes *attributes, const char *key,
                             enum attribute_kind kind, int64_t number)
{
    struct attribute *attribute = &attributes->item[attributes->count++];

    attribute->key = key;
    attribute->kind = kind;
    attribute->number = number;
    attribute->text[0] = '\0';
    return attribute;
}

static void add_text(struct attributes *attributes, const char *key, const char *text)
{
    struct attribute *attribute = add(attributes, key, ATTRIBUTE_TEXT, 0);

    snprintf(attribute->text, sizeof(attribute->text), "%s", text);
}

static void add_signal(struct attributes *attributes, int signal)
{
    char text[RENDER_MAX];

    add_text(attributes, "signal", signal > 0 ? render_signal(signal, text) : "");
}

/* The counters that prove it: where the kernel killed for memory. */
static void add_evidence(struct attributes *attributes, const struct verdict *verdict)
{
    if (verdict->oom_kill > 0 || verdict->oom > 0) {
        add(attributes, "oom", ATTRIBUTE_NUMBER, verdict->oom);
        add(attributes, "oomKill", ATTRIBUTE_NUMBER, verdict->oom_kill);
        add(attributes, "oomGroupKill", ATTRIBUTE_NUMBER, verdict->oom_group_kill);
    }
    if (verdict->enclosing >= 0)
        add(attributes, "enclosing", ATTRIBUTE_NUMBER, verdict->enclosing);
    if (verdict->oomd > 0)
        add(attributes, "oomd", ATTRIBUTE_NUMBER, verdict->oomd);
    if (verdict->victims > 0)
        add(attributes, "victims", ATTRIBUTE_NUMBER, verdict->victims);
    if (verdict->enclosing >= 0)
        add_text(attributes, "group", verdict->group);
    if (verdict->peak_bytes > 0)
        add(attributes, "memPeak", ATTRIBUTE_BYTES, verdict->peak_bytes);
    if (verdict->limit_bytes > 0)
        add(attributes, "memLimit", ATTRIBUTE_BYTES, verdict->limit_bytes);
}

static void add_death(struct attributes *attributes, const struct verdict *verdict)
{
    add_text(attributes, "verdict", verdict_name(verdict->kind));
    add(attributes, "exitCode", ATTRIBUTE_NUMBER, verdict_exit_code(verdict));
    add_signal(attributes, verdict->signal);
    add(attributes, "uptime", ATTRIBUTE_SPAN, verdict->uptime.ns);
    add_text(attributes, "confidence", confidence_name(verdict->confidence));
    if (verdict->kind == VERDICT_SPAWN_FAILED) {
        const char *error = strerrordesc_np(verdict->error);

        add_text(attributes, "step", spawn_step_name(verdict->step));
        add_text(attributes, "error", error ? error : "unknown error");
    }
    if (verdict->hook) {
        add_text(attributes, "hook", aide_name((enum aide_kind)verdict->hook));
        add(attributes, "hookNumber", ATTRIBUTE_NUMBER, verdict->hook_index + 1);
    }
    add_evidence(attributes, verdict);
    add_text(attributes, "next", next_name(verdict->next));
    if (verdict->budget > 0)
        add_text(attributes, "budget", cause_name((enum cause)(verdict->budget - 1)));
    if (verdict->next == NEXT_RESTART)
        add(attributes, "delay", ATTRIBUTE_SPAN, verdict->delay.ns);
}

static void collect(const struct user_event *event, struct attributes *attributes)
{
    attributes->count = 0;
    switch (event->action) {
    case ACTION_START:
    case ACTION_ADOPT:
        add(attributes, "pid", ATTRIBUTE_NUMBER, event->pid);
        break;
    case ACTION_DIE:
        add_death(attributes, &event->verdict);
        break;
    case ACTION_OOM:
        add_text(attributes, "verdict", verdict_name(event->verdict.kind));
        add_evidence(attributes, &event->verdict);
        break;
    case ACTION_QUARANTINE:
        add_text(attributes, "verdict", verdict_name(event->verdict.kind));
        break;
    case ACTION_KILL:
        add_signal(attributes, event->signal);
        break;
    case ACTION_RESTART:
        add_text(attributes, "reason", event->requested ? "request" : "policy");
        break;
    case ACTION_HEALTH:
        add_text(attributes, "health", health_name(event->health));
        break;
    case ACTION_CREATE:
    case ACTION_READY:
    case ACTION_STOP:
    case ACTION_HOLD:
    case ACTIONS_COUNT:
        break;
    }
}

static void print_attribute(const struct attribute *attribute, FILE *to)
{
    char text[RENDER_MAX];
    bool quote = strchr(attribute->text, ' ') != NULL;

    fprintf(to, " %s=", attribute->key);
    if (attribute->kind == ATTRIBUTE_TEXT)
        fprintf(to, quote ? "\"%s\"" : "%s", attribute->text);
    else if (attribute->kind == ATTRIBUTE_SPAN)
        fputs(render_span(attribute->number, text), to);
    else if (attribute->kind == ATTRIBUTE_BYTES)
        fputs(render_bytes(attribute->number, text), to);
    else
        fprintf(to, "%lld", (long long)attribute->number);
}

static enum render_style style_of(const struct user_event *event)
{
    switch (event->action) {
    case ACTION_OOM:
    case ACTION_HOLD:
    case ACTION_QUARANTINE:
        return STYLE_RED;
    case ACTION_DIE:
        return verdict_is_failure(event->verdict.kind) ? STYLE_RED : STYLE_YELLOW;
    case ACTION_KILL:
    case ACTION_STOP:
    case ACTION_RESTART:
    case ACTION_ADOPT:
        return STYLE_YELLOW;
    case ACTION_READY:
        return STYLE_GREEN;
    case ACTION_HEALTH:
        return event->health == HEALTH_HEALTHY     ? STYLE_GREEN
               : event->health == HEALTH_UNHEALTHY ? STYLE_RED
                                                   : STYLE_OFF;
    case ACTION_CREATE:
    case ACTION_START:
    case ACTIONS_COUNT:
        break;
    }
    return STYLE_OFF;
}

bool event_print_text(const struct user_event *event, bool colour, FILE *to)
{
    struct attributes attributes;
    char time[RENDER_MAX];
    bool styled = colour && style_of(event) != STYLE_OFF;
    size_t i;

    collect(event, &attributes);
    fprintf(to, "%s %s%s%s %s%s%s", render_time_ms(event->wall_ns, time),
            render_name_colour(colour, event->index), event->member->name,
            render_style(colour, STYLE_OFF), render_style(styled, style_of(event)),
            action_name(event->action), render_style(styled, STYLE_OFF));
    for (i = 0; i < attributes.count; i++)
        if (attributes.item[i].kind != ATTRIBUTE_TEXT || attributes.item[i].text[0] != '\0')
            print_attribute(&attributes.item[i], to);
    return fputc('\n', to) != EOF;
}

static struct json *attributes_object(const struct user_event *event, char *const *labels)
{
    struct json *object = json_create();
    struct attributes attributes;
    size_t i;

    collect(event, &attributes);
    for (i = 0; i < attributes.count; i++) {
        const struct attribute *attribute = &attributes.item[i];

        if (attribute->kind == ATTRIBUTE_TEXT)
            json_text(object, attribute->key, attribute->text);
        else if (attribute->kind == ATTRIBUTE_SPAN)
            json_seconds(object, attribute->key, attribute->number);
        else
            json_number(object, attribute->key, attribute->number);
    }
    if (labels)
        json_child(object, "labels", labels_json(labels));
    return object;
}

bool event_print_json(const struct user_event *event, char *const *labels, FILE *to)
{
    struct json *object = json_create();
    char service[INSTANCE_NAME_MAX];
    char time[RENDER_MAX];
    bool printed;

    snprintf(service, sizeof(service), "%.*s", (int)event->member->service_length,
             event->member->name);
    json_text(object, "time", render_time(event->wall_ns, time));
    json_text(object, "type", event->index == VIEW_OF_STACK ? "stack" : "service");
    json_text(object, "action", action_name(event->action));
    json_text(object, "service", service);
    json_number(object, "instance", event->member->number);
    json_number(object, "generation", event->generation);
    json_child(object, "attributes", attributes_object(event, labels));
    printed = json_print(object, to);
    json_destroy(object);
    return printed;
}
