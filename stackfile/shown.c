/* See shown.h. */
#include "stackfile/shown.h"

#include <string.h>

struct shown shown(const char *text)
{
    static const char cut[] = "…";
    struct shown result;
    size_t length = strlen(text), room = sizeof(result.text) - sizeof(cut);

    if (length <= room) {
        memcpy(result.text, text, length + 1);
        return result;
    }
    while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
        room--;
    memcpy(result.text, text, room);
    memcpy(result.text + room, cut, sizeof(cut));
    return result;
}
