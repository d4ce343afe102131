/* See encoding.h. */
#include "stackfile/encoding.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/utf8.h"

/* They end a line in YAML 1.1, which libyaml reads, and not in YAML 1.2 or an editor: what looks
 * like the rest of a comment would be read. */
static bool hidden_line_end(uint32_t c)
{
    return c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* YAML 1.2, production c-printable; libyaml has the same set. */
static bool printable(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return (c < 0x7f || c == 0x85 || c >= 0xa0) && c != 0xfffe && c != 0xffff;
}

static int refuse(struct faults *faults, struct mark at, const char *text, size_t left,
                  uint32_t character, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;

    if (at.line == 1 && at.column == 1 && left >= 2 &&
        ((byte[0] == 0xff && byte[1] == 0xfe) || (byte[0] == 0xfe && byte[1] == 0xff)))
        faults_add(faults, FAULT_ERROR, at, "save it as UTF-8", "the file is UTF-16, not UTF-8");
    else if (size == 0)
        faults_add(faults, FAULT_ERROR, at, "save the file as UTF-8",
                   "the byte 0x%02x is not UTF-8 here", byte[0]);
    else if (character == 0)
        faults_add(faults, FAULT_ERROR, at, "remove it, or save the file as text",
                   "a NUL byte is in the file");
    else if (hidden_line_end(character))
        faults_add(faults, FAULT_ERROR, at, "remove it, or write it as an escape in double quotes",
                   "U+%04X is in the file, a line end to YAML that editors do not show as one",
                   (unsigned)character);
    else
        faults_add(faults, FAULT_ERROR, at, "remove it, or write it as an escape in double quotes",
                   "the control character U+%04X is in the file", (unsigned)character);
    return 1;
}

int encoding_check(const char *file, const char *text, size_t length, struct faults *faults)
{
    struct mark at = {.file = file, .line = 1, .column = 1};

    for (size_t i = 0; i < length;) {
        uint32_t character = 0;
        size_t size = utf8_decode(text + i, length - i, &character);

        if (size == 0 || !printable(character) || hidden_line_end(character))
            return refuse(faults, at, text + i, length - i, character, size);
        i += size;
        at.column++;
        if (character == '\n' || (character == '\r' && (i == length || text[i] != '\n'))) {
            at.line++;
            at.column = 1;
        }
    }
    return 0;
}
