/* Journal lines back to records; see record.h. Hostile input: every word and number is checked. */
#include "core/record.h"

#include <string.h>

#include "core/health.h"
#include "core/record_fields.h"

#define KEY_MAX  32
#define TEXT_MAX 96

/* One key=value pair of a line. */
struct pair {
    char key[KEY_MAX];
    char text[TEXT_MAX];
    bool is_number; // an int64_t
    bool is_bits;   // up to 64 bits, unsigned
    int64_t number;
};

/* *ret_fits: it is a valid int64_t; else its 64 bits are an unsigned number (a seed). */
static bool to_number(const char *text, int64_t *ret, bool *ret_fits)
{
    bool negative = text[0] == '-';
    const char *digit = text + negative;
    uint64_t value = 0;

    if (!*digit)
        return false;
    for (; *digit; digit++) {
        if (*digit < '0' || *digit > '9' || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*digit - '0'), &value))
            return false;
    }
    *ret_fits = value <= (uint64_t)INT64_MAX + negative;
    if (negative && !*ret_fits)
        return false;
    *ret = (int64_t)(negative ? -value : value);
    return true;
}

/* Takes the next pair; 0, 1 at the end of the line, -1 when it is malformed. */
static int next_pair(const char **at, struct pair *ret)
{
    const char *equals, *end;

    while (**at == ' ')
        (*at)++;
    if (!**at)
        return 1;
    equals = strchr(*at, '=');
    end = *at + strcspn(*at, " ");
    if (!equals || equals > end || (size_t)(equals - *at) >= KEY_MAX ||
        (size_t)(end - equals - 1) >= TEXT_MAX)
        return -1;
    memcpy(ret->key, *at, (size_t)(equals - *at));
    ret->key[equals - *at] = '\0';
    memcpy(ret->text, equals + 1, (size_t)(end - equals - 1));
    ret->text[end - equals - 1] = '\0';
    ret->is_number = false;
    ret->is_bits = to_number(ret->text, &ret->number, &ret->is_number);
    *at = end;
    return 0;
}

/* Stores the pair's number if the table has its key after `prefix`. */
static bool take_field(const struct pair *pair, const struct field_table *table, void *base,
                       const char *prefix)
{
    size_t skip = strlen(prefix);

    if (!pair->is_number || strncmp(pair->key, prefix, skip) != 0)
        return false;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(pair->key + skip, table->fields[i].key) == 0) {
            memcpy((char *)base + table->fields[i].offset, &pair->number, sizeof(pair->number));
            return true;
        }
    return false;
}

static bool is(const struct pair *pair, const char *key)
{
    return strcmp(pair->key, key) == 0;
}

static bool take_u32(const struct pair *pair, uint32_t most, uint32_t *ret)
{
    if (!pair->is_number || pair->number < 0 || pair->number > most)
        return false;
    *ret = (uint32_t)pair->number;
    return true;
}

/* The number of the name in an enum whose names `name_of` gives; `count`: unknown. */
#define FIND_NAME(type, count, name_of, wanted, ret)                                  \
    do {                                                                              \
        int found_ = 0;                                                               \
        while (found_ < (int)(count) && strcmp(name_of((type)found_), (wanted)) != 0) \
            found_++;                                                                 \
        (ret) = found_;                                                               \
    } while (0)

static bool take_text(const struct pair *pair, char *to, size_t size)
{
    size_t length = strlen(pair->text);

    if (length == 0 || length >= size)
        return false;
    memcpy(to, pair->text, length + 1);
    return true;
}

static bool take_head(struct record *record, const struct pair *pair)
{
    if (is(pair, "version"))
        return pair->is_number && pair->number == RECORD_VERSION;
    if (is(pair, "stack"))
        return take_text(pair, record->stack, sizeof(record->stack));
    if (is(pair, "members"))
        return take_u32(pair, INSTANCES_MAX, &record->members);
    if (is(pair, "groups"))
        return take_u32(pair, BUDGETS_MAX, &record->groups);
    if (is(pair, "seed") && pair->is_bits) {
        record->seed = (uint64_t)pair->number;
        return true;
    }
    return false;
}

static bool take_group(struct stack_group *group, const struct pair *pair)
{
    if (is(pair, "name"))
        return take_text(pair, group->name, sizeof(group->name));
    if (is(pair, "parent"))
        return take_u32(pair, BUDGETS_MAX - 1, &group->parent);
    if (is(pair, "limit") && pair->is_number && pair->number >= 0) {
        group->limit_bytes = pair->number;
        return true;
    }
    return false;
}

static bool take_member(struct record *record, const struct pair *pair)
{
    struct member *member = &record->roster_member;

    if (is(pair, "name"))
        return take_text(pair, member->name, sizeof(member->name));
    if (is(pair, "service")) {
        size_t length = strlen(pair->text);
        if (length == 0 || length > NAME_BYTES_MAX ||
            strncmp(member->name, pair->text, length) != 0)
            return false;
        member->service_length = (uint32_t)length;
        return true;
    }
    if (is(pair, "number"))
        return take_u32(pair, INSTANCES_MAX, &member->number);
    if (is(pair, "group"))
        return take_u32(pair, BUDGETS_MAX - 1, &member->group);
    return take_field(pair, &record_policy, &member->policy, "");
}

