/* See proctext.h. */
#include "core/proctext.h"

#include <string.h>

#define EXITING 0x4 // PF_EXITING (include/linux/sched.h): told in the field `flags`

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

static const char *skip_word(const char *text)
{
    return skip_blanks(text + strcspn(text, " \t\n"));
}

static int digit_of(char letter)
{
    return letter >= '0' && letter <= '9'   ? letter - '0'
           : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
           : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                            : 16;
}

/* A number at *at, which is behind it then. */
static bool take_number(const char **at, int base, uint64_t *ret)
{
    const char *digit = *at;
    uint64_t value = 0;

    for (; digit_of(*digit) < base; digit++)
        if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit_of(*digit), &value))
            return false;
    if (digit == *at)
        return false;
    *at = digit;
    *ret = value;
    return true;
}

/* --- tasks -------------------------------------------------------------------------------- */

/* The name ends at the last bracket: it may have some of its own. */
bool proctext_stat(const char *text, struct proctext_stat *ret)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')'), *at;
    struct proctext_stat stat = {0};
    size_t length;
    uint64_t flags;

    if (!open || !close || close < open || close[1] != ' ' || !close[2] || close[3] != ' ')
        return false;
    length = (size_t)(close - open - 1);
    memcpy(stat.comm, open + 1, length < sizeof(stat.comm) ? length : sizeof(stat.comm) - 1);
    stat.state = close[2];
    at = close + 4;
    for (int i = 0; i < 5; i++) // ppid pgrp session tty_nr tpgid
        at = skip_word(at);
    if (!take_number(&at, 10, &flags))
        return false;
    stat.exiting = (flags & EXITING) != 0;
    *ret = stat;
    return true;
}

/* What stands behind "\nkey:"; -1: it is not there. */
static int64_t field_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    uint64_t value;

    if (!at)
        return -1;
    at = skip_blanks(at + strlen(key));
    return take_number(&at, 10, &value) && value <= INT64_MAX / 2 ? (int64_t)value : -1;
}

int64_t proctext_switches(const char *text)
{
    int64_t wanted = field_of(text, "\nvoluntary_ctxt_switches:");
    int64_t unwanted = field_of(text, "\nnonvoluntary_ctxt_switches:");

    return wanted < 0 || unwanted < 0 ? -1 : wanted + unwanted;
}

bool proctext_syscall(const char *text, int64_t *ret_number, uint64_t *ret_first)
{
    uint64_t number, first;

    if (!take_number(&text, 10, &number) || number > INT32_MAX)
        return false;
    text = skip_blanks(text);
    if (strncmp(text, "0x", 2) != 0)
        return false;
    text += 2;
    if (!take_number(&text, 16, &first))
        return false;
    *ret_number = (int64_t)number;
    *ret_first = first;
    return true;
}

/* --- sockets ------------------------------------------------------------------------------ */

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 …" */
bool proctext_inet(const char *line, struct proctext_inet *ret)
{
    const char *at = skip_blanks(line);
    uint64_t slot, port, state, inode;

    if (!take_number(&at, 10, &slot) || *at != ':')
        return false;
    at = skip_blanks(at + 1);
    at += strspn(at, "0123456789ABCDEFabcdef"); // the address
    if (*at++ != ':' || !take_number(&at, 16, &port) || port > UINT16_MAX)
        return false;
    at = skip_word(skip_word(at)); // over the remote end
    if (!take_number(&at, 16, &state) || state > UINT8_MAX)
        return false;
    for (int i = 0; i < 6; i++) // the state, queues, timer, retransmissions, uid, timeout
        at = skip_word(at);
    if (!take_number(&at, 10, &inode))
        return false;
    *ret = (struct proctext_inet){(uint16_t)port, (uint8_t)state, inode};
    return true;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/x" */
bool proctext_unix(const char *line, struct proctext_unix *ret)
{
    const char *at = line;
    uint64_t address, flags, type, inode;

    if (!take_number(&at, 16, &address) || *at != ':')
        return false;
    at = skip_word(skip_word(skip_blanks(at + 1))); // over references and protocol
    if (!take_number(&at, 16, &flags))
        return false;
    at = skip_blanks(at);
    if (!take_number(&at, 16, &type))
        return false;
    at = skip_word(skip_blanks(at)); // over the state
    if (!take_number(&at, 10, &inode))
        return false;
    *ret = (struct proctext_unix){
        .listens = (flags & 0x10000) != 0, // __SO_ACCEPTCON
        .is_datagram = type == 2,
        .inode = inode,
        .path = *at == ' ' ? at + 1 : at,
    };
    return true;
}

bool proctext_range(const char *text, int64_t *ret_from, int64_t *ret_to)
{
    uint64_t from, to;

    if (!take_number(&text, 10, &from))
        return false;
    text = skip_blanks(text);
    if (!take_number(&text, 10, &to) || from > to || to > UINT16_MAX)
        return false;
    *ret_from = (int64_t)from;
    *ret_to = (int64_t)to;
    return true;
}

bool proctext_socket(const char *link, uint64_t *ret_inode)
{
    static const char head[] = "socket:[";
    uint64_t inode;

    if (strncmp(link, head, strlen(head)) != 0)
        return false;
    link += strlen(head);
    if (!take_number(&link, 10, &inode) || strcmp(link, "]") != 0)
        return false;
    *ret_inode = inode;
    return true;
}

/* --- files -------------------------------------------------------------------------------- */

bool proctext_is_lock(const char *line)
{
    static const char *const kinds[] = {"FLOCK ", "POSIX ", "OFDLCK "};
    uint64_t number;

    if (strncmp(line, "lock:", 5) == 0)
        line = skip_blanks(line + 5);
    if (!take_number(&line, 10, &number) || *line != ':')
        return false;
    line = skip_blanks(line + 1);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(line, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false; // "->" waits for it; leases are none
}

int64_t proctext_mount_id(const char *line)
{
    static const char head[] = "mnt_id:";
    uint64_t id;

    if (strncmp(line, head, strlen(head)) != 0)
        return -1;
    line = skip_blanks(line + strlen(head));
    return take_number(&line, 10, &id) && id <= INT32_MAX ? (int64_t)id : -1;
}

static void copy_word(const char *at, char *to, size_t size)
{
    char word[256];
    size_t length = strcspn(at, " \n");

    if (length >= sizeof(word))
        length = sizeof(word) - 1;
    memcpy(word, at, length);
    word[length] = '\0';
    (void)proctext_safe(word, to, size);
}

/* "36 35 98:0 /root /mnt rw,noatime master:1 - ext4 /dev/sda1 rw" */
bool proctext_mount(const char *line, int64_t id, char *where, size_t where_size, char *type,
                    size_t type_size)
{
    const char *at = line, *kind = strstr(line, " - ");
    uint64_t number;

    if (!take_number(&at, 10, &number) || id < 0 || number != (uint64_t)id || !kind)
        return false;
    at = skip_blanks(at);
    for (int i = 0; i < 3; i++) // parent, device, root
        at = skip_word(at);
    if (at >= kind)
        return false;
    copy_word(at, where, where_size);
    copy_word(kind + 3, type, type_size);
    return true;
}

size_t proctext_safe(const char *text, char *to, size_t size)
{
    size_t length = 0;

    for (; size > 0 && length + 1 < size && text[length]; length++)
        to[length] = text[length] >= ' ' && text[length] < 0x7f ? text[length] : '?';
    if (size > 0)
        to[length] = '\0';
    return length;
}
