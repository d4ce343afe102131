/* One death told: in plain words, or as a JSON object. Pure but for the stream it is written to. */
#ifndef BULKHEAD_CLI_HISTORY_WHY_REPORT_H
#define BULKHEAD_CLI_HISTORY_WHY_REPORT_H

#include <stdio.h>

#include "cli/history/advice.h"

struct around;

#define WHY_LINES_MAX 5
#define WHY_LINE_MAX  512

/* The last output of the dead, oldest first. */
struct last_words {
    size_t count;
    char line[WHY_LINES_MAX][WHY_LINE_MAX]; // cut; control characters are shown
    bool error[WHY_LINES_MAX];              // it was written to stderr
};

struct why_report {
    const struct death *death;
    struct death_history history;
    struct advice advice;
    struct last_words words;
    const struct around *around; // NULL: nothing was looked for
    const char *probe_said; // by the probe that failed, escaped (core/probe_note.h); NULL: nothing
    const char *left[QUARANTINE_ABOUTS_COUNT]; // of one that did not end; NULL: not known
    const char *program; // what was to be started, NULL: the plan is not there any more
    const char *directory;
    int64_t now_wall_ns;
    int64_t later_stop_wall_ns; // it was stopped on request after that; 0: it was not
};

/* False: `to` failed. */
bool why_print_text(const struct why_report *report, bool colour, FILE *to);
bool why_print_json(const struct why_report *report, FILE *to);

/* "  name      text" */
void why_print_field(FILE *to, bool colour, const char *name, const char *text);

/* One line of a list: time, name, verdict, uptime. */
bool why_print_short(const struct death *death, bool colour, FILE *to);

#endif
