/* Asks a supervisor, ours or the bare loop, to start or to stop everything, and takes the time.
 *
 * usage: ask ours|bare CONTROL start|stop CGROUP COUNT
 *
 * Prints the instant of the request. After `stop` it waits until COUNT compartments were removed
 * from CGROUP and prints the instant of the last removal too. Nanoseconds of CLOCK_MONOTONIC. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/wire.h"

#define STOP_TIMEOUT_MS 60000

static _Noreturn void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        fail(path);
    return fd;
}

static size_t make_packet(bool ours, bool stop, unsigned char *packet, size_t size)
{
    const struct wire_request request = {.verb = stop ? WIRE_STOP : WIRE_START,
                                         .grace_ns = EVENT_GRACE_POLICY};

    if (ours)
        return wire_request_encode(&request, packet, size);
    packet[0] = stop ? 'x' : 's';
    return 1;
}

static long count_removals(const char *bytes, ssize_t length)
{
    long count = 0;

    for (ssize_t at = 0; at < length;) {
        const struct inotify_event *event = (const void *)(bytes + at);
        count += event->len > 2 && strncmp(event->name, "s-", 2) == 0;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return count;
}

/* The instant of the last of `count` removals. */
static int64_t await_removals(int watcher, long count)
{
    _Alignas(struct inotify_event) char bytes[16384];
    struct pollfd fds = {.fd = watcher, .events = POLLIN};

    while (count > 0) {
        if (poll(&fds, 1, STOP_TIMEOUT_MS) <= 0) {
            fprintf(stderr, "ask: %ld compartments are still there\n", count);
            exit(1);
        }
        count -= count_removals(bytes, read(watcher, bytes, sizeof(bytes)));
    }
    return now_ns();
}

/* What ours says to the request; the bare loop closes the connection. */
static void check_reply(int fd)
{
    unsigned char frame[WIRE_REPLY_MAX];
    struct wire_reply reply;
    const char *why = "no reply";
    ssize_t length = recv(fd, frame, sizeof(frame), 0);

    if (length <= 0 || wire_reply_decode(frame, (size_t)length, &reply, &why) != 0) {
        fprintf(stderr, "ask: %s\n", why);
        exit(1);
    }
    if (reply.kind == WIRE_ERROR) {
        fprintf(stderr, "ask: %s\n", reply.message);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    unsigned char packet[256];
    bool ours, stop;
    size_t length;
    int watcher, fd;
    int64_t asked;

    if (argc != 6) {
        fprintf(stderr, "usage: ask ours|bare CONTROL start|stop CGROUP COUNT\n");
        return 2;
    }
    ours = strcmp(argv[1], "ours") == 0;
    stop = strcmp(argv[3], "stop") == 0;
    watcher = inotify_init1(IN_CLOEXEC);
    if (watcher < 0 || inotify_add_watch(watcher, argv[4], IN_DELETE | IN_ONLYDIR) < 0)
        fail(argv[4]);
    fd = connect_to(argv[2]);
    length = make_packet(ours, stop, packet, sizeof(packet));
    asked = now_ns();
    if (send(fd, packet, length, MSG_NOSIGNAL) != (ssize_t)length)
        fail("send");
    printf("%" PRId64, asked);
    if (stop)
        printf(" %" PRId64, await_removals(watcher, strtol(argv[5], NULL, 10)));
    putchar('\n');
    if (ours)
        check_reply(fd);
    return 0;
}
