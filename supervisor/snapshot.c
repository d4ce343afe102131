/* See snapshot.h. */
#include "supervisor/snapshot.h"

#include <errno.h>
#include <string.h>

#include "core/paths.h"
#include "core/snapshot_note.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/procmem.h"

#define PATIENCE span_sec(2)

struct request {
    int services;
    char name[COMPARTMENT_NAME_MAX];
};

_Static_assert(SNAPSHOT_PROCESSES_MAX * sizeof(struct snapshot_process) <= HELPER_MESSAGE_MAX,
               "a snapshot is one message");

/* In the helper. */
static size_t work(void *context, char message[HELPER_MESSAGE_MAX])
{
    const struct request *request = context;
    struct snapshot_process processes[SNAPSHOT_PROCESSES_MAX];
    int count = procmem_biggest(request->services, request->name, processes);

    if (count <= 0)
        return 0;
    memcpy(message, processes, (size_t)count * sizeof(*processes));
    return (size_t)count * sizeof(*processes);
}

static void finish(struct supervisor *supervisor)
{
    struct snapshot *snapshot = &supervisor->sampler.snapshot;

    loop_remove(&supervisor->loop, snapshot->helper.report);
    helper_finish(&snapshot->helper);
}

bool snapshot_begin(struct supervisor *supervisor, uint32_t member)
{
    struct snapshot *snapshot = &supervisor->sampler.snapshot;
    const struct slot *slot = &supervisor->slots[member];
    struct request request = {.services = supervisor->services};
    int result;

    if (snapshot->helper.pid)
        return false;
    compartment_name(&supervisor->roster, member, slot->generation, request.name);
    result = helper_start(supervisor->reaper.channel >= 0, &request.services, 1, work, &request,
                          &snapshot->helper);
    if (result == 0)
        result = loop_add(&supervisor->loop, snapshot->helper.report, EPOLLIN, SOURCE_SNAPSHOT, 0);
    if (result < 0) {
        helper_finish(&snapshot->helper);
        return true;
    }
    memcpy(snapshot->name, supervisor->roster.members[member].name, sizeof(snapshot->name));
    snapshot->generation = slot->generation;
    snapshot->wall_ns = supervisor->wall_ns;
    snapshot->deadline = instant_add(supervisor->now, PATIENCE);
    return true;
}

static void tell(struct supervisor *supervisor, const struct snapshot_process *process)
{
    const struct snapshot *snapshot = &supervisor->sampler.snapshot;
    struct snapshot_note note = {
        .generation = snapshot->generation, .wall_ns = snapshot->wall_ns, .process = *process};
    char text[SNAPSHOT_NOTE_MAX];

    memcpy(note.name, snapshot->name, sizeof(note.name));
    snapshot_note_write(&note, text);
    journal_note(&supervisor->journal, "%s", text);
}

void snapshot_report(struct supervisor *supervisor)
{
    struct snapshot *snapshot = &supervisor->sampler.snapshot;
    char message[HELPER_MESSAGE_MAX];
    struct snapshot_process process;
    ssize_t length;

    if (!snapshot->helper.pid)
        return;
    length = helper_message(&snapshot->helper, message);
    if (length == -EAGAIN)
        return;
    for (size_t at = 0; at + sizeof(process) <= (size_t)length; at += sizeof(process)) {
        memcpy(&process, message + at, sizeof(process));
        tell(supervisor, &process);
    }
    finish(supervisor); // without a message all of them went meanwhile
}

void snapshot_turn(struct supervisor *supervisor)
{
    const struct snapshot *snapshot = &supervisor->sampler.snapshot;

    if (!instant_reached(snapshot_deadline(snapshot), supervisor->now))
        return;
    supervisor_say(supervisor, "%s: its processes could not be read in time", snapshot->name);
    finish(supervisor);
}

instant snapshot_deadline(const struct snapshot *snapshot)
{
    return snapshot->helper.pid ? snapshot->deadline : INSTANT_NEVER;
}
