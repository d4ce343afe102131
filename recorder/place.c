/* See place.h. */
#include "recorder/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/paths.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)

static void close_file(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void place_close(struct place *place)
{
    close_file(&place->runtime);
    close_file(&place->state);
    close_file(&place->logs);
    close_file(&place->journal);
}

/* systemd holds this socket, whatever becomes of journald: connected once is connected for ever. */
static int connect_journal(void)
{
    static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = PATH_JOURNALD};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        close_file(&fd);
    return fd;
}

static int open_logs(int state)
{
    if (mkdirat(state, PATH_LOGS, 0700) < 0 && errno != EEXIST)
        return -1;
    return openat(state, PATH_LOGS, FOLDER);
}

int place_open(const struct roster *roster, struct place *ret, const char **ret_what)
{
    struct place place = {-1, -1, -1, -1, "", ""};
    int error;

    *ret_what = "open the runtime folder";
    place.runtime = open(roster->runtime_dir, FOLDER);
    if (place.runtime >= 0) {
        *ret_what = "open the state folder";
        place.state = open(roster->state_dir, FOLDER);
    }
    if (place.state >= 0) {
        *ret_what = "open the folder of the logs";
        place.logs = open_logs(place.state);
    }
    if (place.logs < 0) {
        error = errno;
        place_close(&place);
        return -error;
    }
    place.journal = connect_journal();
    snprintf(place.state_path, sizeof(place.state_path), "%s", roster->state_dir);
    memcpy(place.stack, roster->stack, sizeof(place.stack));
    *ret = place;
    return 0;
}
