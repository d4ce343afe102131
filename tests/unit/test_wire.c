/* Control frames: what one side writes the other reads, and nothing else harms it. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/restart.h"
#include "core/wire.h"

static uint64_t dice = 1;

static int64_t number(void)
{
    return (int64_t)(random_next(&dice) >> (1 + random_next(&dice) % 62));
}

static struct wire_request random_request(void)
{
    static const char *const names[] = {"web", "", "db-12", "a.very-long_name-of-a-service"};
    struct wire_request request = {.verb = (enum wire_verb)(random_next(&dice) % WIRE_UPGRADE)};

    request.grace_ns = number() - 1;
    request.signal = 1 + (int32_t)(random_next(&dice) % 64);
    request.alone = request.verb == WIRE_START && random_next(&dice) % 2;
    request.run = request.verb == WIRE_EXEC && random_next(&dice) % 2;
    request.names_count = request.verb == WIRE_EXEC ? 1 : (uint32_t)(random_next(&dice) % 20);
    for (uint32_t i = 0; i < request.names_count; i++)
        request.names[i] = names[random_next(&dice) % 4];
    return request;
}

static void requests_come_through(void **state)
{
    unsigned char frame[WIRE_REQUEST_MAX];
    struct wire_request got;
    const char *why;

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct wire_request sent = random_request();
        size_t size = wire_request_encode(&sent, frame, sizeof(frame));
        assert_true(size > 0);
        assert_int_equal(wire_request_decode(frame, size, &got, &why), 0);
        assert_int_equal(got.verb, sent.verb);
        assert_true(got.grace_ns == sent.grace_ns);
        assert_int_equal(got.signal, sent.signal);
        assert_int_equal(got.alone, sent.alone);
        assert_int_equal(got.run, sent.run);
        assert_int_equal(got.names_count, sent.names_count);
        for (uint32_t i = 0; i < sent.names_count; i++)
            assert_string_equal(got.names[i], sent.names[i]);
    }
}

/* As bytes: neither another version of the frames nor another byte order of ours may change them.
 */
static void an_upgrade_is_asked_for_in_every_version_alike(void **state)
{
    static const unsigned char expected[] = {'B', 'K', 'H', 'U', 7, 0, 0, 0, 0};
    static const unsigned char done[] = {'B', 'K', 'H', 'A', 3, 0, 0, 0};
    static const unsigned char error[] = {'B', 'K', 'H', 'A', 4, 0, 0, 0, 2, 0, 0, 0, 'n', 'o', 0};
    const struct wire_request sent = {.verb = WIRE_UPGRADE, .table = 7};
    unsigned char frame[WIRE_REPLY_MAX];
    struct wire_request got;
    const char *why;

    (void)state;
    assert_int_equal(wire_request_encode(&sent, frame, sizeof(frame)), 8);
    assert_memory_equal(frame, expected, 8);
    assert_int_equal(wire_request_decode(expected, 8, &got, &why), 0);
    assert_int_equal(got.verb, WIRE_UPGRADE);
    assert_int_equal(got.table, 7);
    assert_int_equal(wire_request_decode(expected, 7, &got, &why), 1);
    assert_int_equal(wire_request_decode(expected, 9, &got, &why), 1);
    assert_int_equal(
        wire_reply_encode(&(struct wire_reply){.kind = WIRE_DONE}, frame, sizeof(frame)),
        sizeof(done));
    assert_memory_equal(frame, done, sizeof(done));
    assert_int_equal(wire_reply_encode(&(struct wire_reply){.kind = WIRE_ERROR, .message = "no"},
                                       frame, sizeof(frame)),
                     sizeof(error));
    assert_memory_equal(frame, error, sizeof(error));
}

static void too_many_names_are_no_frame(void **state)
{
    static unsigned char frame[WIRE_REQUEST_MAX];
    static struct wire_request request = {.verb = WIRE_STOP, .names_count = WIRE_NAMES_MAX};

    (void)state;
    for (uint32_t i = 0; i < WIRE_NAMES_MAX; i++)
        request.names[i] = "web";
    assert_true(wire_request_encode(&request, frame, sizeof(frame)) > 0);
    assert_int_equal(wire_request_encode(&request, frame, 100), 0);
    request.names_count++;
    assert_int_equal(wire_request_encode(&request, frame, sizeof(frame)), 0);
}

