/* Files that outlive a supervisor: what only an open file keeps (a memfd, our side of a terminal, a
 * listening socket) is handed to the next one. A table of fixed size. */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_FILES_H
#define BULKHEAD_SUPERVISOR_KEEPER_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/handover.h"

struct keeper_file {
    int fd;
    bool told; // the supervisor that there is now has it
    char tag[KEEPER_TAG_MAX];
};

struct keeper_files { // zeroed: empty
    uint32_t count;
    struct keeper_file file[KEEPER_FILES_MAX]; // in no order
};

/* Takes the file, in place of one with the same tag. False: there is no room, and it is closed. */
bool keeper_files_hold(struct keeper_files *files, const char tag[KEEPER_TAG_MAX], int fd);
void keeper_files_drop(struct keeper_files *files, const char tag[KEEPER_TAG_MAX]);

/* Sends those that were not told yet. False: the channel did not take all. */
bool keeper_files_tell(struct keeper_files *files, int channel);
void keeper_files_pass_on(const struct keeper_files *files, bool pass_on); // by an execve
void keeper_files_tell_again(struct keeper_files *files); // there is a new supervisor

#endif
