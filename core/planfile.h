/* The plan as bytes: what passes from the command line to the supervisor in a sealed memfd, and
 * what the next supervisor and the recorder read again. Hostile when read: every length is checked.
 *
 * Layout: a header of fixed size, the index (groups, names, policies, needs, aides), then the
 * launch records, of each member and of its aides, which a supervisor reads only when it starts
 * one. Integers are little-endian. */
#ifndef BULKHEAD_CORE_PLANFILE_H
#define BULKHEAD_CORE_PLANFILE_H

#include <sys/types.h>

#include "core/plan.h"

#define PLANFILE_VERSION      5
#define PLANFILE_HEADER_BYTES 32
#define PLANFILE_INDEX_MAX    ((size_t)16 << 20)

struct planfile_header {
    uint32_t version;
    uint32_t members;
    uint64_t index_bytes; // the index starts after the header
    uint64_t total_bytes;
};

/* 0 with a malloc'ed *ret_bytes, -ENOMEM, or 1 when the plan exceeds a bound of limits.h. */
int planfile_encode(const struct plan *plan, unsigned char **ret_bytes, size_t *ret_size);

/* `bytes` holds PLANFILE_HEADER_BYTES. 0, or 1: not a plan file of this version. */
int planfile_header(const unsigned char *bytes, struct planfile_header *ret);

/* `bytes` is the index alone. 0; 1: malformed, *ret_why a static text; -ENOMEM. */
int planfile_index(const struct planfile_header *header, const unsigned char *bytes, size_t size,
                   struct roster *ret, const char **ret_why);

/* A file to read a plan out of, whoever may make the system calls. */
struct planfile_source {
    /* Up to `size` bytes at `offset`: how many, 0 at the end, or negative errno. */
    ssize_t (*read)(void *self, void *bytes, size_t size, uint64_t offset);
    void *self;
    uint64_t size; // of the file
};

/* Header and index. 0; 1: not a plan file of this version, or not a whole one, *ret_why a static
 * text; -ENOMEM or what `read` says; -ENODATA: the file is shorter than its size. */
int planfile_load(const struct planfile_source *source, struct roster *ret, const char **ret_why);

/* A launch record, decoded. Its pointers lead into `bytes` and into `memory`. */
struct launch_record {
    struct launch launch;
    void *memory; // owned: the pointer arrays
};

/* One record alone, for what is no member. 0 with a malloc'ed *ret_bytes, -ENOMEM, or 1 when it
 * exceeds a bound. */
int planfile_launch_encode(const struct launch *launch, unsigned char **ret_bytes,
                           size_t *ret_size);

/* 0; 1: malformed; -ENOMEM. */
int planfile_launch(const unsigned char *bytes, size_t size, struct launch_record *ret);
void launch_record_finish(struct launch_record *record);

#endif
