/* Lines out of a file that somebody else appends to and rotates: NAME, before it NAME.1, NAME.2 …
 *
 * Holds no descriptor between calls, so that a stack may have more members than a process may have
 * open files. A file is known by its inode, wherever a rotation has moved it. */
#ifndef BULKHEAD_HISTORY_ROTATED_H
#define BULKHEAD_HISTORY_ROTATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "core/limits.h"
#include "core/logging.h"

#define ROTATED_AGES_MAX LOGGING_FILES_MAX // files that are looked for
#define ROTATED_NAME_MAX (INSTANCE_NAME_MAX + 8)

struct rotated {
    int folder; // borrowed
    char name[ROTATED_NAME_MAX];
    ino_t inode;  // of the file at hand; 0: none yet, begin with the oldest
    off_t offset; // of it: behind what is in the buffer
    char *buffer; // owned
    size_t start;
    size_t end;
    size_t capacity;
    uint64_t gaps; // files that were gone before they were read to their end
};

/* Starts at the oldest line. */
void rotated_init(struct rotated *reader, int folder, const char *name);
void rotated_finish(struct rotated *reader); // may be zeroed

/* 1 with the next line (without its newline, not NUL-terminated, valid until the next call); 0:
 * there is none at present; a negative errno. A line that is not ended yet is no line; one of more
 * than 256 KiB is cut. */
int rotated_next(struct rotated *reader, const char **ret_line, size_t *ret_length);

/* Opens the file of an age, 0 the current one. The descriptor or a negative errno. */
int rotated_open(const struct rotated *reader, int age, struct stat *ret_status);

/* Goes on at an offset of the file with that inode. */
void rotated_move(struct rotated *reader, ino_t inode, off_t offset);

/* Where the next line begins. */
void rotated_place(const struct rotated *reader, ino_t *ret_inode, off_t *ret_offset);

#endif
