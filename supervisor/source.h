/* What can wake the supervisor. */
#ifndef BULKHEAD_SUPERVISOR_SOURCE_H
#define BULKHEAD_SUPERVISOR_SOURCE_H

/* What can become ready; the index is a member's or a client's. */
enum source {
    SOURCE_SIGNAL,
    SOURCE_KEEPER,
    SOURCE_CONTROL,
    SOURCE_CLIENT,
    SOURCE_MEMORY, // memory.events of a member
    SOURCE_EMPTY,  // cgroup.events of a member, once its main process is dead
    SOURCE_REPORT, // pipe of a newborn
    SOURCE_PIDFD,  // of a child that is the keeper's no more
    SOURCE_RECORDER,
    SOURCE_AIDE_REPORT, // of auxiliary processes; the index is a place's
    SOURCE_AIDE_EMPTY,
    SOURCE_AIDE_PIDFD,
    SOURCE_AIDE_OUTPUT,
    SOURCE_LIMITS,     // the helper's report
    SOURCE_SNAPSHOT,   // another helper's
    SOURCE_TERMINAL,   // of a member, or the FIFO behind it
    SOURCE_EXAMINE,    // helpers again; the index is a place's
    SOURCE_SQUEEZE,    //
    SOURCE_QUARANTINE, // cgroup.events of one that does not empty; likewise
    SOURCE_FOLDER,     // something was removed from the runtime folder
};

#endif
