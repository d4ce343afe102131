/* A launch record out of a plan file, as long as it is needed: the plan stays where it is. */
#ifndef BULKHEAD_SUPERVISOR_LOADED_H
#define BULKHEAD_SUPERVISOR_LOADED_H

#include "core/planfile.h"

struct loaded {
    struct launch_record record;
    void *bytes; // owned; the record leads into them
};

/* 0; -EBADMSG: not a record; or another negative errno. */
int loaded_read(int plan, uint64_t offset, uint32_t size, struct loaded *ret);
void loaded_finish(struct loaded *loaded); // may be zeroed

#endif
