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

void shown_trim(char *text)
{
    size_t length = strlen(text), lead = length, wanted;

    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0 || (unsigned char)text[lead - 1] < 0xc0)
        return;
    lead--;
    wanted = (unsigned char)text[lead] >= 0xf0 ? 4 : (unsigned char)text[lead] >= 0xe0 ? 3 : 2;
    if (length - lead < wanted)
        text[lead] = '\0';
}
