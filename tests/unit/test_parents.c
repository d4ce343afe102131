/* The way to a folder: what somebody else could change is refused before anything is made below it.
 */
// links: cli/host/parents.o
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/host/parents.h"

static char root[PATH_MAX], text[PARENTS_TEXT_BYTES];

static int go(const char *below)
{
    char path[2 * PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", root, below);
    return parents_open(path, "THE_VARIABLE", text);
}

/* It leads to what stat(2) finds there. */
static void leads_to(const char *below, const char *real)
{
    char path[2 * PATH_MAX];
    struct stat wanted, got;
    int fd = go(below);

    assert_true(fd >= 0);
    snprintf(path, sizeof(path), "%s/%s", root, real);
    assert_int_equal(stat(path, &wanted), 0);
    assert_int_equal(fstat(fd, &got), 0);
    assert_int_equal(got.st_ino, wanted.st_ino);
    close(fd);
}

static void refused(const char *below, const char *word)
{
    assert_int_equal(go(below), -EPERM);
    assert_non_null(strstr(text, word));
}

static int set_up(void **state)
{
    char folder[] = "/tmp/bulkhead-parents.XXXXXX";

    (void)state;
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return 1;
    strcpy(root, folder);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void makes_what_is_missing(void **state)
{
    (void)state;
    leads_to("one/two/last", "one/two");
    leads_to("one//two///last/", "one/two");
    leads_to("one/./two/../two/last", "one/two");
    leads_to("last", ".");
    assert_int_equal(access("one/two/last", F_OK), -1);
}

static void follows_our_own_links(void **state)
{
    (void)state;
    assert_int_equal(symlink("one/two", "relative"), 0);
    assert_int_equal(symlink(root, "absolute"), 0);
    leads_to("relative/last", "one/two");
    leads_to("relative/three/last", "one/two/three");
    leads_to("absolute/relative/../last", "one");
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(go("loop/last"), -ELOOP);
}

static void refuses_what_others_may_write(void **state)
{
    (void)state;
    assert_int_equal(mkdir("open", 0700), 0);
    assert_int_equal(chmod("open", 0777), 0);
    refused("open/below/last", "chmod go-w");
    assert_int_equal(access("open/below", F_OK), -1);
    assert_int_equal(chmod("open", 01777), 0);
    leads_to("open/below/last", "open/below");
}

static void refuses_what_is_somebody_elses(void **state)
{
    (void)state;
    if (geteuid() != 0)
        return;
    assert_int_equal(mkdir("foreign", 0755), 0);
    assert_int_equal(chown("foreign", 12345, 12345), 0);
    refused("foreign/below/last", "uid 12345");
    assert_non_null(strstr(text, "THE_VARIABLE"));
    assert_int_equal(access("foreign/below", F_OK), -1);
    assert_int_equal(symlink("one", "link"), 0);
    assert_int_equal(lchown("link", 12345, 12345), 0);
    refused("link/last", "symbolic link");
}

static void a_file_is_no_folder(void **state)
{
    int fd = open("file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    char name[NAME_MAX + 2], path[NAME_MAX + 16];

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(go("file/last"), -ENOTDIR);
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    leads_to(name, "."); // the last name is the caller's
    snprintf(path, sizeof(path), "%s/last", name);
    assert_int_equal(go(path), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_what_is_missing),
        cmocka_unit_test(follows_our_own_links),
        cmocka_unit_test(refuses_what_others_may_write),
        cmocka_unit_test(refuses_what_is_somebody_elses),
        cmocka_unit_test(a_file_is_no_folder),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
