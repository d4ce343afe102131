/* The thread that makes lines of what was read, and writes and rotates the files. */
#ifndef BULKHEAD_RECORDER_WRITER_H
#define BULKHEAD_RECORDER_WRITER_H

struct source;

void *writer_run(void *store); // until the store is ending and its ring is empty

void writer_forget(struct source *source); // closes and frees; may be NULL

#endif