static void refused_with_a_reason(void **state)
{
    struct wire_request request = {.verb = WIRE_KILL, .grace_ns = 0, .signal = SIGTERM};
    unsigned char frame[64];
    size_t size = wire_request_encode(&request, frame, sizeof(frame));
    struct wire_request got;
    const char *why = NULL;

    (void)state;
    frame[4]++; // the version
    assert_int_equal(wire_request_decode(frame, size, &got, &why), 1);
    assert_non_null(strstr(why, "another version"));
    request.signal = 0;
    size = wire_request_encode(&request, frame, sizeof(frame));
    assert_int_equal(wire_request_decode(frame, size, &got, &why), 1);
    assert_non_null(strstr(why, "without a signal"));
    request = (struct wire_request){.verb = WIRE_STOP, .grace_ns = -2};
    size = wire_request_encode(&request, frame, sizeof(frame));
    assert_int_equal(wire_request_decode(frame, size, &got, &why), 1);
}

static void assert_refused(const struct wire_request *request, const char *words)
{
    unsigned char frame[64];
    size_t size = wire_request_encode(request, frame, sizeof(frame));
    struct wire_request got;
    const char *why = NULL;

    assert_true(size > 0);
    assert_int_equal(wire_request_decode(frame, size, &got, &why), 1);
    assert_non_null(strstr(why, words));
}

static void what_does_not_belong_together_is_refused(void **state)
{
    struct wire_request request = {.verb = WIRE_EXEC_SIGNAL};

    (void)state;
    assert_refused(&request, "without a signal");
    request = (struct wire_request){.verb = WIRE_EXEC};
    assert_refused(&request, "names one member");
    request = (struct wire_request){.verb = WIRE_EXEC, .names_count = 2, .names = {"a", "b"}};
    assert_refused(&request, "names one member");
    request = (struct wire_request){.verb = WIRE_STOP, .alone = true};
    assert_refused(&request, "only a start or restart");
    request = (struct wire_request){.verb = WIRE_START, .run = true};
    assert_refused(&request, "only an exec");
}

static struct wire_reply random_reply(void)
{
    struct wire_reply reply = {
        .kind = (enum wire_reply_kind)(1 + random_next(&dice) % (WIRE_REPLIES_END - 1))};

    if (reply.kind == WIRE_INFO) {
        reply.info = (struct wire_info){.supervisor_pid = 7,
                                        .keeper_pid = 6,
                                        .members = 9,
                                        .ending = 1,
                                        .started_wall_ns = number(),
                                        .journal_lost = number()};
        strcpy(reply.info.stack, "shop");
    } else if (reply.kind == WIRE_ROW) {
        reply.row = (struct wire_row){.member = (uint32_t)(random_next(&dice) % INSTANCES_MAX),
                                      .service_length = 3,
                                      .number = 1,
                                      .state = (uint32_t)(random_next(&dice) % STATES_COUNT),
                                      .want = 1,
                                      .generation = (uint32_t)number(),
                                      .pid = 77,
                                      .exit_code = -1,
                                      .signal = 9,
                                      .verdict = (uint32_t)(random_next(&dice) % VERDICTS_COUNT),
                                      .step = SPAWN_STEP_EXEC,
                                      .error = 2,
                                      .hook = (uint32_t)(random_next(&dice) % AIDE_KINDS),
                                      .hook_index = (uint32_t)(random_next(&dice) % HOOKS_MAX),
                                      .restarts = number(),
                                      .started_wall_ns = number(),
                                      .uptime_ns = number(),
                                      .deadline_in_ns = -1,
                                      .peak_bytes = number(),
                                      .limit_bytes = number(),
                                      .waits_for = -1,
                                      .sequence = number(),
                                      .health = (uint32_t)(random_next(&dice) % 4),
                                      .budget = (uint32_t)(random_next(&dice) % (CAUSES_COUNT + 1)),
                                      .hash = random_next(&dice),
                                      .limits_hash = random_next(&dice)};
        strcpy(reply.row.name, "web-1");
    } else if (reply.kind == WIRE_ERROR) {
        strcpy(reply.message, "no such service");
    } else if (reply.kind == WIRE_STARTED) {
        reply.exec.pid = 4711;
    } else if (reply.kind == WIRE_EXITED) {
        reply.exec = (struct wire_exec){.code = -1, .signal = SIGKILL, .oom = 1};
    }
    return reply;
}

