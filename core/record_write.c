/* Records to journal lines; see record.h. A line is a word that says what it is and then key=value
 * pairs. */
#include "core/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/health.h"
#include "core/record_fields.h"

struct writer {
    char *line;
    size_t used;
};

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(struct writer *writer, const char *format, ...)
{
    size_t room = RECORD_LINE_MAX - writer->used;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(writer->line + writer->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        writer->used += (size_t)length < room ? (size_t)length : room - 1;
}

static void put_fields(struct writer *writer, const struct field_table *table, const void *base,
                       const char *prefix)
{
    for (size_t i = 0; i < table->count; i++) {
        int64_t value;
        memcpy(&value, (const char *)base + table->fields[i].offset, sizeof(value));
        if (value != 0)
            put(writer, " %s%s=%" PRId64, prefix, table->fields[i].key, value);
    }
}

static size_t end_line(struct writer *writer)
{
    if (writer->used > RECORD_LINE_MAX - 2)
        writer->used = RECORD_LINE_MAX - 2;
    writer->line[writer->used++] = '\n';
    writer->line[writer->used] = '\0';
    return writer->used;
}

size_t record_write_head(const struct roster *roster, uint64_t seed, char *line)
{
    struct writer writer = {line, 0};

    put(&writer, "journal version=%d stack=%s members=%" PRIu32 " seed=%" PRIu64 " groups=%" PRIu32,
        RECORD_VERSION, roster->stack, roster->members_count, seed, roster->groups_count);
    return end_line(&writer);
}

size_t record_write_group(const struct roster *roster, uint32_t group, char *line)
{
    struct writer writer = {line, 0};
    const struct stack_group *it = &roster->groups[group];

    put(&writer, "group i=%" PRIu32, group);
    if (*it->name)
        put(&writer, " name=%s", it->name);
    put(&writer, " parent=%" PRIu32 " limit=%" PRId64, it->parent, it->limit_bytes);
    return end_line(&writer);
}

size_t record_write_member(const struct roster *roster, uint32_t index, char *line)
{
    struct writer writer = {line, 0};
    const struct member *member = &roster->members[index];

    put(&writer, "member i=%" PRIu32 " name=%s service=%.*s number=%" PRIu32, index, member->name,
        (int)member->service_length, member->name, member->number);
    if (member->group != GROUP_STACK)
        put(&writer, " group=%" PRIu32, member->group);
    put_fields(&writer, &record_policy, &member->policy, "");
    return end_line(&writer);
}

size_t record_write_need(const struct roster *roster, uint32_t member, uint32_t need, char *line)
{
    struct writer writer = {line, 0};
    const struct need *it = &roster->needs[need];

    put(&writer, "need i=%" PRIu32 " on=%" PRIu32 " condition=%u optional=%u", member, it->member,
        (unsigned)it->condition, (unsigned)it->optional);
    if (it->restart)
        put(&writer, " restart=%" PRIu32, it->restart);
    return end_line(&writer);
}

static void put_verdict(struct writer *writer, const struct verdict *verdict)
{
    struct verdict_numbers numbers = verdict_to_numbers(verdict);

    put(writer, " kind=%s confidence=%s next=%s", verdict_name(verdict->kind),
        confidence_name(verdict->confidence), next_name(verdict->next));
    put_fields(writer, &record_verdict, &numbers, "");
    if (*verdict->group)
        put(writer, " group=%s", verdict->group);
}

size_t record_write_state(const struct fleet *fleet, uint32_t member, char *line)
{
    struct writer writer = {line, 0};
    const struct incarnation *incarnation = &fleet->members[member];

    put(&writer,
        "state i=%" PRIu32 " sequence=%" PRId64 " random=%" PRIu64 " ending=%d finished=%d", member,
        fleet->sequence, fleet->random, fleet->ending, fleet->finished);
    put_fields(&writer, &record_state, incarnation, "m.");
    put_fields(&writer, &record_spent, &fleet->spent[member], "m.");
    put_fields(&writer, &record_governor, &fleet->governor, "governor.");
    put_fields(&writer, &record_reading, &incarnation->base, "base.");
    put_fields(&writer, &record_reading, &incarnation->seen, "seen.");
    put_fields(&writer, &record_reading, &incarnation->paid, "paid.");
    put_fields(&writer, &record_kept, &fleet->kept[member], "k.");
    put_verdict(&writer, &incarnation->last);
    return end_line(&writer);
}

size_t record_write_kept(const struct fleet *fleet, uint32_t member, char *line)
{
    struct writer writer = {line, 0};

    put(&writer, "kept i=%" PRIu32 " g=%" PRIu32, member,
        (uint32_t)fleet->members[member].generation);
    put_fields(&writer, &record_kept, &fleet->kept[member], "");
    return end_line(&writer);
}

size_t record_write_event(const struct event *event, char *line)
{
    struct writer writer = {line, 0};

    put(&writer, "event at=%" PRId64 " wall=%" PRId64 " kind=%s i=%" PRIu32 " g=%" PRIu32,
        event->at.ns, event->wall_ns, event_name(event->kind), event->member, event->generation);
    put_fields(&writer, &record_event, event, "");
    put_fields(&writer, &record_reading, &event->reading, "");
    return end_line(&writer);
}

size_t record_write_effect(const struct effect *effect, char *line)
{
    struct writer writer = {line, 0};

    put(&writer, "effect kind=%s i=%" PRIu32 " g=%" PRIu32, effect_name(effect->kind),
        effect->member, effect->generation);
    if (effect->kind == EFFECT_SIGNAL)
        put(&writer, " signal=%" PRId32, effect->signal);
    if (effect->kind == EFFECT_SHIFT) {
        put(&writer, " from=%s to=%s", state_id((enum state)effect->from),
            state_id((enum state)effect->to));
        if (effect->deadline.ns != INSTANT_NEVER.ns)
            put(&writer, " deadline=%" PRId64, effect->deadline.ns);
    }
    if (effect->kind == EFFECT_HOOK)
        put(&writer, " hook=%s index=%u", aide_name((enum aide_kind)effect->hook),
            (unsigned)effect->index);
    if (effect->kind == EFFECT_REPORT)
        put(&writer, " hook=%s", aide_name((enum aide_kind)effect->hook));
    if (effect->serial)
        put(&writer, " serial=%" PRIu32, effect->serial);
    if (effect->kind == EFFECT_HEALTH)
        put(&writer, " from=%s to=%s", health_id((enum health)effect->from),
            health_id((enum health)effect->to));
    return end_line(&writer);
}

size_t record_write_verdict(uint32_t member, uint32_t generation, const struct verdict *verdict,
                            char *line)
{
    struct writer writer = {line, 0};

    put(&writer, "verdict i=%" PRIu32 " g=%" PRIu32, member, generation);
    put_verdict(&writer, verdict);
    return end_line(&writer);
}

size_t record_write_other(uint32_t member, uint32_t generation, const struct record_other *other,
                          char *line)
{
    struct writer writer = {line, 0};

    put(&writer,
        "other i=%" PRIu32 " g=%" PRIu32 " of=%" PRIu32 " current=%" PRId64 " peak=%" PRId64,
        member, generation, other->member, other->current_bytes, other->peak_bytes);
    if (other->growth)
        put(&writer, " growth=%" PRId64, other->growth);
    return end_line(&writer);
}

size_t record_write_outcome(const struct fleet *fleet, uint32_t index, char *lines)
{
    const struct effect *effect = &fleet->effects.item[index];
    size_t length = record_write_effect(effect, lines);

    if (effect->kind == EFFECT_VERDICT)
        length += record_write_verdict(effect->member, effect->generation,
                                       &fleet->members[effect->member].last, lines + length);
    return length;
}
