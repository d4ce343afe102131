/* See sample_ring.h. */
#include "supervisor/sample_ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"

#define PATH_NEW PATH_SAMPLES ".new"

/* 0 or negative errno; written in part is an error, too. */
static int write_at(int file, const void *bytes, size_t length, uint64_t offset)
{
    ssize_t written = pwrite(file, bytes, length, (off_t)offset);

    if (written < 0)
        return -errno;
    return (size_t)written == length ? 0 : -EIO;
}

static int write_head(const struct sample_ring *ring)
{
    unsigned char bytes[SAMPLE_HEAD_BYTES];

    sample_head_write(&ring->head, bytes);
    return write_at(ring->file, bytes, sizeof(bytes), 0);
}

int sample_ring_make(struct sample_ring *ring, int dir, uint64_t epoch)
{
    int result;

    (void)unlinkat(dir, PATH_NEW, 0);
    *ring = (struct sample_ring){.head.epoch = epoch};
    ring->file = openat(dir, PATH_NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ring->file < 0)
        return -errno;
    (void)fchmod(ring->file, 0640); // the recorder reads it; others do not reach the folder
    /* Whole at once: what fills the disk later takes no place from us. */
    result = -posix_fallocate(ring->file, 0, SAMPLE_FILE_BYTES);
    if (result == 0)
        result = write_head(ring);
    if (result == 0 && renameat(dir, PATH_NEW, dir, PATH_SAMPLES) < 0)
        result = -errno;
    if (result < 0) {
        (void)unlinkat(dir, PATH_NEW, 0);
        sample_ring_close(ring);
    }
    return result;
}

int sample_ring_continue(struct sample_ring *ring, int dir)
{
    unsigned char bytes[SAMPLE_HEAD_BYTES];
    struct stat status;

    *ring = (struct sample_ring){.file = -1};
    ring->file = openat(dir, PATH_SAMPLES, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (ring->file < 0)
        return -errno;
    if (fstat(ring->file, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size == (off_t)SAMPLE_FILE_BYTES &&
        pread(ring->file, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
        sample_head_read(bytes, &ring->head) == 0)
        return 0;
    sample_ring_close(ring);
    return -EBADMSG;
}

void sample_ring_close(struct sample_ring *ring)
{
    if (ring->file >= 0)
        close(ring->file);
    ring->file = -1;
}

int sample_ring_write(struct sample_ring *ring, unsigned char (*places)[SAMPLE_PLACE_BYTES],
                      uint32_t count)
{
    uint32_t done = 0;

    while (done < count) { // those in consecutive places are one write
        uint64_t number = ring->head.next + done;
        uint64_t room = SAMPLE_PLACES - number % SAMPLE_PLACES;
        uint32_t run = count - done < room ? count - done : (uint32_t)room;
        int result = write_at(ring->file, places[done], (size_t)run * SAMPLE_PLACE_BYTES,
                              sample_offset(number));
        if (result < 0)
            return result;
        done += run;
    }
    ring->head.next += count;
    return write_head(ring);
}
