/* See pty.h. */
#include "supervisor/sys/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static int prepare(int fd, uid_t uid, gid_t gid)
{
    struct termios modes;

    if (tcgetattr(fd, &modes) < 0)
        return -errno;
    modes.c_oflag &= ~(tcflag_t)ONLCR; // its output goes into a log
    modes.c_lflag &= ~(tcflag_t)ECHO;
    if (tcsetattr(fd, TCSANOW, &modes) < 0)
        return -errno;
    return uid != (uid_t)-1 && fchown(fd, uid, gid) < 0 ? -errno : 0;
}

int pty_open(uid_t uid, gid_t gid, int *ret_ours, int *ret_theirs)
{
    int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), theirs = -1;
    int unlock = 0, result;

    if (ours < 0)
        return -errno;
    if (ioctl(ours, TIOCSPTLCK, &unlock) == 0)
        theirs = ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    result = theirs < 0 ? -errno : prepare(theirs, uid, gid);
    if (result < 0) {
        if (theirs >= 0)
            close(theirs);
        close(ours);
        return result;
    }
    *ret_ours = ours;
    *ret_theirs = theirs;
    return 0;
}
