/* See pseudo.h. */
#include "cli/stack/pseudo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_slave(struct pseudo *pseudo, uid_t owner)
{
    struct termios settings;

    if (grantpt(pseudo->master) != 0 || unlockpt(pseudo->master) != 0)
        return -errno;
    /* by the master, not by a name: /dev/pts may be another one here */
    pseudo->slave = ioctl(pseudo->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pseudo->slave < 0)
        return -errno;
    if (tcgetattr(STDIN_FILENO, &settings) == 0)
        (void)tcsetattr(pseudo->slave, TCSANOW, &settings);
    if (owner != (uid_t)-1 && fchown(pseudo->slave, owner, (gid_t)-1) != 0 && errno != EPERM)
        return -errno;
    return 0;
}

int pseudo_open(uid_t owner, struct pseudo *ret)
{
    struct pseudo pseudo = {.slave = -1};
    int failed;

    pseudo.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pseudo.master < 0)
        return -errno;
    failed = open_slave(&pseudo, owner);
    if (failed != 0) {
        pseudo_close(&pseudo);
        return failed;
    }
    pseudo_resize(&pseudo);
    *ret = pseudo;
    return 0;
}

int pseudo_raw(struct pseudo *pseudo)
{
    struct termios raw;

    if (tcgetattr(STDIN_FILENO, &pseudo->saved) != 0)
        return -errno;
    raw = pseudo->saved;
    cfmakeraw(&raw);
    if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0)
        return -errno;
    pseudo->raw = true;
    return 0;
}

void pseudo_resize(const struct pseudo *pseudo)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        (void)ioctl(pseudo->master, TIOCSWINSZ, &size);
}

void pseudo_close(struct pseudo *pseudo)
{
    if (pseudo->raw)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &pseudo->saved);
    if (pseudo->slave >= 0)
        close(pseudo->slave);
    if (pseudo->master >= 0)
        close(pseudo->master);
    *pseudo = (struct pseudo){.master = -1, .slave = -1};
}