static bool take_need(struct record *record, const struct pair *pair)
{
    uint32_t number;

    if (!take_u32(pair, INSTANCES_MAX, &number))
        return false;
    if (is(pair, "on"))
        record->need.member = number;
    else if (is(pair, "restart") && number <= 1)
        record->need.restart = number;
    else if (is(pair, "condition") && number < NEEDS_COUNT)
        record->need.condition = (uint16_t)number;
    else if (is(pair, "optional") && number <= 1)
        record->need.optional = (uint16_t)number;
    else
        return false;
    return true;
}

static bool take_verdict(struct verdict *verdict, struct verdict_numbers *numbers,
                         const struct pair *pair)
{
    int found;

    if (is(pair, "kind")) {
        verdict->kind = verdict_from_name(pair->text);
        return verdict->kind < VERDICTS_COUNT;
    }
    if (is(pair, "confidence")) {
        FIND_NAME(enum confidence, CONFIDENCE_UNKNOWN + 1, confidence_name, pair->text, found);
        verdict->confidence = (enum confidence)found;
        return found <= CONFIDENCE_UNKNOWN;
    }
    if (is(pair, "next")) {
        FIND_NAME(enum next, NEXTS_COUNT, next_name, pair->text, found);
        verdict->next = (enum next)found;
        return found < NEXTS_COUNT;
    }
    if (is(pair, "group"))
        return take_text(pair, verdict->group, sizeof(verdict->group)) &&
               roster_name_is_valid(verdict->group);
    return take_field(pair, &record_verdict, numbers, "");
}

static bool take_state(struct record *record, struct verdict_numbers *numbers,
                       const struct pair *pair)
{
    if (is(pair, "random") && pair->is_bits) {
        record->seed = (uint64_t)pair->number;
        return true;
    }
    if (pair->is_number) {
        if (is(pair, "sequence")) {
            record->sequence = pair->number;
            return true;
        }
        if (is(pair, "ending")) {
            record->ending = pair->number != 0;
            return true;
        }
        if (is(pair, "finished")) {
            record->finished = pair->number != 0;
            return true;
        }
    }
    return take_field(pair, &record_state, &record->state, "m.") ||
           take_field(pair, &record_spent, &record->spent, "m.") ||
           take_field(pair, &record_governor, &record->governor, "governor.") ||
           take_field(pair, &record_reading, &record->state.base, "base.") ||
           take_field(pair, &record_reading, &record->state.seen, "seen.") ||
           take_field(pair, &record_reading, &record->state.paid, "paid.") ||
           take_field(pair, &record_kept, &record->kept, "k.") ||
           take_verdict(&record->state.last, numbers, pair);
}

static bool take_event(struct record *record, const struct pair *pair)
{
    struct event *event = &record->event;
    int found;

    if (is(pair, "kind")) {
        FIND_NAME(enum event_kind, EVENTS_COUNT, event_name, pair->text, found);
        event->kind = (enum event_kind)found;
        return found < EVENTS_COUNT;
    }
    if (is(pair, "at") && pair->is_number) {
        event->at.ns = pair->number;
        return true;
    }
    if (is(pair, "wall") && pair->is_number) {
        event->wall_ns = pair->number;
        return true;
    }
    return take_field(pair, &record_event, event, "") ||
           take_field(pair, &record_reading, &event->reading, "");
}

/* `from` or `to`, of a state or, where the kind before it says so, of health. */
static bool take_passage(struct effect *effect, const struct pair *pair)
{
    bool is_health = effect->kind == EFFECT_HEALTH;
    int found;

    if (is_health)
        FIND_NAME(enum health, HEALTHS_COUNT, health_id, pair->text, found);
    else
        FIND_NAME(enum state, STATES_COUNT, state_id, pair->text, found);
    *(is(pair, "from") ? &effect->from : &effect->to) = (uint16_t)found;
    return found < (is_health ? (int)HEALTHS_COUNT : (int)STATES_COUNT);
}

static bool take_effect(struct record *record, const struct pair *pair)
{
    struct effect *effect = &record->effect;
    uint32_t number;
    int found;

    if (is(pair, "kind")) {
        FIND_NAME(enum effect_kind, EFFECTS_COUNT, effect_name, pair->text, found);
        effect->kind = (enum effect_kind)found;
        return found < EFFECTS_COUNT;
    }
    if (is(pair, "from") || is(pair, "to"))
        return take_passage(effect, pair);
    if (is(pair, "hook")) {
        FIND_NAME(enum aide_kind, AIDE_KINDS, aide_name, pair->text, found);
        effect->hook = (uint16_t)found;
        return found < AIDE_KINDS;
    }
    if (is(pair, "index") && take_u32(pair, HOOKS_MAX - 1, &number)) {
        effect->index = (uint16_t)number;
        return true;
    }
    if (is(pair, "serial"))
        return take_u32(pair, UINT32_MAX, &effect->serial);
    if (is(pair, "signal") && pair->is_number && pair->number >= 0 && pair->number <= SIGNAL_MAX) {
        effect->signal = (int32_t)pair->number;
        return true;
    }
    if (is(pair, "deadline") && pair->is_number) {
        effect->deadline.ns = pair->number;
        return true;
    }
    return false;
}

