/* bulkheadd, and bulkhead-keeper when it is called so: the two processes that stay as long as a
 * stack runs. See core/handover.h for what they are given. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "supervisor/keeper.h"
#include "supervisor/self_check.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/memory.h"
#include "supervisor/sys/signals.h"
#include "supervisor/upgrade.h"

#define HEAP_KEPT 16384 // bytes of freed heap that are not given back
#define HEAP_MOST 65536 // bytes of one allocation in it

static struct supervisor supervisor; // zeroed: pages that are not used are not there

static bool is_called(const char *name, const char *program)
{
    const char *slash = strrchr(name, '/');

    return strcmp(slash ? slash + 1 : name, program) == 0;
}

/* Whoever started us may have ignored or blocked what our children must have as usual. */
static void settle_signals(void)
{
    sigset_t set;

    signals_default();
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE); // blocked only: a lost reader is an error of write(2)
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
}

/* What was handed over is ours and not our children's. A log that nobody reads must not stop us. */
static void settle_files(void)
{
    struct stat status;
    int flags;

    for (int fd = STDERR_FILENO + 1; fd < HANDOVER_END; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
            (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    umask(077);
}

static int supervise(const char *libexec_dir, const char *how)
{
    bool adopt = how != NULL;
    char why[512];
    int result;

    (void)mallopt(M_MMAP_THRESHOLD, HEAP_MOST);
    (void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
    (void)mallopt(M_TOP_PAD, 0);
    settle_signals();
    settle_files();
    (void)memory_keep_code();
    if (supervisor_prepare(&supervisor, libexec_dir, adopt, why, sizeof(why)) != 0) {
        dprintf(HANDOVER_READY, "%s\n", why);
        if (adopt) // maybe nobody waits there
            dprintf(STDERR_FILENO, "bulkheadd: cannot take the stack over: %s\n", why);
        return HANDOVER_FAILED;
    }
    if (how && strcmp(how, HANDOVER_UPGRADE) == 0)
        recording_renew(&supervisor);
    (void)reaper_ready(&supervisor.reaper);
    (void)!write(HANDOVER_READY, "ready\n", 6);
    close(HANDOVER_READY);
    result = supervisor_run(&supervisor);
    if (result > 0 && supervisor.reaper.channel < 0) {
        upgrade_without_keeper(&supervisor);
        return HANDOVER_FAILED;
    }
    if (result < 0)
        dprintf(STDERR_FILENO, "bulkheadd: cannot wait for events: %s\n", strerrordesc_np(-result));
    return result < 0 ? HANDOVER_FAILED : result > 0 ? HANDOVER_LEFT : HANDOVER_DONE;
}

static bool is_how(const char *word)
{
    return strcmp(word, HANDOVER_ADOPT) == 0 || strcmp(word, HANDOVER_UPGRADE) == 0;
}

int main(int argc, char **argv)
{
    const char *how = argc == 4 && is_how(argv[3]) ? argv[3] : NULL;

    if (argc == 3 && strcmp(argv[1], HANDOVER_SELF_CHECK) == 0)
        return self_check(argv[2]);
    if ((argc != 3 && !how) || fcntl(HANDOVER_CGROUP, F_GETFD) < 0 ||
        fcntl(HANDOVER_PLAN, F_GETFD) < 0) {
        dprintf(STDERR_FILENO, "%s is started by `bulkhead up`\n", argc > 0 ? argv[0] : "this");
        return 2;
    }
    if (is_called(argv[0], "bulkhead-keeper"))
        return keeper_main(argv[1], argv[2], how);
    (void)prctl(PR_SET_NAME, "bulkheadd"); // not the link that the keeper started it by
    return supervise(argv[2], how);
}
