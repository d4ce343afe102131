/* See reap.h. */
#include "supervisor/sys/reap.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void reaper_init(struct reaper *reaper, int channel)
{
    *reaper = (struct reaper){.channel = channel};
}

static void take(pid_t pid, int code, int status, struct exit_record *ret)
{
    *ret = (struct exit_record){.pid = pid};
    if (code == CLD_EXITED)
        ret->code = status;
    else
        ret->signal = status;
    ret->core = code == CLD_DUMPED;
}

/* --- hearing -------------------------------------------------------------------------------- */

/* The control message has room for one file. */
union one_file {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* Length of the message with its file (-1: none), or negative errno. */
static ssize_t receive(int channel, struct keeper_message *letter, int *ret_file)
{
    union one_file control = {0};
    struct iovec part = {letter, sizeof(*letter)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t size = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    *ret_file = -1;
    if (size < 0 && errno == ECONNRESET) // once: it died with something unread, not unsaid
        return receive(channel, letter, ret_file);
    if (size < 0)
        return -errno;
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.align.cmsg_type == SCM_RIGHTS)
        memcpy(ret_file, CMSG_DATA(&control.align), sizeof(*ret_file));
    return size;
}

/* False: it is no message of the keeper's. */
static bool read_news(const struct keeper_message *letter, struct keeper_news *news)
{
    switch (letter->kind) {
    case KEEPER_EXITED:
        news->kind = NEWS_EXITED;
        take(letter->pid, letter->code, letter->status, &news->record);
        return true;
    case KEEPER_SIGNALLED:
        news->kind = NEWS_SIGNALLED;
        news->signal = letter->status;
        return true;
    case KEEPER_HELD:
        news->kind = NEWS_HELD;
        memcpy(news->tag, letter->tag, sizeof(news->tag));
        news->tag[sizeof(news->tag) - 1] = '\0';
        return news->file >= 0;
    case KEEPER_TOLD:
        news->kind = NEWS_TOLD;
        return true;
    default:
        return false;
    }
}

static int next_from_keeper(struct reaper *reaper, struct keeper_news *ret)
{
    struct keeper_message letter;
    struct keeper_news news = {.file = -1};
    ssize_t size = receive(reaper->channel, &letter, &news.file);

    if (size < 0 && size != -ENOTCONN) // there is none, or no memory for it
        return 0;
    if (size != sizeof(letter) || !read_news(&letter, &news)) {
        if (news.file >= 0)
            close(news.file);
        return -EPIPE;
    }
    reaper->pending += news.kind == NEWS_EXITED || news.kind == NEWS_SIGNALLED;
    reaper->told |= news.kind == NEWS_TOLD;
    *ret = news;
    return 1;
}

static int next_from_kernel(struct keeper_news *ret)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
        return 0;
    *ret = (struct keeper_news){.kind = NEWS_EXITED, .file = -1};
    take(info.si_pid, info.si_code, info.si_status, &ret->record);
    return 1;
}

int reaper_next(struct reaper *reaper, struct keeper_news *ret)
{
    return reaper->channel >= 0 ? next_from_keeper(reaper, ret) : next_from_kernel(ret);
}

/* --- telling -------------------------------------------------------------------------------- */

/* A keeper that cannot be told is gone, which the next record says. */
static int tell(const struct reaper *reaper, const struct keeper_message *letter, int file)
{
    union one_file control = {.align = {.cmsg_len = CMSG_LEN(sizeof(int)),
                                        .cmsg_level = SOL_SOCKET,
                                        .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {(void *)(uintptr_t)letter, sizeof(*letter)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (reaper->channel < 0)
        return 0;
    if (file >= 0) {
        memcpy(CMSG_DATA(&control.align), &file, sizeof(file));
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
    }
    return sendmsg(reaper->channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void reaper_acknowledge(struct reaper *reaper)
{
    const struct keeper_message message = {.kind = KEEPER_ACKNOWLEDGED, .count = reaper->pending};
    int result = reaper->pending ? tell(reaper, &message, -1) : 0;

    /* A keeper that is gone is told nothing; the next record says so. What another could not be
     * told is told with the next ones: it keeps no more than KEEPER_RECORDS_MAX. */
    if (result < 0 && result != -EPIPE && result != -ECONNRESET)
        return;
    reaper->pending = 0;
}

int reaper_ready(struct reaper *reaper)
{
    return tell(reaper, &(struct keeper_message){.kind = KEEPER_READY}, -1);
}

/* -ENAMETOOLONG: it is no tag. */
static int set_tag(struct keeper_message *message, const char *tag, const char *name)
{
    size_t length = strlen(tag), more = name ? strlen(name) : 0;

    if (length + more >= KEEPER_TAG_MAX)
        return -ENAMETOOLONG;
    memcpy(message->tag, tag, length);
    if (more)
        memcpy(message->tag + length, name, more);
    return 0;
}

int reaper_hold(struct reaper *reaper, const char *tag, const char *name, int file)
{
    struct keeper_message message = {.kind = KEEPER_HOLD, .tag = {0}};
    int result = set_tag(&message, tag, name);

    return result < 0 ? result : tell(reaper, &message, file);
}

int reaper_drop(struct reaper *reaper, const char *tag, const char *name)
{
    struct keeper_message message = {.kind = KEEPER_DROP, .tag = {0}};
    int result = set_tag(&message, tag, name);

    return result < 0 ? result : tell(reaper, &message, -1);
}

int reaper_plan(struct reaper *reaper, int file)
{
    return tell(reaper, &(struct keeper_message){.kind = KEEPER_PLAN}, file);
}

int reaper_upgrade(struct reaper *reaper, int folder)
{
    return tell(reaper, &(struct keeper_message){.kind = KEEPER_UPGRADE}, folder);
}

/* --- alone ---------------------------------------------------------------------------------- */

int reaper_become_parent(struct reaper *reaper)
{
    if (reaper->channel >= 0)
        close(reaper->channel);
    reaper->channel = -1;
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}
