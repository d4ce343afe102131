/* See pack.h. */
#include "core/pack.h"

#include <string.h>

static unsigned char *room(struct packer *packer, size_t bytes)
{
    unsigned char *at;

    if (!packer->bytes) {
        packer->used += bytes;
        return NULL;
    }
    if (packer->failed || packer->size - packer->used < bytes) {
        packer->failed = true;
        return NULL;
    }
    at = packer->bytes + packer->used;
    packer->used += bytes;
    return at;
}

static void pack_number(struct packer *packer, uint64_t value, size_t bytes)
{
    unsigned char *at = room(packer, bytes);

    for (size_t i = 0; at && i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

void pack_u32(struct packer *packer, uint32_t value)
{
    pack_number(packer, value, 4);
}

void pack_u64(struct packer *packer, uint64_t value)
{
    pack_number(packer, value, 8);
}

void pack_i64(struct packer *packer, int64_t value)
{
    pack_number(packer, (uint64_t)value, 8);
}

void pack_string(struct packer *packer, const char *text)
{
    size_t length = strlen(text);
    unsigned char *at;

    if (length >= UINT32_MAX) {
        packer->failed = true;
        return;
    }
    pack_u32(packer, (uint32_t)length);
    at = room(packer, length + 1);
    if (at)
        memcpy(at, text, length + 1);
}

static const unsigned char *take(struct unpacker *unpacker, size_t bytes)
{
    const unsigned char *at;

    if (unpacker->failed || unpacker->size - unpacker->used < bytes) {
        unpacker->failed = true;
        return NULL;
    }
    at = unpacker->bytes + unpacker->used;
    unpacker->used += bytes;
    return at;
}

static uint64_t unpack_number(struct unpacker *unpacker, size_t bytes)
{
    const unsigned char *at = take(unpacker, bytes);
    uint64_t value = 0;

    for (size_t i = 0; at && i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

uint32_t unpack_u32(struct unpacker *unpacker)
{
    return (uint32_t)unpack_number(unpacker, 4);
}

uint64_t unpack_u64(struct unpacker *unpacker)
{
    return unpack_number(unpacker, 8);
}

int64_t unpack_i64(struct unpacker *unpacker)
{
    return (int64_t)unpack_number(unpacker, 8);
}

const char *unpack_string(struct unpacker *unpacker)
{
    uint32_t length = unpack_u32(unpacker);
    const unsigned char *at = take(unpacker, (size_t)length + 1);

    if (!at || at[length] != '\0' || memchr(at, '\0', length)) {
        unpacker->failed = true;
        return "";
    }
    return (const char *)at;
}

uint32_t unpack_count(struct unpacker *unpacker, uint32_t most)
{
    uint32_t count = unpack_u32(unpacker);

    if (count > most) {
        unpacker->failed = true;
        return 0;
    }
    return count;
}
