/* See sandbox.h. */
#include "recorder/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder/filter.h"

struct leaving {
    struct place *place;
    struct stat owner; // of the state folder
    sandbox_said *say;
    void *context;
};

static void tell(const struct leaving *leaving, const char *what)
{
    leaving->say(leaving->context, what, errno);
}

static void shut_in(const struct leaving *leaving)
{
    if (fchdir(leaving->place->state) < 0 || chroot(".") < 0)
        tell(leaving, "sees more than its own folder");
    else
        leaving->place->state_path[0] = '\0';
}

static void become_user(const struct leaving *leaving)
{
    uid_t uid = leaving->owner.st_uid;
    gid_t gid = leaving->owner.st_gid;

    if (uid == 0) // its folder could be given to nobody
        leaving->say(leaving->context, "stays root, with no capabilities", 0);
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        tell(leaving, "cannot become another user");
}

static void drop_capabilities(const struct leaving *leaving)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capset, &header, none) < 0)
        tell(leaving, "keeps its capabilities");
}

int sandbox_filter(void)
{
    const struct sock_fprog program = {
        .len = recorder_filter_length,
        .filter = (struct sock_filter *)(unsigned long)recorder_filter, // read only
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return -errno;
    return 0;
}

void sandbox_enter(struct place *place, sandbox_said *say, void *context)
{
    struct leaving leaving = {.place = place, .say = say, .context = context};
    bool is_root = geteuid() == 0;
    int failed = 0;

    if (is_root && fstat(place->state, &leaving.owner) == 0) {
        shut_in(&leaving);
        become_user(&leaving);
    }
    drop_capabilities(&leaving);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0)
        tell(&leaving, "may still be given privileges, or be traced");
#ifdef RECORDER_FILTER
    failed = sandbox_filter();
#endif
    if (failed != 0)
        say(context, "has no seccomp filter", -failed);
}
