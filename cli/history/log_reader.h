/* The log of one member, line by line, across its rotated files (history/rotated.h). */
#ifndef BULKHEAD_CLI_HISTORY_LOG_READER_H
#define BULKHEAD_CLI_HISTORY_LOG_READER_H

#include "cli/history/logline.h"
#include "history/rotated.h"

/* `folder` is the descriptor of the folder of the logs, borrowed; `member` is "web-1". Starts at
 * the oldest line. To be finished by rotated_finish. */
void log_reader_init(struct rotated *reader, int folder, const char *member);

/* Moves to before the last `lines` lines that are not younger than until_ns (INT64_MAX: no bound);
 * 0: to the end. 0 or a negative errno. */
int log_reader_tail(struct rotated *reader, int64_t lines, int64_t until_ns);

/* As rotated_next, with the line read. */
int log_reader_next(struct rotated *reader, struct logline *ret);

#endif
