/* See terminal.h. */
#include "supervisor/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/supervisor.h"
#include "supervisor/sys/fifo.h"

#define PIECES_AT_END 64 // of one that may still be written to by others

/* One piece from the terminal to the FIFO. 0: more may be there; -EAGAIN: not now; another negative
 * errno: nothing comes any more. */
static int pass_on(struct slot *slot)
{
    struct terminal *terminal = &slot->terminal;
    int result;

    if (terminal->waiting == 0) {
        ssize_t length = read(terminal->fd, terminal->piece, TERMINAL_PIECE);
        if (length <= 0)
            return length < 0 ? -errno : -EIO;
        terminal->waiting = (uint32_t)length;
    }
    result = fifo_write(slot->output, terminal->piece, terminal->waiting);
    if (result == 0)
        terminal->waiting = 0;
    return result;
}

/* What to wait for: the terminal, or room in the FIFO. */
static void watch(struct supervisor *supervisor, const struct slot *slot, uint32_t index)
{
    bool full = slot->terminal.waiting > 0;

    (void)loop_change(&supervisor->loop, slot->terminal.fd, full ? 0 : EPOLLIN, SOURCE_TERMINAL,
                      index);
    if (full)
        (void)loop_add(&supervisor->loop, slot->output, EPOLLOUT, SOURCE_TERMINAL, index);
    else
        loop_remove(&supervisor->loop, slot->output);
}

void terminal_hold(struct supervisor *supervisor, uint32_t index, int fd)
{
    const char *name = supervisor->roster.members[index].name;
    int result = reaper_hold(&supervisor->reaper, KEEPER_TAG_TTY, name, fd);

    if (result < 0)
        supervisor_say(supervisor, "%s: its terminal hangs up when the supervisor dies: %s", name,
                       strerrordesc_np(-result));
}

void terminal_drop(struct supervisor *supervisor, uint32_t index)
{
    (void)reaper_drop(&supervisor->reaper, KEEPER_TAG_TTY, supervisor->roster.members[index].name);
}

int terminal_begin(struct supervisor *supervisor, uint32_t index, int fd)
{
    struct slot *slot = &supervisor->slots[index];
    char *piece = malloc(TERMINAL_PIECE);
    int result = piece ? loop_add(&supervisor->loop, fd, EPOLLIN, SOURCE_TERMINAL, index) : -ENOMEM;

    if (result < 0) {
        free(piece);
        terminal_drop(supervisor, index);
        close(fd);
        return result;
    }
    slot->terminal = (struct terminal){.fd = fd, .piece = piece};
    return 0;
}

bool terminal_held(struct supervisor *supervisor, const struct keeper_news *news)
{
    size_t length = strlen(KEEPER_TAG_TTY);
    ptrdiff_t index;

    if (strncmp(news->tag, KEEPER_TAG_TTY, length) != 0)
        return false;
    index = roster_find(&supervisor->roster, news->tag + length);
    if (index < 0 || !supervisor->slots[index].pid || supervisor->slots[index].terminal.fd >= 0)
        return false;
    (void)terminal_begin(supervisor, (uint32_t)index, news->file); // it takes the file
    return true;
}

void terminal_ready(struct supervisor *supervisor, uint32_t index)
{
    struct slot *slot = &supervisor->slots[index];
    bool was_full = slot->terminal.waiting > 0;
    int result;

    if (slot->terminal.fd < 0)
        return;
    result = pass_on(slot);
    if (result < 0 && result != -EAGAIN && result != -EINTR) { // EIO: nobody has it open any more
        loop_remove(&supervisor->loop, slot->terminal.fd);     // a hang-up would wake us for ever
    } else if (was_full != (slot->terminal.waiting > 0)) {
        watch(supervisor, slot, index);
    }
}

void terminal_moved(struct supervisor *supervisor, struct slot *slot, uint32_t index)
{
    bool full = slot->terminal.waiting > 0;

    if (slot->terminal.fd < 0)
        return;
    (void)loop_change(&supervisor->loop, slot->terminal.fd, full ? 0 : EPOLLIN, SOURCE_TERMINAL,
                      index);
    if (full)
        (void)loop_change(&supervisor->loop, slot->output, EPOLLOUT, SOURCE_TERMINAL, index);
}

void terminal_end(struct supervisor *supervisor, struct slot *slot)
{
    struct terminal *terminal = &slot->terminal;

    if (terminal->fd < 0)
        return;
    for (int i = 0; i < PIECES_AT_END && pass_on(slot) == 0; i++)
        ;
    loop_remove(&supervisor->loop, slot->output);
    loop_remove(&supervisor->loop, terminal->fd);
    terminal_drop(supervisor, (uint32_t)(slot - supervisor->slots));
    close(terminal->fd);
    free(terminal->piece);
    *terminal = (struct terminal){.fd = -1};
}
