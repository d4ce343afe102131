/* See sample.h. */
#include "core/sample.h"

#include <string.h>

#include "core/pack.h"

#define MAGIC UINT64_C(0x31706d6173686b62) // "bkhsamp1"

#define CHECKSUM_BYTES 8

/* FNV-1a, 64 bits: what is torn or foreign is found out; who forges can forge this, too. */
static uint64_t checksum(const unsigned char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void seal(unsigned char *bytes, size_t size)
{
    struct packer packer = {.bytes = bytes, .size = CHECKSUM_BYTES};

    pack_u64(&packer, checksum(bytes + CHECKSUM_BYTES, size - CHECKSUM_BYTES));
}

/* Behind the checksum, if that is right; else an unpacker that has failed. */
static struct unpacker open_sealed(const unsigned char *bytes, size_t size)
{
    struct unpacker unpacker = {.bytes = bytes, .size = size};

    unpacker.failed =
        unpack_u64(&unpacker) != checksum(bytes + CHECKSUM_BYTES, size - CHECKSUM_BYTES);
    return unpacker;
}

void sample_head_write(const struct sample_head *head, unsigned char bytes[SAMPLE_HEAD_BYTES])
{
    struct packer packer = {.bytes = bytes, .size = SAMPLE_HEAD_BYTES, .used = CHECKSUM_BYTES};

    memset(bytes, 0, SAMPLE_HEAD_BYTES);
    pack_u64(&packer, MAGIC);
    pack_u32(&packer, SAMPLE_VERSION);
    pack_u32(&packer, SAMPLE_PLACES);
    pack_u32(&packer, SAMPLE_PLACE_BYTES);
    pack_u64(&packer, head->epoch);
    pack_u64(&packer, head->next);
    seal(bytes, SAMPLE_HEAD_BYTES);
}

int sample_head_read(const unsigned char bytes[SAMPLE_HEAD_BYTES], struct sample_head *ret)
{
    struct unpacker unpacker = open_sealed(bytes, SAMPLE_HEAD_BYTES);
    struct sample_head head;
    bool known = unpack_u64(&unpacker) == MAGIC && unpack_u32(&unpacker) == SAMPLE_VERSION &&
                 unpack_u32(&unpacker) == SAMPLE_PLACES &&
                 unpack_u32(&unpacker) == SAMPLE_PLACE_BYTES;

    head.epoch = unpack_u64(&unpacker);
    head.next = unpack_u64(&unpacker);
    if (!known || unpacker.failed)
        return 1;
    *ret = head;
    return 0;
}

void sample_write(const struct sample *sample, uint64_t number,
                  unsigned char place[SAMPLE_PLACE_BYTES])
{
    struct packer packer = {.bytes = place, .size = SAMPLE_PLACE_BYTES, .used = CHECKSUM_BYTES};

    memset(place, 0, SAMPLE_PLACE_BYTES);
    pack_u64(&packer, number);
    pack_i64(&packer, sample->wall_ns);
    pack_i64(&packer, sample->at_ns);
    pack_u32(&packer, sample->generation);
#define PACK(field, name) pack_i64(&packer, sample->field);
    SAMPLE_NUMBERS(PACK)
#undef PACK
    pack_string(&packer, sample->name);
    seal(place, SAMPLE_PLACE_BYTES);
}

static bool name_is_sound(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if (name[i] <= ' ' || name[i] >= 0x7f)
            return false;
    return length > 0 && length < INSTANCE_NAME_MAX;
}

int sample_read(const unsigned char place[SAMPLE_PLACE_BYTES], uint64_t number, struct sample *ret)
{
    struct unpacker unpacker = open_sealed(place, SAMPLE_PLACE_BYTES);
    bool sound = unpack_u64(&unpacker) == number;
    struct sample sample = {0};
    const char *name;

    sample.wall_ns = unpack_i64(&unpacker);
    sample.at_ns = unpack_i64(&unpacker);
    sample.generation = unpack_u32(&unpacker);
#define UNPACK(field, name)               \
    sample.field = unpack_i64(&unpacker); \
    sound = sound && sample.field >= SAMPLE_NONE;
    SAMPLE_NUMBERS(UNPACK)
#undef UNPACK
    name = unpack_string(&unpacker);
    if (unpacker.failed || !sound || sample.at_ns < 0 || !name_is_sound(name))
        return 1;
    memcpy(sample.name, name, strlen(name) + 1);
    *ret = sample;
    return 0;
}

uint64_t sample_first(const struct sample_head *head, uint64_t seen, uint64_t *ret_missed)
{
    uint64_t oldest = head->next > SAMPLE_PLACES ? head->next - SAMPLE_PLACES : 0;

    if (seen > head->next) // hostile, or another file
        seen = oldest;
    *ret_missed = oldest > seen ? oldest - seen : 0;
    return oldest > seen ? oldest : seen;
}
