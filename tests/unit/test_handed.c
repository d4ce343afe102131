/* What the supervisor hands to the recorder. */
// links: recorder/handed.o core
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/planfile.h"
#include "recorder/handed.h"

#define MEMBERS 3

struct channel {
    int ours;
    int theirs;
    int files; // open ones, before
};

static int count_files(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static int set_up(void **state)
{
    static struct channel channel;
    int pair[2];

    channel.files = count_files();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
        return -1;
    channel.ours = pair[0];
    channel.theirs = pair[1];
    *state = &channel;
    return 0;
}

/* Nothing that came is left open. */
static int tear_down(void **state)
{
    struct channel *channel = *state;

    close(channel->ours);
    close(channel->theirs);
    return count_files() == channel->files ? 0 : -1;
}

static void send_message(const struct channel *channel, const struct recorder_message *message,
                         const int *files, size_t count)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 16)];
    } control = {0};
    struct iovec part = {(void *)(uintptr_t)message, sizeof(*message)};
    struct msghdr letter = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        letter.msg_control = control.bytes;
        letter.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(&control.align), files, sizeof(int) * count);
    }
    assert_int_equal(sendmsg(channel->ours, &letter, 0), sizeof(*message));
}

/* Header and index of a plan with that many members, as the supervisor sends them. */
static void send_plan(const struct channel *channel, size_t members, size_t cut)
{
    const struct recorder_message message = {.kind = RECORDER_PLAN};
    struct stack_group whole = {.name = ""};
    struct plan_member *member = calloc(members + 1, sizeof(*member));
    char *const words[] = {(char[]){"/bin/true"}, NULL};
    struct plan plan = {.stack = "shop",
                        .cgroup_dir = "/c",
                        .runtime_dir = "/run/shop",
                        .state_dir = "/var/shop",
                        .groups = &whole,
                        .groups_count = 1,
                        .members = member,
                        .members_count = members};
    struct planfile_header header;
    unsigned char *bytes;
    size_t size;
    int fd = memfd_create("plan", 0);

    for (size_t i = 0; i < members; i++) {
        member[i] = (struct plan_member){.service = "web",
                                         .number = (uint32_t)i + 1,
                                         .policy = policy_default(),
                                         .logging = LOGGING_DEFAULT};
        member[i].launch = (struct launch){.program = "/bin/true",
                                           .argv = words,
                                           .envp = words + 1,
                                           .directory = "/",
                                           .labels = words + 1};
    }
    assert_int_equal(planfile_encode(&plan, &bytes, &size), 0);
    assert_int_equal(planfile_header(bytes, &header), 0);
    size = PLANFILE_HEADER_BYTES + (size_t)header.index_bytes - cut;
    assert_int_equal(write(fd, bytes, size), size);
    send_message(channel, &message, &fd, 1);
    close(fd);
    free(bytes);
    free(member);
}

static void send_fifos(const struct channel *channel, uint32_t first, uint32_t count, int fd)
{
    const struct recorder_message message = {RECORDER_FIFOS, first, count};
    int files[16];

    for (size_t i = 0; i < 16; i++)
        files[i] = fd;
    send_message(channel, &message, files, (size_t)count * 2);
}

static int hear(const struct channel *channel, struct handed *handed)
{
    return handed_hear(handed, channel->theirs, 5, true);
}

static void test_a_plan_with_its_fifos(void **state)
{
    const struct channel *channel = *state;
    struct handed handed = {0};
    int fd;

    assert_int_equal(hear(channel, &handed), -EAGAIN);
    send_plan(channel, MEMBERS, 0);
    send_fifos(channel, 0, 2, STDIN_FILENO);
    assert_int_equal(hear(channel, &handed), -EAGAIN);
    send_fifos(channel, 2, 1, STDIN_FILENO);
    assert_int_equal(hear(channel, &handed), 1);
    assert_string_equal(handed.roster.state_dir, "/var/shop");
    assert_int_equal(handed.roster.members_count, MEMBERS);
    assert_string_equal(handed.roster.members[2].name, "web-3");
    fd = handed_take(&handed, 1, 1);
    assert_true(fd >= 0);
    assert_int_equal(handed_take(&handed, 1, 1), -1);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    handed_finish(&handed);
    assert_true(fcntl(fd, F_GETFD) >= 0); // it is ours
    close(fd);
}

