/* See keeper_files.h. */
#include "supervisor/keeper_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct keeper_file *find(struct keeper_files *files, const char tag[KEEPER_TAG_MAX])
{
    for (uint32_t i = 0; i < files->count; i++)
        if (memcmp(files->file[i].tag, tag, KEEPER_TAG_MAX) == 0)
            return &files->file[i];
    return NULL;
}

bool keeper_files_hold(struct keeper_files *files, const char tag[KEEPER_TAG_MAX], int fd)
{
    struct keeper_file *file = find(files, tag);

    if (!file && files->count == KEEPER_FILES_MAX) {
        close(fd);
        return false;
    }
    if (file)
        close(file->fd);
    else
        file = &files->file[files->count++];
    memcpy(file->tag, tag, KEEPER_TAG_MAX);
    file->fd = fd;
    file->told = true;
    return true;
}

void keeper_files_drop(struct keeper_files *files, const char tag[KEEPER_TAG_MAX])
{
    struct keeper_file *file = find(files, tag);

    if (!file)
        return;
    close(file->fd);
    *file = files->file[--files->count];
}

/* 0 or negative errno. */
static int send_file(const struct keeper_file *file, int channel)
{
    struct keeper_message letter = {.kind = KEEPER_HELD};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.align = {.cmsg_len = CMSG_LEN(sizeof(int)),
                           .cmsg_level = SOL_SOCKET,
                           .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {&letter, sizeof(letter)};
    const struct msghdr message = {.msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.bytes,
                                   .msg_controllen = sizeof(control.bytes)};

    memcpy(letter.tag, file->tag, KEEPER_TAG_MAX);
    memcpy(CMSG_DATA(&control.align), &file->fd, sizeof(file->fd));
    return sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* One that cannot be passed on for another reason than want of room is passed over. */
bool keeper_files_tell(struct keeper_files *files, int channel)
{
    for (uint32_t i = 0; i < files->count; i++) {
        if (files->file[i].told)
            continue;
        if (send_file(&files->file[i], channel) == -EAGAIN)
            return false;
        files->file[i].told = true;
    }
    return true;
}

void keeper_files_pass_on(const struct keeper_files *files, bool pass_on)
{
    for (uint32_t i = 0; i < files->count; i++)
        (void)fcntl(files->file[i].fd, F_SETFD, pass_on ? 0 : FD_CLOEXEC);
}

void keeper_files_tell_again(struct keeper_files *files)
{
    for (uint32_t i = 0; i < files->count; i++)
        files->file[i].told = false;
}
