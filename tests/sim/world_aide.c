/* Probes and hooks, as they really are: they pass, fail, hang, take their time, cannot be started,
 * are killed or are stuck; and the news of them. */
#include <errno.h>
#include <signal.h>

#include "tests/sim/sim.h"

static struct helper *find(struct sim *sim, uint32_t member, uint32_t generation, uint32_t serial)
{
    for (int i = 0; i < HELPERS; i++) {
        struct helper *helper = &sim->helpers[member][i];
        if (helper->serial == serial && helper->generation == generation)
            return helper;
    }
    return NULL;
}

static struct event news_of(uint32_t member, const struct helper *helper)
{
    return (struct event){
        .kind = helper->kind == AIDE_PROBE ? EVENT_PROBED : EVENT_HOOKED,
        .member = member,
        .generation = helper->generation,
        .serial = helper->serial,
        .hook = helper->kind,
        .index = helper->index,
    };
}

/* It has ended: what is true now is noted, what is told comes later. */
static void ends(struct sim *sim, struct event *event)
{
    struct helper *helper = find(sim, event->member, event->generation, (uint32_t)event->serial);
    struct care *care = &sim->boxes[event->member].care;

    if (!helper || !helper->is_alive || (helper->is_stuck && event->signal != SIGKILL))
        return;
    helper->is_alive = false;
    if (sim->boxes[event->member].generation == event->generation) {
        care->ended[helper->kind]++;
        care->passed[helper->kind] +=
            event->error == 0 && event->known && event->signal == 0 && event->code == 0;
    }
    world_tell(sim, event);
}

static unsigned failure_percent(struct sim *sim, uint32_t member, uint32_t kind)
{
    return kind == AIDE_PROBE ? sim->boxes[member].care.illness : 8;
}

static span length(struct sim *sim, uint32_t member, uint32_t kind)
{
    int64_t timeout_us = sim->roster.members[member].policy.health_timeout_ns / NSEC_PER_USEC;

    if (kind == AIDE_PROBE)
        return draw_span(sim, 0, chance(sim, 90) ? timeout_us / 2 : timeout_us * 2);
    return draw_span(sim, 100, chance(sim, 80) ? 200000 : 4000000);
}

static void starts(struct sim *sim, const struct effect *effect)
{
    bool is_probe = effect->kind == EFFECT_PROBE;
    struct helper *helper = &sim->helpers[effect->member][effect->serial % HELPERS];
    struct event event;

    *helper = (struct helper){
        .generation = effect->generation,
        .serial = effect->serial,
        .kind = is_probe ? AIDE_PROBE : effect->hook,
        .index = is_probe ? 0 : effect->index,
        .is_alive = true,
    };
    event = news_of(effect->member, helper);
    event.known = 1;
    if (!sim->is_calm && chance(sim, 3)) {
        event.known = 0;
        event.error = EAGAIN;
        ends(sim, &event);
        return;
    }
    if (chance(sim, 5)) // hangs
        return;
    if (chance(sim, failure_percent(sim, effect->member, helper->kind))) {
        event.code = chance(sim, 80) ? 1 + (int64_t)draw(sim, 127) : 0;
        event.signal = event.code ? 0 : SIGSEGV;
    } else if (!sim->is_calm && chance(sim, 2)) {
        event.known = 0;
    }
    agenda_add(sim, instant_add(sim->now, length(sim, effect->member, helper->kind)),
               HAPPENS_AIDE_ENDS, effect->member)
        ->event = event;
}

static void is_killed(struct sim *sim, const struct effect *effect)
{
    struct helper *helper = find(sim, effect->member, effect->generation, effect->serial);
    span delay = draw_span(sim, 0, 20000);
    struct event event;

    if (!helper)
        return;
    if (!sim->is_calm && chance(sim, 15)) {
        helper->is_stuck = true;
        delay = draw_span(sim, 100000, chance(sim, 30) ? 100000000 : 5000000);
    }
    event = news_of(effect->member, helper);
    event.known = 1;
    event.signal = SIGKILL;
    agenda_add(sim, instant_add(sim->now, delay), HAPPENS_AIDE_ENDS, effect->member)->event = event;
}

/* A new incarnation, of which nothing lives yet. */
static void is_begun(struct sim *sim, const struct effect *effect)
{
    struct box *box = &sim->boxes[effect->member];

    if (box->generation == effect->generation)
        return;
    *box = (struct box){
        .generation = effect->generation,
        .noticed = INSTANT_NEVER,
        .told_empty = INSTANT_NEVER,
        .taken_for_child = INSTANT_NEVER,
    };
}

void world_act_aide(struct sim *sim, const struct effect *effect)
{
    if (effect->kind == EFFECT_HOOK && effect->hook == AIDE_PRE_START)
        is_begun(sim, effect);
    if (effect->kind == EFFECT_HOOK || effect->kind == EFFECT_PROBE)
        starts(sim, effect);
    else if (effect->kind == EFFECT_END_AIDE)
        is_killed(sim, effect);
}

void world_aide_ends(struct sim *sim, const struct happening *happening)
{
    struct event event = happening->event;

    event.member = happening->member;
    ends(sim, &event);
}
