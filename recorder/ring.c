/* See ring.h. */
#include "recorder/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAGIC       UINT64_C(0x31676e6972686b62) // "bkhring1"
#define KEPT_MEMORY ((size_t)256 * 1024)         // touched pages that stay when all is written
#define NO_END      UINT64_MAX

struct ring_shared {
    uint64_t magic;
    uint64_t bound; // of `bytes`, as far as it is used
    uint64_t head;  // where the next record goes
    uint64_t tail;  // the oldest record
    uint64_t end;   // where the records before the turn to 0 end, or NO_END
    uint64_t used;  // bytes of all records
    uint64_t at_work;
    struct ring_taking taking;
    char bytes[];
};

#define MAPPED (sizeof(struct ring_shared) + RING_BYTES_MAX)

/* In this order for whoever finds them after a SIGKILL. */
static void store(uint64_t *to, uint64_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

static struct ring_record *record_at(const struct ring *ring, uint64_t offset)
{
    return (struct ring_record *)(void *)(ring->shared->bytes + offset);
}

/* Does a record at `offset` end within `limit`, and is it what it says? */
static bool record_is_sound(const struct ring *ring, uint64_t offset, uint64_t limit)
{
    const struct ring_record *record = record_at(ring, offset);

    return offset % 8 == 0 && limit <= ring->shared->bound && offset + sizeof(*record) <= limit &&
           record->size % 8 == 0 && record->size >= sizeof(*record) &&
           record->size <= limit - offset && record->length <= record->size - sizeof(*record) &&
           record->stream <= 1 && memchr(record->name, '\0', sizeof(record->name));
}

static bool run_is_sound(const struct ring *ring, uint64_t from, uint64_t to, uint64_t *used)
{
    while (from < to) {
        if (!record_is_sound(ring, from, to))
            return false;
        *used += record_at(ring, from)->size;
        from += record_at(ring, from)->size;
    }
    return from == to;
}

/* A killed process may have stood between two of the stores below: what it left is completed, in
 * the order they are made. */
static bool recover(struct ring *ring)
{
    struct ring_shared *shared = ring->shared;
    uint64_t used = 0;

    if (shared->magic != MAGIC || shared->bound < RING_BYTES_MIN ||
        shared->bound > RING_BYTES_MAX || shared->head > shared->bound ||
        !memchr(shared->taking.name, '\0', sizeof(shared->taking.name)))
        return false;
    if (shared->end == shared->head)
        shared->head = 0;
    if (shared->end == NO_END && shared->tail > shared->head)
        shared->tail = 0;
    if (!run_is_sound(ring, shared->tail, shared->end == NO_END ? shared->head : shared->end,
                      &used))
        return false;
    if (shared->end != NO_END && !run_is_sound(ring, 0, shared->head, &used))
        return false;
    shared->used = used;
    if (used > 0 && shared->at_work)
        ring_first(ring)->again = 1;
    return true;
}

/* Who does not end within that time is held up by a disk and will run no instruction of ours. */
static void wait_for_turn(int fd)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    for (int i = 0; i < 200 && fcntl(fd, F_SETLK, &lock) < 0; i++)
        (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
}

int ring_open(struct ring *ring, int fd, bool *ret_fresh)
{
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
    void *memory;

    if (fd >= 0 && ftruncate(fd, (off_t)MAPPED) < 0)
        return -errno;
    if (fd >= 0)
        wait_for_turn(fd);
    memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    ring->shared = memory;
    ring->used_most = RING_BYTES_MAX;
    ring->reserved = false;
    *ret_fresh = !recover(ring);
    if (*ret_fresh)
        *ring->shared =
            (struct ring_shared){.magic = MAGIC, .bound = RING_BYTES_MIN, .end = NO_END};
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->work, NULL);
    pthread_cond_init(&ring->room, NULL);
    return 0;
}

