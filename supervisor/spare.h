/* Spare compartments: the next incarnation's, made and limited ahead of need.
 *
 * Who was restarted once may be again. At leisure after such a birth its next compartment is made,
 * so that the next death finds it ready; nobody else has one, for an empty cgroup costs kernel
 * memory. A spare is used for its own generation and nothing else, and goes with the rest of its
 * member. */
#ifndef BULKHEAD_SUPERVISOR_SPARE_H
#define BULKHEAD_SUPERVISOR_SPARE_H

#include <stdint.h>

struct supervisor;

/* That generation of the member was born: `spare_make_all` is to make the next one's, if it is
 * worth it. */
void spare_ask(struct supervisor *supervisor, uint32_t index, uint32_t generation);

/* Makes those that were asked for. What cannot be made is left to the birth, which tells why. */
void spare_make_all(struct supervisor *supervisor);

/* Opens the compartment of that generation if it is the spare. 0 with *ret_cgroup; or negative
 * errno: there is none, and none is left in the way. */
int spare_take(struct supervisor *supervisor, uint32_t index, uint32_t generation, int *ret_cgroup);

void spare_drop(struct supervisor *supervisor, uint32_t index);
void spare_drop_all(struct supervisor *supervisor);

#endif
