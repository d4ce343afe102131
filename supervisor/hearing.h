/* What a process says into a pipe of ours: its first bytes are kept, the rest is taken and dropped,
 * so that it is never stopped by a pipe that is full. Nothing here blocks. Source: pipe(7). */
#ifndef BULKHEAD_SUPERVISOR_HEARING_H
#define BULKHEAD_SUPERVISOR_HEARING_H

#include <stdbool.h>
#include <stdint.h>

struct birth;

struct hearing {
    int fd;     // -1: none
    char *said; // owned; NULL: nothing yet
    uint32_t length;
};

/* The newborn's stdout and stderr: a pipe of its user's. Where there is no file left for that,
 * /dev/null. */
void hearing_begin(struct hearing *hearing, struct birth *birth);
/* After the birth, whose result that is. */
void hearing_born(struct hearing *hearing, const struct birth *birth, int result);

/* Takes one piece. False: nothing comes any more; the file is to be closed by the caller. */
bool hearing_take(struct hearing *hearing);

/* What is there by now, as far as it is kept. */
void hearing_take_rest(struct hearing *hearing);

#endif
