/* history.db: what happened to a stack's services, beyond its journal. One file in the state
 * folder, written by the recorder alone (keep.h), read by whoever asks (past.h); write-ahead log,
 * so that neither waits for the other.
 *
 *   names    the members by name
 *   members  a member as a plan has it: the journal's line, with its policy
 *   events   what people follow; `detail` is the journal's line of the verdict, where there is one
 *   deaths   of them the deaths, in columns
 *   beside   who else was in a group whose limit was met
 *   notes    what was said: by probes, snapshots, the supervisor; about nobody: gaps
 *   samples  core/sample.h
 *   followed how far journal and samples are taken in: stored with what was
 *   told     a view for people: sqlite3 history.db 'select * from told'
 *
 * Times are nanoseconds of CLOCK_REALTIME. The file may be anybody's: a schema that is not to the
 * letter the one above is refused. */
#ifndef BULKHEAD_HISTORY_SCHEMA_H
#define BULKHEAD_HISTORY_SCHEMA_H

#include "history/sqlite.h"

#define HISTORY_VERSION 1

/* Opens the history in that folder; for writing it is made. 0; 1: it is of another version, or of
 * another program; DATABASE_DAMAGED; -ENOENT; or another negative errno. */
int history_open(const char *folder, enum database_use use, struct database **ret);

/* What cannot be used makes room, and is there for who wants to look: history.db.aside, with its
 * write-ahead log; one that is there already goes. 0 or a negative errno. */
int history_set_aside(const char *folder);

#endif
