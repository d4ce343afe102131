/* The journal of a stack that has ended, kept where `why`, `events` and `replay` find it. */
#ifndef BULKHEAD_RECORDER_ARCHIVE_H
#define BULKHEAD_RECORDER_ARCHIVE_H

/* Copies journal.1 and journal from one folder (a descriptor) to the other, each under a temporary
 * name that is then renamed: a reader never sees half of one. A journal.1 of an earlier run is
 * removed when this run has none. 0 or a negative errno; the files that could be copied are. */
int archive_journal(int runtime, int state);

#endif