static void test_a_plan_without_members(void **state)
{
    struct handed handed = {0};

    send_plan(*state, 0, 0);
    assert_int_equal(hear(*state, &handed), 1);
    handed_finish(&handed);
}

static void test_questions_are_answered(void **state)
{
    const struct channel *channel = *state;
    const struct recorder_message question = {RECORDER_ASKED, 42, 0};
    struct recorder_message answer;
    struct handed handed = {0};

    send_plan(channel, 1, 0);
    send_message(channel, &question, NULL, 0); // between the two
    send_fifos(channel, 0, 1, STDIN_FILENO);
    assert_int_equal(hear(channel, &handed), 1);
    assert_int_equal(recv(channel->ours, &answer, sizeof(answer), MSG_DONTWAIT), sizeof(answer));
    assert_int_equal(answer.first, 42);
    assert_int_equal(answer.count, 5);
    handed_finish(&handed);
    send_message(channel, &question, NULL, 0);
    assert_int_equal(handed_hear(&handed, channel->theirs, 5, false), -EAGAIN);
    assert_int_equal(recv(channel->ours, &answer, sizeof(answer), MSG_DONTWAIT), -1);
}

static void test_the_end(void **state)
{
    const struct recorder_message end = {RECORDER_END, 0, 0};
    const struct channel *channel = *state;
    struct handed handed = {0};

    send_plan(channel, 1, 0);
    send_message(channel, &end, NULL, 0); // whatever else was to come
    shutdown(channel->ours, SHUT_WR);
    assert_int_equal(hear(channel, &handed), 0);
    handed_finish(&handed);
}

static void test_a_supervisor_that_is_gone(void **state)
{
    const struct channel *channel = *state;
    struct handed handed = {0};

    send_plan(channel, 1, 0);
    shutdown(channel->ours, SHUT_WR);
    assert_int_equal(hear(channel, &handed), -EPIPE);
    handed_finish(&handed);
}

static void test_the_end_with_an_answer_unread(void **state)
{
    struct channel *channel = *state;
    const struct recorder_message question = {RECORDER_ASKED, 1, 0};
    struct handed handed = {0};

    send_message(channel, &question, NULL, 0);
    assert_int_equal(hear(channel, &handed), -EAGAIN);
    send_plan(channel, 0, 0);
    close(channel->ours);
    channel->ours = dup(channel->theirs); // to be closed by and by
    assert_int_equal(hear(channel, &handed), 1);
    assert_int_equal(hear(channel, &handed), -EPIPE);
    handed_finish(&handed);
}

static void expect_refused(void **state)
{
    struct handed handed = {0};

    assert_int_equal(hear(*state, &handed), -EPROTO);
    assert_non_null(handed.why);
    handed_finish(&handed);
}

static void test_what_does_not_fit_is_refused(void **state)
{
    const struct recorder_message unknown = {99, 0, 0}, plan = {RECORDER_PLAN, 0, 0};

    send_fifos(*state, 0, 1, STDIN_FILENO); // of which plan?
    expect_refused(state);
    send_plan(*state, 1, 1);
    expect_refused(state);
    send_message(*state, &plan, NULL, 0);
    expect_refused(state);
    send_message(*state, &unknown, NULL, 0);
    expect_refused(state);
    send_plan(*state, MEMBERS, 0);
    send_fifos(*state, 1, 1, STDIN_FILENO); // not its turn
    expect_refused(state);
    send_plan(*state, MEMBERS, 0);
    send_fifos(*state, 0, 4, STDIN_FILENO); // too many
    expect_refused(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_plan_with_its_fifos, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_plan_without_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_questions_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_supervisor_that_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_end_with_an_answer_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_does_not_fit_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
