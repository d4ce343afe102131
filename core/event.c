/* Names of what can happen and of what can be done; see event.h and effect.h. */
#include "core/event.h"

#include "core/effect.h"

const char *event_name(enum event_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        EVENTS(X)
#undef X
    };
    return kind < EVENTS_COUNT ? names[kind] : "?";
}

bool event_is_request(enum event_kind kind)
{
    return kind >= EVENT_START && kind <= EVENT_FORGET;
}

bool event_is_fact(enum event_kind kind)
{
    return kind >= EVENT_SPAWNED && kind < EVENTS_COUNT;
}

const char *effect_name(enum effect_kind kind)
{
    static const char *const names[] = {
#define X(id, name) name,
        EFFECTS(X)
#undef X
    };
    return kind < EFFECTS_COUNT ? names[kind] : "?";
}

struct effect *effects_add(struct effects *effects, enum effect_kind kind, uint32_t member)
{
    struct effect *effect = &effects->item[effects->count];

    if (effects->count < effects->capacity)
        effects->count++;
    else
        effects->overflowed = true;
    *effect = (struct effect){.kind = kind, .member = member, .deadline = INSTANT_NEVER};
    return effect;
}
