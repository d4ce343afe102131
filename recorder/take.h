/* One read: what a FIFO has at present goes into the ring, whole lines of it, or is dropped where
 * there has been no room for long. What stays and who is next is intake.h's. */
#ifndef BULKHEAD_RECORDER_TAKE_H
#define BULKHEAD_RECORDER_TAKE_H

#include "recorder/intake.h"

enum turn {
    TURN_EMPTY, // nothing that can be taken by now
    TURN_MORE,  // there may be more
    TURN_HELD,  // no room: the FIFO fills
    TURN_BREAK, // a break is next (core/breaks.h)
};

/* One read, up to a break: that one's number is in *ret_number. */
enum turn take_before_break(struct intake *intake, uint32_t key, uint32_t *ret_number);

/* The break that is next, and the cause of death behind it. */
enum turn take_break(struct intake *intake, uint32_t key);

/* Ends a line that has no end: what there is of it, in the ring or in the FIFO. */
enum turn take_end(struct intake *intake, uint32_t key);

/* Takes what is there of a line that has no end yet and may still get one, where there is room. */
void take_tail(struct intake *intake, uint32_t key);

/* Puts a record into the ring, with its bytes and `plain`. `ends`: so does the line that it may be
 * a part of. */
void take_publish(struct intake *intake, struct source *source, uint32_t key,
                  struct ring_record *record, size_t length, bool ends);

#endif
