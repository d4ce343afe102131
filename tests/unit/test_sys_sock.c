/* Packets with files: what fits comes, what is too much is closed and costs no file number. */
// links: supervisor/sys/sock.o
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/sys/sock.h"

static int lowest_free(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

static void pair_open(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

/* Sends `text` with `count` duplicates of `file`. */
static void post(int fd, const char *text, int file, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 64)];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        struct cmsghdr *header;
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * count);
        for (size_t i = 0; i < count; i++)
            memcpy(CMSG_DATA(header) + i * sizeof(int), &file, sizeof(int));
    }
    assert_true(sendmsg(fd, &message, MSG_NOSIGNAL) >= 0);
}

static void files_come_along(void **state)
{
    int pair[2], ends[2], files[4];
    size_t count = 4;
    char text[16];

    (void)state;
    pair_open(pair);
    assert_int_equal(pipe(ends), 0);
    post(pair[0], "exec", ends[1], 4);
    assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), files, &count), 4);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_true(fcntl(files[i], F_GETFD) & FD_CLOEXEC);
        assert_int_equal(write(files[i], "x", 1), 1);
        close(files[i]);
    }
    count = 4;
    post(pair[0], "plain", -1, 0);
    assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), files, &count), 5);
    assert_int_equal(count, 0);
    count = 4;
    assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), files, &count), -EAGAIN);
    close(pair[0]);
    count = 4;
    assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), files, &count), 0);
    close(pair[1]);
    close(ends[0]);
    close(ends[1]);
}

static void too_many_are_closed(void **state)
{
    static const size_t counts[] = {2, 5, 8, 9, 20, 64};
    int pair[2], file;
    char text[16];
    int free_before;

    (void)state;
    pair_open(pair);
    free_before = lowest_free();
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        size_t count = 1;
        post(pair[0], "hello", STDERR_FILENO, counts[i]);
        assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), &file, &count), -EMSGSIZE);
        assert_int_equal(count, 0);
        assert_int_equal(lowest_free(), free_before);
    }
    post(pair[0], "hello", STDERR_FILENO, 1); // one who expects none
    assert_int_equal(sock_receive(pair[1], text, sizeof(text)), -EMSGSIZE);
    assert_int_equal(lowest_free(), free_before);
    close(pair[0]);
    close(pair[1]);
}

static void a_packet_cut_short_brings_no_files(void **state)
{
    int pair[2], files[4];
    size_t count = 4;
    char text[4];
    int free_before;

    (void)state;
    pair_open(pair);
    free_before = lowest_free();
    post(pair[0], "longer than that", STDERR_FILENO, 3);
    assert_int_equal(sock_receive_files(pair[1], text, sizeof(text), files, &count), -EMSGSIZE);
    assert_int_equal(count, 0);
    assert_int_equal(lowest_free(), free_before);
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_along),
        cmocka_unit_test(too_many_are_closed),
        cmocka_unit_test(a_packet_cut_short_brings_no_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
