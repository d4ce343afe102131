/* See handed.h. */
#include "recorder/handed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/planfile.h"

#define FIFOS     2 // of a member
#define FILES_MAX ((size_t)RECORDER_MEMBERS_MAX * FIFOS)

/* A message with its files; those that are not used are closed. */
struct letter {
    struct recorder_message message;
    int files[FILES_MAX];
    size_t count;
};

static void drop_files(struct letter *letter)
{
    for (size_t i = 0; i < letter->count; i++)
        if (letter->files[i] >= 0)
            close(letter->files[i]);
    letter->count = 0;
}

static void take_files(struct letter *letter, struct msghdr *message)
{
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        size_t bytes = at->cmsg_len - CMSG_LEN(0);

        if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
            continue;
        letter->count = bytes / sizeof(int); // the kernel gives no more than there is room for
        memcpy(letter->files, CMSG_DATA(at), bytes);
    }
}

/* Bytes of the message, 0 at the end of file, or negative errno. */
static ssize_t receive(int channel, struct letter *letter)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * FILES_MAX)];
    } control;
    struct iovec part = {&letter->message, sizeof(letter->message)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t length = recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    letter->count = 0;
    if (length < 0 && errno == ECONNRESET) // the end, before all our answers were read
        return receive(channel, letter);
    if (length < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    take_files(letter, &message);
    if (length == 0 || (length == sizeof(letter->message) && !(message.msg_flags & MSG_CTRUNC)))
        return length;
    drop_files(letter);
    return message.msg_flags & MSG_CTRUNC ? -EMFILE : -EPROTO;
}

static int fail(struct handed *handed, const char *why)
{
    handed->why = why;
    return -EPROTO;
}

/* All of the file, which is header and index. */
static int read_index(int plan, struct handed *handed)
{
    struct planfile_header header;
    unsigned char *bytes;
    struct stat status;
    ssize_t got;
    int result;

    if (fstat(plan, &status) < 0)
        return -errno;
    if (status.st_size < PLANFILE_HEADER_BYTES ||
        (uint64_t)status.st_size > PLANFILE_HEADER_BYTES + PLANFILE_INDEX_MAX)
        return fail(handed, "the plan is too short or too long");
    bytes = malloc((size_t)status.st_size);
    if (!bytes)
        return -ENOMEM;
    got = pread(plan, bytes, (size_t)status.st_size, 0);
    if (got != status.st_size)
        result = fail(handed, "the plan cannot be read");
    else if (planfile_header(bytes, &header) != 0 ||
             header.index_bytes != (uint64_t)got - PLANFILE_HEADER_BYTES)
        result = fail(handed, "it is no plan of this version");
    else
        result = planfile_index(&header, bytes + PLANFILE_HEADER_BYTES, header.index_bytes,
                                &handed->roster, &handed->why);
    free(bytes);
    return result == 1 ? -EPROTO : result;
}

static int begin_plan(struct handed *handed, const struct letter *letter)
{
    size_t count;
    int result;

    handed_finish(handed);
    if (letter->count != 1)
        return fail(handed, "no plan came");
    result = read_index(letter->files[0], handed);
    if (result < 0)
        return result;
    count = (size_t)handed->roster.members_count * FIFOS;
    handed->fifos = malloc((count + 1) * sizeof(int));
    for (size_t i = 0; handed->fifos && i < count; i++)
        handed->fifos[i] = -1;
    return handed->fifos ? 0 : -ENOMEM;
}

static int add_fifos(struct handed *handed, struct letter *letter)
{
    uint32_t count = letter->message.count;

    if (!handed->fifos || letter->message.first != handed->came || count == 0 ||
        count > handed->roster.members_count - handed->came ||
        letter->count != (size_t)count * FIFOS)
        return fail(handed, "FIFOs came that belong to nobody");
    memcpy(handed->fifos + (size_t)handed->came * FIFOS, letter->files,
           letter->count * sizeof(int));
    letter->count = 0; // they are the plan's
    handed->came += count;
    return 0;
}

/* 0 or negative errno. */
static int take(struct handed *handed, int channel, struct letter *letter, uint32_t reads,
                bool may_answer)
{
    switch (letter->message.kind) {
    case RECORDER_PLAN:
        return begin_plan(handed, letter);
    case RECORDER_FIFOS:
        return add_fifos(handed, letter);
    case RECORDER_ASKED:
        letter->message.count = reads;
        if (may_answer) // an answer that does not fit is asked for again
            (void)send(channel, &letter->message, sizeof(letter->message),
                       MSG_DONTWAIT | MSG_NOSIGNAL);
        return 0;
    case RECORDER_END:
        return 0;
    default:
        return fail(handed, "a message of an unknown kind came");
    }
}

int handed_hear(struct handed *handed, int channel, uint32_t reads, bool may_answer)
{
    struct letter letter;

    for (;;) {
        ssize_t length = receive(channel, &letter);
        uint32_t kind;
        int result;

        if (length <= 0)
            return length < 0 ? (int)length : -EPIPE;
        kind = letter.message.kind;
        result = take(handed, channel, &letter, reads, may_answer);
        drop_files(&letter);
        if (result < 0 || kind == RECORDER_END)
            return result;
        if (kind != RECORDER_ASKED && handed->came == handed->roster.members_count)
            return 1;
    }
}

int handed_take(struct handed *handed, uint32_t member, uint32_t stream)
{
    int *place = &handed->fifos[(size_t)member * FIFOS + stream];
    int fd = *place;

    *place = -1;
    return fd;
}

struct roster handed_roster(struct handed *handed)
{
    struct roster roster = handed->roster;

    handed->roster = (struct roster){0};
    return roster;
}

void handed_finish(struct handed *handed)
{
    for (size_t i = 0; i < (size_t)handed->came * FIFOS; i++)
        if (handed->fifos[i] >= 0)
            close(handed->fifos[i]);
    free(handed->fifos);
    roster_finish(&handed->roster);
    *handed = (struct handed){0};
}
