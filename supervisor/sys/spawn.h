/* Births: a child born inside its cgroup that becomes a program. Source: clone(2) (clone3),
 * DESIGN.md section 5.
 *
 * The child shares no memory with us (a child that dies of its limit would take us along, one that
 * hangs in a file system would block us) and makes system calls only. What fails in it comes back
 * through a pipe as a step and an errno; the pipe's end of file says that it is the program, or
 * that it is dead. */
#ifndef BULKHEAD_SUPERVISOR_SYS_SPAWN_H
#define BULKHEAD_SUPERVISOR_SYS_SPAWN_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/plan.h"
#include "core/verdict.h"

#define SPAWN_PASS_MAX 4

struct spawn_pass {
    int fd; // ours
    int as; // the child's; not the number of a later `fd`
};

struct birth {
    const struct launch *launch; // `controls` are not its business
    int cgroup;                  // directory to be born in
    bool to_parent;              // child of our parent, which must be our creator with SIGCHLD
    int output_dir;              // stdout and stderr are opened below it, read-write;
    const char *input;           // and stdin, unless this is NULL: it stays ours;
    const char *output;          // NULL: both stay ours
    const char *errors;
    int output_file; // ours, the same open: for when the names are gone; 0: there is none
    int errors_file;
    bool keep_oom_score;        // one of our own programs: as protected as we are
    bool huge_pages;            // we went without them (sys/memory.h), the child is to have them
    const struct rlimit *files; // RLIMIT_NOFILE to start from; NULL: ours
    int files_max; // a file of this number or a higher one is -EMFILE; 0: no bound but the system's
    struct spawn_pass pass[SPAWN_PASS_MAX];
    size_t pass_count;
    bool terminal; // stdin becomes the controlling terminal, if it is one that has no session yet
};

struct newborn {
    pid_t pid;
    int pidfd;
    int report; // the pipe, non-blocking
};

/* 0, or negative errno with the step in *ret_step. */
int spawn_birth(const struct birth *birth, struct newborn *ret, enum spawn_step *ret_step);

#define SPAWN_FAILED_STATUS 127 // exit status of a child that did not become the program

struct spawn_report {
    enum spawn_step step;
    int error;
};

/* What the pipe says: 1: *ret tells what failed; 0: end of file; -EAGAIN: nothing yet. */
int spawn_report(int report, struct spawn_report *ret);

/* After the end of file, for a process that was not reaped yet: is it the program, or did it end
 * on the way? True where /proc cannot tell. */
bool spawn_is_program(pid_t pid);

/* Has it been sent a SIGKILL that nobody has seen the end of? As long as one of its threads is
 * stuck in the kernel that is all there is to be seen of its death. */
bool spawn_is_doomed(pid_t pid);

/* Has the process ended, reaped or not? So has one that is behind no pidfd (-1). */
bool spawn_is_dead(int pidfd);

#endif