void ring_close(struct ring *ring)
{
    if (!ring->shared)
        return;
    munmap(ring->shared, MAPPED);
    ring->shared = NULL;
    pthread_cond_destroy(&ring->room);
    pthread_cond_destroy(&ring->work);
    pthread_mutex_destroy(&ring->lock);
}

void ring_grow(struct ring *ring, size_t bytes)
{
    if (bytes > RING_BYTES_MAX)
        bytes = RING_BYTES_MAX;
    if (bytes > ring->shared->bound)
        ring->shared->bound = bytes & ~(size_t)7;
}

size_t ring_used(const struct ring *ring)
{
    return ring->shared->used;
}

size_t ring_free(const struct ring *ring)
{
    return ring->shared->bound - ring->shared->used;
}

struct ring_taking *ring_taking(struct ring *ring)
{
    return &ring->shared->taking;
}

struct ring_record *ring_reserve(struct ring *ring, size_t length)
{
    struct ring_shared *shared = ring->shared;
    uint64_t size = (sizeof(struct ring_record) + length + 7) & ~(uint64_t)7;

    if (shared->used == 0) {
        store(&shared->end, NO_END);
        store(&shared->head, 0);
        store(&shared->tail, 0);
    }
    if (shared->end == NO_END && shared->bound - shared->head < size) {
        if (shared->tail < size)
            return NULL;
        store(&shared->end, shared->head);
        store(&shared->head, 0);
    }
    if (shared->end != NO_END && shared->tail - shared->head < size)
        return NULL;
    ring->reserved = true;
    return record_at(ring, shared->head);
}

void ring_cancel(struct ring *ring)
{
    ring->reserved = false;
}

void ring_publish(struct ring *ring, struct ring_record *record, size_t length)
{
    struct ring_shared *shared = ring->shared;

    record->length = (uint32_t)length;
    record->size = (sizeof(*record) + length + 7) & ~(uint64_t)7;
    store(&shared->head, shared->head + record->size);
    shared->used += record->size;
    if (shared->head > ring->used_most)
        ring->used_most = shared->head;
    ring->reserved = false;
}

/* The tail follows where the records turned to the beginning. */
static void turn(struct ring_shared *shared)
{
    if (shared->tail == shared->end) {
        store(&shared->end, NO_END);
        store(&shared->tail, 0);
    }
}

struct ring_record *ring_first(struct ring *ring)
{
    struct ring_shared *shared = ring->shared;

    if (shared->used == 0)
        return NULL;
    turn(shared);
    store(&shared->at_work, 1);
    return record_at(ring, shared->tail);
}

void ring_release(struct ring *ring)
{
    struct ring_shared *shared = ring->shared;
    uint64_t size = record_at(ring, shared->tail)->size;

    store(&shared->tail, shared->tail + size);
    store(&shared->at_work, 0);
    shared->used -= size;
    pthread_cond_signal(&ring->room);
}

struct ring_record *ring_next(struct ring *ring, const struct ring_record *record)
{
    struct ring_shared *shared = ring->shared;
    uint64_t offset;

    if (!record)
        return shared->used > 0 ? ring_first(ring) : NULL;
    offset = (uint64_t)((const char *)record - shared->bytes) + record->size;
    if (offset == shared->end)
        offset = 0;
    return offset == shared->head ? NULL : record_at(ring, offset);
}

bool ring_is_large(const struct ring *ring)
{
    return ring->used_most > KEPT_MEMORY / 2;
}

void ring_shrink(struct ring *ring)
{
    size_t kept = (sizeof(struct ring_shared) + KEPT_MEMORY) & ~((size_t)64 * 1024 - 1);

    if (ring->shared->used > 0 || ring->reserved || !ring_is_large(ring))
        return;
    ring->used_most = 0;
    if (madvise((char *)ring->shared + kept, MAPPED - kept, MADV_REMOVE) < 0)
        (void)madvise((char *)ring->shared + kept, MAPPED - kept, MADV_DONTNEED);
}
