/* What is kept of a service's output: the values of its `logging`. */
#ifndef BULKHEAD_CORE_LOGGING_H
#define BULKHEAD_CORE_LOGGING_H

#include <stdbool.h>
#include <stdint.h>

enum logging_driver {
    LOGGING_FILES,
    LOGGING_NONE,     // dropped
    LOGGING_JOURNALD, // the system's journal
    LOGGING_DRIVERS
};

struct logging {
    enum logging_driver driver;
    bool blocking;        // who writes waits for the disk; else lines are lost and counted
    int64_t file_bytes;   // of one file
    int64_t files;        // the current one and those before it
    int64_t buffer_bytes; // of what is read and not written yet
};

#define LOGGING_BUFFER_MAX ((int64_t)16 << 20)
#define LOGGING_BUFFER_MIN ((int64_t)64 << 10)
#define LOGGING_FILES_MAX  100

#define LOGGING_DEFAULT                                                               \
    (struct logging)                                                                  \
    {                                                                                 \
        .file_bytes = (int64_t)10 << 20, .files = 3, .buffer_bytes = (int64_t)1 << 20 \
    }

#endif
