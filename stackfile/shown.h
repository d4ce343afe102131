/* Texts of a file in messages about it. */
#ifndef BULKHEAD_STACKFILE_SHOWN_H
#define BULKHEAD_STACKFILE_SHOWN_H

/* A text short enough for a message, cut between two characters with "…". Use as
 * shown(text).text. */
struct shown {
    char text[72];
};
struct shown shown(const char *text);

/* Takes away a character at the end of which not all bytes are there: what a full buffer left. */
void shown_trim(char *text);

#endif
