/* See keeper_say.h. */
#include "supervisor/keeper_say.h"

#include <string.h>
#include <unistd.h>

void keeper_say(int fd, const char *const *words)
{
    char line[512], *at = stpcpy(line, "bulkhead-keeper: ");

    for (; *words; words++) {
        size_t length = strlen(*words);
        if (length > (size_t)(line + sizeof(line) - 1 - at))
            break;
        at = mempcpy(at, *words, length);
    }
    *at++ = '\n';
    (void)!write(fd, line, (size_t)(at - line));
}

void keeper_say_failed(int fd, const char *what, int error)
{
    const char *why = strerrordesc_np(error);
    const char *const words[] = {what, ": ", why ? why : "?", NULL};

    keeper_say(fd, words);
}

const char *keeper_digits(uint32_t number, char digits[KEEPER_DIGITS])
{
    char *at = digits + KEEPER_DIGITS - 1;

    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return at;
}
