// links: core
/* core/arena: memory is zeroed, aligned, apart, bounded; a failure sticks. */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/arena.h"

static void test_zeroed_aligned_and_apart(void **state)
{
    struct arena arena;
    unsigned char *piece[200];

    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < 200; i++) {
        piece[i] = arena_alloc(&arena, i + 1);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j <= i; j++)
            assert_int_equal(piece[i][j], 0);
        memset(piece[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t j = 0; j <= i; j++)
            assert_int_equal(piece[i][j], i);
    arena_finish(&arena);
}

static void test_larger_than_a_block(void **state)
{
    struct arena arena;
    char *big, *small;

    (void)state;
    arena_init(&arena, 0);
    big = arena_alloc(&arena, 1 << 20);
    small = arena_string(&arena, "after");
    assert_non_null(big);
    memset(big, 1, 1 << 20);
    assert_string_equal(small, "after");
    arena_finish(&arena);
}

static void test_texts(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_string_equal(arena_text(&arena, "hello world", 5), "hello");
    assert_string_equal(arena_text(&arena, NULL, 0), "");
    assert_string_equal(arena_string(&arena, ""), "");
    arena_finish(&arena);
}

/* Texts come from the other end of a block: the two never meet. */
static void test_texts_and_pieces_apart(void **state)
{
    static char letters[400];
    struct arena arena;
    unsigned char *piece[400];
    char *text[400];

    (void)state;
    arena_init(&arena, 0);
    memset(letters, 'x', sizeof(letters));
    for (size_t i = 0; i < 400; i++) {
        piece[i] = arena_alloc(&arena, 1 + i % 97);
        text[i] = arena_text(&arena, letters, i);
        assert_true(piece[i] && text[i]);
        assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
        memset(piece[i], 1, 1 + i % 97);
    }
    for (size_t i = 0; i < 400; i++) {
        assert_int_equal(strlen(text[i]), i);
        for (size_t j = 0; j < 1 + i % 97; j++)
            assert_int_equal(piece[i][j], 1);
    }
    arena_finish(&arena);
}

static void test_limit_sticks(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 64);
    assert_non_null(arena_alloc(&arena, 48));
    assert_false(arena_failed(&arena));
    assert_null(arena_alloc(&arena, 32));
    assert_true(arena_failed(&arena));
    assert_null(arena_alloc(&arena, 1)); // would fit
    assert_int_equal(arena.used, 48);
    arena_finish(&arena);
    assert_false(arena_failed(&arena)); // ready for use again, with its limit
    assert_null(arena_alloc(&arena, 65));
    arena_finish(&arena);
}

static void test_overflow(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 0);
    assert_null(arena_array(&arena, SIZE_MAX / 4, 8));
    assert_true(arena_failed(&arena));
    arena_finish(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX - 4));
    arena_finish(&arena);
    assert_non_null(arena_array(&arena, 0, 8));
    assert_non_null(arena_array(&arena, 3, 0));
    arena_finish(&arena);
}

static void test_finish_of_nothing(void **state)
{
    struct arena arena = {.blocks = NULL};

    (void)state;
    arena_finish(&arena);
    arena_finish(&arena);
    assert_int_equal(arena.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zeroed_aligned_and_apart),
        cmocka_unit_test(test_larger_than_a_block),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_texts_and_pieces_apart),
        cmocka_unit_test(test_limit_sticks),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_finish_of_nothing),
    };

    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
