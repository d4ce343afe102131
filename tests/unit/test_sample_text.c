/* The numbers of the kernel's text, whatever is around them. */
// links: core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sample_text.h"

static struct sample memory(const char *text)
{
    struct sample sample;

    sample_text_begin(&sample);
    sample_text_memory(text, strlen(text), &sample);
    return sample;
}

static void memory_stat_is_read(void **state)
{
    struct sample is = memory("anon 1000\nfile 500\nkernel 300\nkernel_stack 16\npagetables 32\n"
                              "percpu 8\nsock 7\nshmem 40\nfile_mapped 9\nslab_reclaimable 100\n"
                              "slab_unreclaimable 60\nslab 160\n");

    (void)state;
    assert_int_equal(is.anon_bytes, 1000);
    assert_int_equal(is.file_bytes, 500);
    assert_int_equal(is.shmem_bytes, 40);
    assert_int_equal(is.kernel_bytes, 300);
    assert_int_equal(is.slab_bytes, 60);
    assert_int_equal(is.unreclaimable_bytes, 1000 + 40 + 7 + 300 - 100);
    assert_int_equal(is.current_bytes, SAMPLE_NONE);
    assert_int_equal(is.psi_some_usec, SAMPLE_NONE);
}

/* Before Linux 5.18 there is no sum. */
static void an_older_kernel_has_parts_only(void **state)
{
    struct sample is = memory("anon 1000\nkernel_stack 16\npagetables 32\npercpu 8\nshmem 40\n"
                              "slab_unreclaimable 60\n");

    (void)state;
    assert_int_equal(is.kernel_bytes, SAMPLE_NONE);
    assert_int_equal(is.file_bytes, SAMPLE_NONE);
    assert_int_equal(is.unreclaimable_bytes, 1000 + 40 + 16 + 32 + 8 + 60);
}

static void hostile_text_gives_no_number(void **state)
{
    (void)state;
    assert_int_equal(memory("").unreclaimable_bytes, SAMPLE_NONE);
    assert_int_equal(memory("anon").anon_bytes, SAMPLE_NONE);
    assert_int_equal(memory("anon \n").anon_bytes, SAMPLE_NONE);
    assert_int_equal(memory("anon -5\n").anon_bytes, SAMPLE_NONE);
    assert_int_equal(memory("anon 5x\n").anon_bytes, SAMPLE_NONE);
    assert_int_equal(memory("anon_thp 5\nanonymous 6\n").anon_bytes, SAMPLE_NONE);
    assert_int_equal(memory("file 1\nanon 12").anon_bytes, SAMPLE_NONE); // cut
    assert_true(memory("anon 99999999999999999999999999\nshmem 99999999999999999999\n"
                       "sock 99999999999999999999\nkernel 99999999999999999999\n")
                    .unreclaimable_bytes > INT64_C(1) << 60); // no wrap
}

static void pressure_is_read(void **state)
{
    static const char text[] = "some avg10=0.00 avg60=1.25 avg300=0.70 total=123456\n"
                               "full avg10=0.00 avg60=0.00 avg300=0.00 total=789\n";
    struct sample is;

    (void)state;
    sample_text_begin(&is);
    sample_text_pressure(text, sizeof(text) - 1, &is);
    assert_int_equal(is.psi_some_usec, 123456);
    assert_int_equal(is.psi_full_usec, 789);
    sample_text_begin(&is);
    sample_text_pressure(text, sizeof(text) - 2, &is); // the last line is cut
    assert_int_equal(is.psi_some_usec, 123456);
    assert_int_equal(is.psi_full_usec, SAMPLE_NONE);
    sample_text_begin(&is);
    sample_text_pressure("some total=x\nsome\nfull avg10=0\n", 32, &is);
    assert_int_equal(is.psi_some_usec, SAMPLE_NONE);
    assert_int_equal(is.psi_full_usec, SAMPLE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_stat_is_read),
        cmocka_unit_test(an_older_kernel_has_parts_only),
        cmocka_unit_test(hostile_text_gives_no_number),
        cmocka_unit_test(pressure_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
