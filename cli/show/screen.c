/* See screen.h. Source: curs_initscr(3X), curs_getch(3X), curs_attr(3X). */
#include "cli/show/screen.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_NOMACROS
#include <curses.h>

#define LINE_MAX_CHARACTERS 1024
#define ESCAPE_PATIENCE_MS  25 // between ESC and the rest of a key's sequence

static SCREEN *screen;
static bool coloured;

int screen_open(bool colour)
{
    const char *term = getenv("TERM");
    const char *moves;

    if (!term || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
        return 1;
    setlocale(LC_CTYPE, "");
    screen = newterm(NULL, stdout, stdin);
    if (!screen)
        return 1;
    moves = tigetstr("cup");
    if (!moves || (intptr_t)moves == -1) {
        screen_close();
        return 1;
    }
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    set_escdelay(ESCAPE_PATIENCE_MS);
    curs_set(0);
    coloured = colour && has_colors() && start_color() == OK && use_default_colors() == OK;
    for (short i = 1; coloured && i < COLOR_WHITE; i++)
        init_pair(i, i, -1);
    return 0;
}

void screen_close(void)
{
    if (!screen)
        return;
    endwin();
    delscreen(screen);
    screen = NULL;
}

bool screen_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void screen_size(int *ret_rows, int *ret_columns)
{
    *ret_rows = getmaxy(stdscr);
    *ret_columns = getmaxx(stdscr);
}

void screen_clear(void)
{
    werase(stdscr);
}

static attr_t attributes(enum screen_style style)
{
    static const struct {
        attr_t plain;
        short colour;
    } styles[] = {
        [SCREEN_PLAIN] = {A_NORMAL, 0},
        [SCREEN_BOLD] = {A_BOLD, 0},
        [SCREEN_DIM] = {A_DIM, 0},
        [SCREEN_GOOD] = {A_NORMAL, COLOR_GREEN},
        [SCREEN_WARN] = {A_NORMAL, COLOR_YELLOW},
        [SCREEN_BAD] = {A_BOLD, COLOR_RED},
        [SCREEN_CHOSEN] = {A_REVERSE, 0},
        [SCREEN_HEAD] = {A_REVERSE, 0},
    };
    attr_t result = styles[style].plain;

    if (coloured && styles[style].colour > 0)
        result |= (attr_t)COLOR_PAIR(styles[style].colour);
    return result;
}

/* How many of these characters `columns` have room for: the library would go on in the next line.
 */
static int fitting(const wchar_t *text, int columns)
{
    int count = 0;

    for (; text[count]; count++) {
        int width = wcwidth(text[count]);

        if (width < 0 || width > columns)
            break;
        columns -= width;
    }
    return count;
}

void screen_put(int row, int column, enum screen_style style, const char *text)
{
    wchar_t wide[LINE_MAX_CHARACTERS + 1] = {0};
    int rows, columns;

    screen_size(&rows, &columns);
    if (row < 0 || row >= rows || column < 0 || column >= columns ||
        mbstowcs(wide, text, LINE_MAX_CHARACTERS) == (size_t)-1)
        return;
    (void)wattrset(stdscr, (int)attributes(style));
    (void)mvwaddnwstr(stdscr, row, column, wide, fitting(wide, columns - column));
    (void)wattrset(stdscr, A_NORMAL);
}

void screen_show(void)
{
    wrefresh(stdscr);
}

int screen_key(void)
{
    int key = wgetch(stdscr);

    switch (key) {
    case ERR:
        return SCREEN_KEY_NONE;
    case KEY_UP:
        return SCREEN_KEY_UP;
    case KEY_DOWN:
        return SCREEN_KEY_DOWN;
    case KEY_PPAGE:
        return SCREEN_KEY_PAGE_UP;
    case KEY_NPAGE:
        return SCREEN_KEY_PAGE_DOWN;
    case KEY_HOME:
        return SCREEN_KEY_HOME;
    case KEY_END:
        return SCREEN_KEY_END;
    case KEY_ENTER:
    case '\n':
    case '\r':
        return SCREEN_KEY_ENTER;
    case 0x1b:
        return SCREEN_KEY_ESCAPE;
    case KEY_BACKSPACE:
    case 0x7f:
    case '\b':
        return SCREEN_KEY_BACKSPACE;
    case KEY_RESIZE:
        return SCREEN_KEY_RESIZE;
    default:
        return key < 0x100 ? key : 0;
    }
}
