/* The terminal as a screen of cells. The only door to ncurses.
 *
 * One at a time; what is put is seen after screen_show(). Lines below `screen_size` and texts that
 * are too long are cut. Texts are ours or went through safe_text(): nothing is filtered here. */
#ifndef BULKHEAD_CLI_SHOW_SCREEN_H
#define BULKHEAD_CLI_SHOW_SCREEN_H

#include <stdbool.h>

enum screen_style {
    SCREEN_PLAIN,
    SCREEN_BOLD,
    SCREEN_DIM,
    SCREEN_GOOD,
    SCREEN_WARN,
    SCREEN_BAD,
    SCREEN_CHOSEN, // the selected line
    SCREEN_HEAD,
};

enum screen_key { // beyond the characters
    SCREEN_KEY_NONE = -1,
    SCREEN_KEY_UP = 0x1000,
    SCREEN_KEY_DOWN,
    SCREEN_KEY_PAGE_UP,
    SCREEN_KEY_PAGE_DOWN,
    SCREEN_KEY_HOME,
    SCREEN_KEY_END,
    SCREEN_KEY_ENTER,
    SCREEN_KEY_ESCAPE,
    SCREEN_KEY_BACKSPACE,
    SCREEN_KEY_RESIZE, // the size is another
};

/* 0; 1: stdin and stdout are no terminal that can do it; a negative errno. */
int screen_open(bool colour);
void screen_close(void); // gives the terminal back as it was; may be closed

bool screen_utf8(void); // may characters beyond ASCII be put?
void screen_size(int *ret_rows, int *ret_columns);
void screen_clear(void);
void screen_put(int row, int column, enum screen_style style, const char *text);
void screen_show(void);
int screen_key(void); // a character or a screen_key; does not wait

#endif
