/* Lines of logs onto stdout and stderr, each behind its member's name. */
#ifndef BULKHEAD_CLI_HISTORY_LOG_PRINTER_H
#define BULKHEAD_CLI_HISTORY_LOG_PRINTER_H

#include "cli/history/logline.h"

struct log_printer {
    bool prefix;
    bool timestamps;
    bool colour[2]; // of stdout, of stderr
    int width;      // of the longest name
    /* a line of which a part is out already: whose, and where */
    bool open;
    size_t open_member;
    bool open_error;
    char *line; // owned: the line as it will be written
    size_t capacity;
};

/* `index` gives the member its colour. 0 or a negative errno. */
int log_printer_print(struct log_printer *printer, size_t index, const char *name,
                      const struct logline *line);
int log_printer_flush(struct log_printer *printer); // ends an open line too
void log_printer_finish(struct log_printer *printer);

#endif