static bool take_other(struct record_other *other, const struct pair *pair)
{
    bool is_bytes = pair->is_number && pair->number >= 0;

    if (is(pair, "of"))
        return take_u32(pair, INSTANCES_MAX - 1, &other->member);
    if (is(pair, "current") && is_bytes)
        other->current_bytes = pair->number;
    else if (is(pair, "peak") && is_bytes)
        other->peak_bytes = pair->number;
    else if (is(pair, "growth") && pair->is_number)
        other->growth = pair->number;
    else
        return false;
    return true;
}

static bool take_pair(struct record *record, struct verdict_numbers *numbers,
                      const struct pair *pair)
{
    if (is(pair, "i"))
        return take_u32(pair, INSTANCES_MAX - 1, &record->member);
    if (is(pair, "g"))
        return take_u32(pair, UINT32_MAX, &record->generation);
    switch (record->kind) {
    case RECORD_HEAD:
        return take_head(record, pair);
    case RECORD_GROUP:
        return take_group(&record->group, pair);
    case RECORD_MEMBER:
        return take_member(record, pair);
    case RECORD_NEED:
        return take_need(record, pair);
    case RECORD_STATE:
        return take_state(record, numbers, pair);
    case RECORD_EVENT:
        return take_event(record, pair);
    case RECORD_EFFECT:
        return take_effect(record, pair);
    case RECORD_VERDICT:
        return take_verdict(&record->verdict, numbers, pair);
    case RECORD_OTHER:
        return take_other(&record->other, pair);
    case RECORD_KEPT:
        return take_field(pair, &record_kept, &record->kept, "");
    case RECORD_NOTE:
        break;
    }
    return false;
}

static bool find_kind(const char **at, enum record_kind *ret)
{
    static const char *const words[] = {
        [RECORD_HEAD] = "journal",    [RECORD_MEMBER] = "member", [RECORD_NEED] = "need",
        [RECORD_STATE] = "state",     [RECORD_EVENT] = "event",   [RECORD_EFFECT] = "effect",
        [RECORD_VERDICT] = "verdict", [RECORD_NOTE] = "note",     [RECORD_GROUP] = "group",
        [RECORD_OTHER] = "other",     [RECORD_KEPT] = "kept",
    };
    size_t length = strcspn(*at, " ");

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i]) == length && memcmp(words[i], *at, length) == 0) {
            *ret = (enum record_kind)i;
            *at += length;
            return true;
        }
    return false;
}

/* What the pairs of a line must satisfy together. */
static bool finish_record(struct record *record, const struct verdict_numbers *numbers)
{
    switch (record->kind) {
    case RECORD_MEMBER:
        return record->roster_member.service_length > 0 &&
               policy_is_valid(&record->roster_member.policy);
    case RECORD_STATE:
        return record->sequence >= 0 && record->sequence <= INT64_MAX / 2 &&
               record_state_is_valid(&record->state) && record_spent_is_valid(&record->spent) &&
               record_governor_is_valid(&record->governor) && record_kept_is_valid(&record->kept) &&
               verdict_from_numbers(numbers, &record->state.last) == 0;
    case RECORD_EVENT:
        record->event.member = record->member;
        record->event.generation = record->generation;
        return record_event_is_valid(&record->event);
    case RECORD_EFFECT:
        record->effect.member = record->member;
        record->effect.generation = record->generation;
        return true;
    case RECORD_VERDICT:
        return verdict_from_numbers(numbers, &record->verdict) == 0;
    case RECORD_KEPT:
        return record_kept_is_valid(&record->kept);
    case RECORD_HEAD:
        return record->stack[0] != '\0';
    case RECORD_GROUP:
    case RECORD_NEED:
    case RECORD_OTHER:
    case RECORD_NOTE:
        break;
    }
    return true;
}

int record_read(const char *line, struct record *ret, const char **ret_why)
{
    struct verdict_numbers numbers = {0};
    struct pair pair;
    const char *at = line;
    int result;

    *ret = (struct record){0};
    ret->effect.deadline = INSTANT_NEVER;
    *ret_why = "the line does not start with a word that a journal knows";
    if (strlen(line) >= RECORD_LINE_MAX || !find_kind(&at, &ret->kind))
        return 1;
    if (ret->kind == RECORD_NOTE) {
        ret->text = *at == ' ' ? at + 1 : at;
        return 0;
    }
    *ret_why = "the line has a word that is not key=value, or a value that is not valid there";
    while ((result = next_pair(&at, &pair)) == 0)
        if (!take_pair(ret, &numbers, &pair))
            return 1;
    if (result < 0)
        return 1;
    *ret_why = "the line lacks a value or has one out of range";
    return finish_record(ret, &numbers) ? 0 : 1;
}
