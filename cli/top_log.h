/* The last lines of a member's log on a page, fit for a terminal whatever the service wrote. */
#ifndef BULKHEAD_CLI_TOP_LOG_H
#define BULKHEAD_CLI_TOP_LOG_H

#include "cli/top_view.h"

/* 0, or a negative errno: the page says so then. */
int top_log_draw(const struct top_page *page, const char *state_dir, const char *member);

#endif
