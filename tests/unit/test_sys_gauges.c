/* Files of a compartment and its processes, as the kernel has them, and when they are not there. */
// links: supervisor/sys/gauges.o supervisor/sys/procmem.o core
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/sample_text.h"
#include "supervisor/sys/gauges.h"
#include "supervisor/sys/procmem.h"

#define MIB ((size_t)1 << 20)

static const char *const files[] = {"memory.stat",     "memory.current", "cpu.stat",
                                    "memory.pressure", "pids.current",   "cgroup.procs"};

struct place {
    char path[64];
    int dir;
};

static int begin(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    strcpy(place->path, "/tmp/bulkhead-test.XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(place->dir, "x", 0700), 0);
    *state = place;
    return 0;
}

static int end(void **state)
{
    struct place *place = *state;
    char path[64];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "x/%s", files[i]);
        (void)unlinkat(place->dir, path, 0);
    }
    assert_int_equal(unlinkat(place->dir, "x", AT_REMOVEDIR), 0);
    close(place->dir);
    assert_int_equal(rmdir(place->path), 0);
    free(place);
    return 0;
}

static void put(const struct place *place, const char *file, const char *text)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "x/%s", file);
    fd = openat(place->dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void all_files_are_read(void **state)
{
    const struct place *place = *state;
    struct sample sample;
    int64_t usec;

    put(place, "memory.stat",
        "anon 4096\nfile 8192\nkernel 100\nshmem 10\nslab_reclaimable 60\n"
        "slab_unreclaimable 20\n");
    put(place, "memory.current", "12345\n");
    put(place, "cpu.stat", "usage_usec 777\nuser_usec 700\nsystem_usec 77\n");
    put(place, "memory.pressure",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=4\n");
    put(place, "pids.current", "3\n");
    sample_text_begin(&sample);
    gauges_read(place->dir, "x", &sample);
    assert_int_equal(sample.current_bytes, 12345);
    assert_int_equal(sample.anon_bytes, 4096);
    assert_int_equal(sample.file_bytes, 8192);
    assert_int_equal(sample.unreclaimable_bytes, 4096 + 10 + 40);
    assert_int_equal(sample.psi_some_usec, 5);
    assert_int_equal(sample.psi_full_usec, 4);
    assert_int_equal(sample.processes, 3);
    assert_int_equal(gauges_cpu(place->dir, "x", &usec), 0);
    assert_int_equal(usec, 777);
}

static void what_is_not_there_is_not_to_be_had(void **state)
{
    const struct place *place = *state;
    char name[600];
    struct sample sample;
    int64_t usec;

    sample_text_begin(&sample);
    gauges_read(place->dir, "x", &sample);
#define IS_NONE(field, word) assert_int_equal(sample.field, SAMPLE_NONE);
    SAMPLE_NUMBERS(IS_NONE)
    assert_false(gauges_memory(place->dir, "x", &sample));
    assert_int_equal(gauges_cpu(place->dir, "x", &usec), -ENOENT);
    put(place, "cpu.stat", "user_usec 700\n");
    assert_int_equal(gauges_cpu(place->dir, "x", &usec), -EBADMSG);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(gauges_cpu(place->dir, name, &usec), -ENAMETOOLONG);
}

/* --- processes ------------------------------------------------------------------------------ */

/* A child that has so much of a memfd; its pid. It ends when `pipe` does. */
static pid_t bear(size_t bytes, const int pipe[2])
{
    pid_t pid = fork();
    char byte;

    if (pid == 0) {
        int fd = memfd_create("some", MFD_CLOEXEC);
        char *more = NULL;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
            more = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (!more || more == MAP_FAILED)
            _exit(1);
        memset(more, 1, bytes);
        close(pipe[1]);
        kill(getpid(), SIGSTOP); // says that it is there
        (void)!read(pipe[0], &byte, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
    return pid;
}

static void the_biggest_come_first(void **state)
{
    const struct place *place = *state;
    struct snapshot_process found[SNAPSHOT_PROCESSES_MAX];
    pid_t pids[4];
    char text[128];
    int pipe_of[2], used = 0;
    char own[16];

    assert_int_equal(prctl(PR_GET_NAME, own), 0); // valgrind has a name of its own
    assert_int_equal(pipe(pipe_of), 0);
    for (int i = 0; i < 4; i++) {
        pids[i] = bear((size_t)(i + 1) * 8 * MIB, pipe_of);
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%d\n", pids[i]);
    }
    snprintf(text + used, sizeof(text) - (size_t)used, "%d\n0\nx\n", 1 << 29); // one that has gone
    put(place, "cgroup.procs", text);
    assert_int_equal(procmem_biggest(place->dir, "x", found), SNAPSHOT_PROCESSES_MAX);
    for (int i = 0; i < SNAPSHOT_PROCESSES_MAX; i++) {
        assert_int_equal(found[i].pid, pids[3 - i]);
        assert_true(found[i].shmem_bytes >= (int64_t)((size_t)(4 - i) * 8 * MIB));
        assert_true(found[i].shmem_bytes < (int64_t)((size_t)(5 - i) * 8 * MIB));
        assert_string_equal(found[i].comm, own);
        assert_true(found[i].stacks_bytes > 0);
        assert_true(found[i].file_bytes > 0);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(kill(pids[i], SIGKILL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
    close(pipe_of[0]);
    close(pipe_of[1]);
}

static void nobody_is_no_failure(void **state)
{
    const struct place *place = *state;
    struct snapshot_process found[SNAPSHOT_PROCESSES_MAX];

    assert_int_equal(procmem_biggest(place->dir, "x", found), -ENOENT);
    put(place, "cgroup.procs", "");
    assert_int_equal(procmem_biggest(place->dir, "x", found), 0);
    put(place, "cgroup.procs", "536870912\n-1\n99999999999999999999\n\n");
    assert_int_equal(procmem_biggest(place->dir, "x", found), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_files_are_read, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_to_be_had, begin, end),
        cmocka_unit_test_setup_teardown(the_biggest_come_first, begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_no_failure, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