static void replies_come_through(void **state)
{
    unsigned char frame[WIRE_REPLY_MAX], again[WIRE_REPLY_MAX];
    struct wire_reply got;
    const char *why;

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct wire_reply sent = random_reply();
        size_t size = wire_reply_encode(&sent, frame, sizeof(frame));
        assert_true(size > 0);
        assert_int_equal(wire_reply_decode(frame, size, &got, &why), 0);
        assert_int_equal(got.kind, sent.kind);
        assert_memory_equal(&got.exec, &sent.exec, sizeof(got.exec));
        if (sent.kind == WIRE_ROW)
            assert_true(got.row.hook == sent.row.hook &&
                        got.row.hook_index == sent.row.hook_index &&
                        got.row.budget == sent.row.budget);
        assert_int_equal(wire_reply_encode(&got, again, sizeof(again)), size);
        assert_memory_equal(again, frame, size);
        assert_int_equal(wire_reply_encode(&sent, again, size - 1), 0);
    }
}

/* Decodes a copy that ends where it ends, so that the sanitizer sees a byte too far. */
static int decode_copy(const unsigned char *frame, size_t size, bool is_request)
{
    static struct wire_request request;
    static struct wire_reply reply;
    unsigned char *copy = malloc(size ? size : 1);
    const char *why = NULL;
    int result;

    assert_non_null(copy);
    memcpy(copy, frame, size);
    result = is_request ? wire_request_decode(copy, size, &request, &why)
                        : wire_reply_decode(copy, size, &reply, &why);
    assert_in_range(result, 0, 1);
    if (result == 1)
        assert_non_null(why);
    if (result == 0 && is_request)
        for (uint32_t i = 0; i < request.names_count; i++)
            assert_true(strlen(request.names[i]) < size);
    free(copy);
    return result;
}

static void damage(unsigned char *frame, size_t size, bool is_request)
{
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(decode_copy(frame, cut, is_request), 1);
    for (size_t i = 0; i < size; i++)
        for (int value = 1; value < 256; value <<= 1) {
            frame[i] ^= (unsigned char)value;
            (void)decode_copy(frame, size, is_request);
            frame[i] ^= (unsigned char)value;
        }
}

static void every_truncation_and_damage_is_survived(void **state)
{
    unsigned char frame[WIRE_REQUEST_MAX];

    (void)state;
    for (int round = 0; round < 20; round++) {
        struct wire_request request = random_request();
        struct wire_reply reply = random_reply();
        damage(frame, wire_request_encode(&request, frame, sizeof(frame)), true);
        damage(frame, wire_reply_encode(&reply, frame, sizeof(frame)), false);
    }
}

static void something_after_the_end_is_malformed(void **state)
{
    struct wire_reply reply = {.kind = WIRE_DONE};
    unsigned char frame[64];
    size_t size = wire_reply_encode(&reply, frame, sizeof(frame));

    (void)state;
    frame[size] = 0;
    assert_int_equal(decode_copy(frame, size + 1, false), 1);
    assert_string_equal(wire_verb_name(WIRE_RESTART), "restart");
    assert_string_equal(wire_verb_name(WIRE_VERBS_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_come_through),
        cmocka_unit_test(an_upgrade_is_asked_for_in_every_version_alike),
        cmocka_unit_test(too_many_names_are_no_frame),
        cmocka_unit_test(refused_with_a_reason),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
        cmocka_unit_test(replies_come_through),
        cmocka_unit_test(every_truncation_and_damage_is_survived),
        cmocka_unit_test(something_after_the_end_is_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
