/* See attend.h. */
#include "supervisor/attend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/handover.h"
#include "core/health.h"
#include "core/probe_note.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/loaded.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/fifo.h"

static void tell_failed(struct supervisor *supervisor, uint32_t member,
                        const struct attendant *attendant, int error)
{
    const struct event event = {
        .kind = attendant->kind == AIDE_PROBE ? EVENT_PROBED : EVENT_HOOKED,
        .member = member,
        .generation = attendant->generation,
        .serial = attendant->serial,
        .hook = attendant->kind == AIDE_PROBE ? 0 : attendant->kind,
        .index = attendant->index,
        .error = error,
    };

    queue_push(&supervisor->results, &event);
}

/* The FIFOs of a member belong to whom its program runs as; before its start, to a hook's user. */
static int give_fifos(const struct slot *slot, const struct launch *launch)
{
    int result;

    if (launch->keep_identity)
        return 0;
    result = fifo_give(slot->output, launch->uid, launch->gid);
    return result < 0 ? result : fifo_give(slot->errors, launch->uid, launch->gid);
}

static int start_loaded(struct supervisor *supervisor, uint32_t member,
                        const struct attendant *attendant, const struct launch *launch)
{
    const char *name = supervisor->roster.members[member].name;
    char output[INSTANCE_NAME_MAX + 4], errors[INSTANCE_NAME_MAX + 4];
    const struct aide_order order = {
        .role = attendant->kind == AIDE_PROBE ? AIDE_ROLE_PROBE : AIDE_ROLE_HOOK,
        .member = member,
        .generation = attendant->generation,
        .serial = attendant->serial,
        .kind = attendant->kind,
        .index = attendant->index,
        .client = -1,
        .launch = launch,
        .output = attendant->kind == AIDE_PROBE ? NULL : output,
        .errors = attendant->kind == AIDE_PROBE ? NULL : errors,
    };
    enum spawn_step step;
    int result = 0;

    stpcpy(stpcpy(output, name), ".out");
    stpcpy(stpcpy(errors, name), ".err");
    if (attendant->kind == AIDE_PRE_START)
        result = give_fifos(&supervisor->slots[member], launch);
    return result < 0 ? result : aide_start(supervisor, &order, &step);
}

static void forget(struct hearing *heard)
{
    free(heard->said);
    *heard = (struct hearing){.fd = -1};
}

void attend_heard(struct supervisor *supervisor, struct aide_process *aide)
{
    struct hearing *heard = &supervisor->slots[aide->member].heard;

    if (aide->role != AIDE_ROLE_PROBE)
        return;
    forget(heard);
    if (aide->known && !aide->error && aide->code == 0 && aide->signal == 0)
        return; // nobody will ask what it said
    hearing_take_rest(&aide->hearing);
    heard->said = aide->hearing.said;
    heard->length = aide->hearing.length;
    aide->hearing.said = NULL;
    aide->hearing.length = 0;
}

/* The probe that the fleet speaks of is over, or its time is and it is still to be ended. */
void attend_health(struct supervisor *supervisor, const struct effect *effect)
{
    struct hearing *heard = &supervisor->slots[effect->member].heard;
    struct aide_process *late;
    char note[PROBE_NOTE_MAX];

    if (effect->to != HEALTH_UNHEALTHY)
        return;
    late = aide_probe(supervisor, effect);
    if (late) {
        heard = &late->hearing;
        hearing_take_rest(heard);
    }
    if (heard->length == 0)
        return;
    probe_note_write(effect->member, effect->generation, heard->said, heard->length, note);
    journal_note(&supervisor->journal, "%s", note);
}

static void start(struct supervisor *supervisor, uint32_t member, const struct attendant *attendant)
{
    const struct aide *aide =
        roster_aide(&supervisor->roster, member, attendant->kind, attendant->index);
    struct loaded loaded;
    int result = aide ? loaded_read(HANDOVER_PLAN, aide->launch_offset, aide->launch_bytes, &loaded)
                      : -ENOENT;

    if (attendant->kind == AIDE_PROBE)
        forget(&supervisor->slots[member].heard);
    if (result == 0) {
        result = start_loaded(supervisor, member, attendant, &loaded.record.launch);
        loaded_finish(&loaded);
    }
    if (result < 0)
        tell_failed(supervisor, member, attendant, -result);
}

void attend(struct supervisor *supervisor, const struct effect *effect)
{
    const struct attendant attendant = {
        .serial = effect->serial,
        .generation = effect->generation,
        .kind = effect->kind == EFFECT_PROBE ? AIDE_PROBE : (enum aide_kind)effect->hook,
        .index = effect->index,
    };
    struct slot *slot = &supervisor->slots[effect->member];

    if (supervisor->births_left > 0 && supervisor->births_waiting == 0) {
        supervisor->births_left--;
        start(supervisor, effect->member, &attendant);
        return;
    }
    supervisor->births_waiting += slot->attendant.serial == 0;
    slot->attendant = attendant;
}

void attend_awaited(struct supervisor *supervisor, uint32_t member)
{
    struct slot *slot = &supervisor->slots[member];
    const struct attendant attendant = slot->attendant;

    slot->attendant.serial = 0;
    supervisor->births_waiting--;
    supervisor->births_left--;
    start(supervisor, member, &attendant);
}

void attend_no_more(struct supervisor *supervisor, const struct effect *effect)
{
    struct slot *slot = &supervisor->slots[effect->member];

    if (slot->attendant.serial == effect->serial &&
        slot->attendant.generation == effect->generation) {
        tell_failed(supervisor, effect->member, &slot->attendant, ECANCELED);
        slot->attendant.serial = 0;
        supervisor->births_waiting--;
        return;
    }
    aide_end(supervisor, effect->member, effect->generation, effect->serial);
}
