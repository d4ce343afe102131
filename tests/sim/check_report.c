/* Invariants about hooks that are told of deaths: they are told of what they want to hear, of that
 * at once and of nothing else; and a fleet of the same members in which nobody is told does the
 * same things at the same instants, so that nothing is ever later because of such a hook. */
#include "tests/sim/check_report.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

/* --- who is told -------------------------------------------------------------------------- */

/* The hook that is to hear of this effect; AIDE_PROBE: none. */
static enum aide_kind who_wants(const struct sim *sim, const struct effect *effect)
{
    const struct policy *policy = &sim->roster.members[effect->member].policy;
    enum verdict_kind kind = sim->fleet.members[effect->member].last.kind;
    bool is_memory = kind == VERDICT_OOM || kind == VERDICT_OOM_GROUP ||
                     kind == VERDICT_OOM_OUTSIDE || kind == VERDICT_OOM_CHILD;

    if (effect->kind == EFFECT_VERDICT && is_memory && policy->on_oom)
        return AIDE_ON_OOM;
    if (effect->kind == EFFECT_SHIFT && effect->to == STATE_HELD && policy->on_hold)
        return AIDE_ON_HOLD;
    return AIDE_PROBE;
}

static void check_told(struct sim *sim)
{
    const struct effects *effects = &sim->fleet.effects;
    enum aide_kind wanted = AIDE_PROBE;

    for (uint32_t i = 0; i <= effects->count; i++) {
        const struct effect *effect = i < effects->count ? &effects->item[i] : NULL;
        bool is_report = effect && effect->kind == EFFECT_REPORT;
        enum aide_kind told = is_report ? (enum aide_kind)effect->hook : AIDE_PROBE;
        if (told != wanted ||
            (is_report && (effect->member != effects->item[i - 1].member ||
                           effect->generation != effects->item[i - 1].generation)))
            break_rule(sim, "told-of-it", "%s is told, and %s wants to be", aide_name(told),
                       aide_name(wanted));
        if (effect)
            wanted = is_report ? AIDE_PROBE : who_wants(sim, effect);
    }
}

/* --- the twin ----------------------------------------------------------------------------- */

/* The lists of the roster are shared, its members are not. */
static void make_roster(struct sim *sim)
{
    size_t size = sim->roster.members_count * sizeof(*sim->roster.members);

    sim->twin_roster = sim->roster;
    sim->twin_roster.members = malloc(size);
    if (!sim->twin_roster.members)
        abort();
    memcpy(sim->twin_roster.members, sim->roster.members, size);
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        sim->twin_roster.members[i].policy.on_oom = sim->twin_roster.members[i].policy.on_hold = 0;
}

void twin_begin(struct sim *sim)
{
    make_roster(sim);
    if (fleet_init(&sim->twin, &sim->twin_roster) < 0)
        abort();
}

void twin_reload(struct sim *sim, const int32_t *old_index)
{
    struct roster roster = sim->twin_roster;
    struct fleet old = sim->twin;

    old.roster = &roster;
    twin_begin(sim);
    fleet_reload(&sim->twin, &old, old_index);
    fleet_finish(&old);
    free(roster.members);
}

static bool is_same_effect(const struct effect *a, const struct effect *b)
{
    return a->kind == b->kind && a->member == b->member && a->generation == b->generation &&
           a->signal == b->signal && a->serial == b->serial && a->hook == b->hook &&
           a->index == b->index && a->from == b->from && a->to == b->to &&
           a->deadline.ns == b->deadline.ns;
}

static const struct effect *next_but_reports(const struct effects *effects, uint32_t *at)
{
    while (*at < effects->count && effects->item[*at].kind == EFFECT_REPORT)
        ++*at;
    return *at < effects->count ? &effects->item[(*at)++] : NULL;
}

static void check_twin(struct sim *sim, const struct event *event)
{
    const struct effect *effect, *twins;
    uint32_t at = 0, twin_at = 0;

    fleet_step(&sim->twin, event);
    do {
        effect = next_but_reports(&sim->fleet.effects, &at);
        twins = next_but_reports(&sim->twin.effects, &twin_at);
        if (!effect != !twins || (effect && !is_same_effect(effect, twins)))
            break_rule(sim, "report-changes-nothing", "%s of m%u, and without reports %s of m%u",
                       effect ? effect_name(effect->kind) : "nothing", effect ? effect->member : 0,
                       twins ? effect_name(twins->kind) : "nothing", twins ? twins->member : 0);
    } while (effect && twins);
    for (uint32_t i = 0; i < sim->roster.members_count; i++)
        if (!is_same(&sim->fleet.members[i], &sim->twin.members[i]))
            break_rule(sim, "report-changes-nothing", "m%u is another where nobody is told", i);
    if (fleet_deadline(&sim->fleet).ns != fleet_deadline(&sim->twin).ns)
        break_rule(sim, "report-changes-nothing", "another deadline than where nobody is told");
}

void check_reports(struct sim *sim, const struct event *event)
{
    check_told(sim);
    check_twin(sim, event);
}

void twin_finish(struct sim *sim)
{
    fleet_finish(&sim->twin);
    free(sim->twin_roster.members);
}
