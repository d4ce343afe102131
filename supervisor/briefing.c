/* See briefing.h. */
#include "supervisor/briefing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/planfile.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/sock.h"

_Static_assert(RECORDER_MEMBERS_MAX * 2 <= SOCK_FILES_MAX,
               "the FIFOs of a message are sent at once");

/* Header and index of the plan, without what members are launched with: their environment is none
 * of the recorder's business. Descriptor or negative errno. */
static int copy_index(int plan)
{
    unsigned char bytes[PLANFILE_HEADER_BYTES];
    struct planfile_header header;
    off_t offset = 0;
    uint64_t left;
    int fd;

    if (pread(plan, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
        planfile_header(bytes, &header) != 0)
        return -EINVAL;
    fd = memfd_create("bulkhead-index", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    left = sizeof(bytes) + header.index_bytes;
    while (fd >= 0 && left > 0) {
        ssize_t copied = sendfile(fd, plan, &offset, left);

        if (copied <= 0) {
            int error = copied < 0 ? errno : ENODATA;
            close(fd);
            return -error;
        }
        left -= (uint64_t)copied;
    }
    if (fd < 0)
        return -errno;
    (void)fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return fd;
}

static int send_fifos(const struct supervisor *supervisor, int channel, uint32_t first)
{
    struct recorder_message message = {.kind = RECORDER_FIFOS, .first = first};
    int files[RECORDER_MEMBERS_MAX * 2];
    size_t count = 0;

    while (message.count < RECORDER_MEMBERS_MAX &&
           first + message.count < supervisor->roster.members_count) {
        const struct slot *slot = &supervisor->slots[first + message.count];

        files[count++] = slot->output;
        files[count++] = slot->errors;
        message.count++;
    }
    return sock_send_files(channel, &message, sizeof(message), files, count);
}

int briefing_plan(const struct supervisor *supervisor, int channel)
{
    const struct recorder_message message = {.kind = RECORDER_PLAN};
    int plan = copy_index(HANDOVER_PLAN);
    int result = plan;

    if (result >= 0)
        result = sock_send_files(channel, &message, sizeof(message), &plan, 1);
    for (uint32_t i = 0; result == 0 && i < supervisor->roster.members_count;
         i += RECORDER_MEMBERS_MAX)
        result = send_fifos(supervisor, channel, i);
    if (plan >= 0)
        close(plan);
    return result;
}
