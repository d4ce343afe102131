/* Compartments that are to be removed. An empty one is gone at the first attempt; the kernel may
 * still be busy with one, which is then tried again for a while. */
#ifndef BULKHEAD_SUPERVISOR_GRAVES_H
#define BULKHEAD_SUPERVISOR_GRAVES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/paths.h"

#define GRAVES_MAX     64
#define GRAVE_INTERVAL span_ms(100)
#define GRAVE_PATIENCE span_sec(5)

struct grave {
    char name[COMPARTMENT_NAME_MAX];
    instant next;
    instant give_up;
};

struct graves {
    struct grave item[GRAVES_MAX];
    uint32_t count;
};

/* 0, or 1: the list is full. The removal is made by the next graves_visit. */
int graves_add(struct graves *graves, const char *name, instant now);

/* Tries those whose time has come. False when nothing more is given up; true with a grave that is
 * (it leaves the list) and why: call again. */
bool graves_visit(struct graves *graves, int services, instant now, struct grave *ret_given_up,
                  int *ret_error);

instant graves_deadline(const struct graves *graves);

#endif
