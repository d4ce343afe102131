/* From the ring to the files: makes lines of what was read, writes and rotates. */
#ifndef BULKHEAD_RECORDER_WRITER_H
#define BULKHEAD_RECORDER_WRITER_H

struct source;
struct store;

/* Writes the oldest record; or, where none is left, tells what was lost (store.h, `losing`). With
 * the ring's lock, which is let go meanwhile; one thread at a time (crew.h). */
void writer_turn(struct store *store);

void writer_forget(struct source *source); // closes and frees; may be NULL

#endif
