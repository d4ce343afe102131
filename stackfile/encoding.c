/* See encoding.h. */
#include "stackfile/encoding.h"

#include <stdbool.h>

size_t encoding_decode(const char *text, size_t length, uint32_t *ret_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)text[0];
    uint32_t character;
    size_t size;

    if (lead < 0x80) {
        *ret_character = lead;
        return 1;
    }
    size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size > length)
        return 0;
    character = lead & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (next & 0x3f);
    }
    if (character < least[size] || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *ret_character = character;
    return size;
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

    if (left >= 2 && ((byte[0] == 0xff && byte[1] == 0xfe) || (byte[0] == 0xfe && byte[1] == 0xff)))
        faults_add(faults, FAULT_ERROR, at, "save it as UTF-8", "the file is UTF-16, not UTF-8");
    else if (size == 0)
        faults_add(faults, FAULT_ERROR, at, "save the file as UTF-8",
                   "the byte 0x%02x is not UTF-8 here", byte[0]);
    else if (character == 0)
        faults_add(faults, FAULT_ERROR, at, "a stack file is text: remove the byte",
                   "a NUL byte is in the file");
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
        size_t size = encoding_decode(text + i, length - i, &character);

        if (size == 0 || !printable(character))
            return refuse(faults, at, text + i, length - i, character, size);
        i += size;
        at.column++;
        if (character == '\n') {
            at.line++;
            at.column = 1;
        }
    }
    return 0;
}
