/* User events on the way out: one list of attributes, two ways to write it. */
#ifndef BULKHEAD_CLI_HISTORY_EVENT_TEXT_H
#define BULKHEAD_CLI_HISTORY_EVENT_TEXT_H

#include <stdio.h>

#include "history/event_view.h"

/* "2026-11-22T08:51:00.123Z web-1 die verdict=oom exitCode=137 …". False: `to` failed. */
bool event_print_text(const struct user_event *event, bool colour, FILE *to);

/* {"time":…,"type":"service","action":…,"service":…,"instance":…,"generation":…,"attributes":{…}};
 * `labels` ("name=value", may be NULL) are in the attributes. */
bool event_print_json(const struct user_event *event, char *const *labels, FILE *to);

#endif
