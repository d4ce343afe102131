/* What the terminal's character set is, by the environment: the C library's locale stays C. */
#ifndef BULKHEAD_CLI_SHOW_CHARSET_H
#define BULKHEAD_CLI_SHOW_CHARSET_H

#include <stdbool.h>

bool charset_is_utf8(void);

#endif
