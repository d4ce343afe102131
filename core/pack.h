/* Numbers and strings to bytes and back, bounded. For the plan file and the control frames.
 * Integers are little-endian; a string is its length (u32), its bytes and a NUL. */
#ifndef BULKHEAD_CORE_PACK_H
#define BULKHEAD_CORE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes into memory of the caller, or only counts when `bytes` is NULL. `failed` is sticky. */
struct packer {
    unsigned char *bytes;
    size_t size; // ignored when counting
    size_t used;
    bool failed;
};

void pack_u32(struct packer *packer, uint32_t value);
void pack_u64(struct packer *packer, uint64_t value);
void pack_i64(struct packer *packer, int64_t value);
void pack_string(struct packer *packer, const char *text);

/* Reads; after a failure every further read gives 0 or "". */
struct unpacker {
    const unsigned char *bytes;
    size_t size;
    size_t used;
    bool failed;
};

uint32_t unpack_u32(struct unpacker *unpacker);
uint64_t unpack_u64(struct unpacker *unpacker);
int64_t unpack_i64(struct unpacker *unpacker);
/* Points into the bytes; NUL-terminated, without another NUL inside; never NULL. */
const char *unpack_string(struct unpacker *unpacker);
/* A number that must not exceed `most`, else the unpacker fails and 0 is returned. */
uint32_t unpack_count(struct unpacker *unpacker, uint32_t most);

/* Everything was read and nothing failed. */
static inline bool unpacked_all(const struct unpacker *unpacker)
{
    return !unpacker->failed && unpacker->used == unpacker->size;
}

#endif
