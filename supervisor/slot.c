/* See slot.h. */
#include "supervisor/slot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/supervisor.h"
#include "supervisor/sys/fifo.h"

void slot_init(struct slot *slot)
{
    *slot = (struct slot){
        .pidfd = -1,
        .report = -1,
        .memory = -1,
        .populated = -1,
        .output = -1,
        .errors = -1,
        .terminal = {.fd = -1},
        .heard = {.fd = -1},
        .look_at = INSTANT_NEVER,
    };
    sampling_end(&slot->sampling);
}

static int open_one(const struct supervisor *supervisor, const struct member *member,
                    const char *end, int *ret_fd)
{
    char name[INSTANCE_NAME_MAX + 4];
    int result;

    stpcpy(stpcpy(name, member->name), end);
    result = fifo_open(supervisor->fifos, name, ret_fd);
    if (result == 0 && *ret_fd >= supervisor->files_max)
        result = -EMFILE;
    return result;
}

int slot_open_fifos(const struct supervisor *supervisor, const struct member *member,
                    struct slot *slot)
{
    int result = open_one(supervisor, member, ".out", &slot->output);

    if (result == 0)
        result = open_one(supervisor, member, ".err", &slot->errors);
    if (result < 0)
        slot_close_fifos(slot);
    return result;
}

void slot_close_fifos(struct slot *slot)
{
    if (slot->output >= 0)
        close(slot->output);
    if (slot->errors >= 0)
        close(slot->errors);
    slot->output = slot->errors = -1;
}

void slot_finish(struct slot *slot)
{
    slot_close_fifos(slot);
    free(slot->heard.said);
    slot->heard = (struct hearing){.fd = -1};
    for (int i = 0; i < 2; i++) {
        free(slot->reports[i]);
        slot->reports[i] = NULL;
    }
}

void slot_moved(struct supervisor *supervisor, struct slot *slot, uint32_t index)
{
    struct loop *loop = &supervisor->loop;

    if (slot->report >= 0)
        (void)loop_change(loop, slot->report, EPOLLIN, SOURCE_REPORT, index);
    if (slot->populated >= 0)
        (void)loop_change(loop, slot->populated, EPOLLPRI, SOURCE_EMPTY, index);
    if (slot->pidfd >= 0 && !slot->own && supervisor->reaper.channel < 0)
        (void)loop_change(loop, slot->pidfd, EPOLLIN, SOURCE_PIDFD, index);
    terminal_moved(supervisor, slot, index);
    /* One that is to be looked at later is silent until then (facts.c). */
    if (slot->memory >= 0 && slot->look_at.ns == INSTANT_NEVER.ns)
        (void)loop_change(loop, slot->memory, EPOLLPRI | EPOLLONESHOT, SOURCE_MEMORY, index);
}
