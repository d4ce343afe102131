/* See probe_note.h. */
#include "core/probe_note.h"

#include <stdio.h>
#include <string.h>

#define ESCAPED_MAX 5 // "\x1b" and a NUL

/* One byte as the note has it; its length there. */
static size_t escape(unsigned char byte, char to[ESCAPED_MAX])
{
    const char *letter = byte == '\n' ? "\\n" : byte == '\t' ? "\\t" : byte == '\\' ? "\\\\" : NULL;

    if (letter)
        return (size_t)(stpcpy(to, letter) - to);
    if (byte < ' ' || byte == 0x7f)
        return (size_t)snprintf(to, ESCAPED_MAX, "\\x%02x", byte);
    to[0] = (char)byte;
    return 1;
}

void probe_note_write(uint32_t member, uint32_t generation, const char *said, size_t length,
                      char text[PROBE_NOTE_MAX])
{
    size_t used =
        (size_t)snprintf(text, PROBE_NOTE_MAX, "probe i=%u g=%u said=", member, generation);

    for (size_t i = 0; i < length; i++) {
        char escaped[ESCAPED_MAX];
        size_t more = escape((unsigned char)said[i], escaped);
        if (used + more >= PROBE_NOTE_MAX)
            break;
        memcpy(text + used, escaped, more);
        used += more;
    }
    text[used] = '\0';
}

/* `word` and the number after it. */
static bool read_number(const char **at, const char *word, uint32_t *ret)
{
    uint64_t number = 0;
    const char *digit;

    if (strncmp(*at, word, strlen(word)) != 0)
        return false;
    digit = *at + strlen(word);
    *at = digit;
    while (**at >= '0' && **at <= '9' && number <= UINT32_MAX)
        number = number * 10 + (uint64_t)(*(*at)++ - '0');
    *ret = (uint32_t)number;
    return *at > digit && number <= UINT32_MAX;
}

bool probe_note_read(const char *text, struct probe_note *ret)
{
    struct probe_note note;

    if (!read_number(&text, "probe i=", &note.member) ||
        !read_number(&text, " g=", &note.generation) || strncmp(text, " said=", 6) != 0)
        return false;
    note.said = text + 6;
    *ret = note;
    return true;
}

bool probe_note_line(const char **said, char *line, size_t size)
{
    const char *at = *said;
    size_t used = 0;

    if (!*at)
        return false;
    while (*at && strncmp(at, "\\n", 2) != 0) {
        char byte = *at++;
        if (byte == '\\' && (*at == '\\' || *at == 't'))
            byte = *at++ == 't' ? '\t' : '\\';
        if (used + 1 < size)
            line[used++] = byte;
    }
    line[used] = '\0';
    *said = *at ? at + 2 : at;
    return true;
}
