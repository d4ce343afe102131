/* See marker.h. */
#include "supervisor/marker.h"

#include <stdio.h>
#include <string.h>

#include "core/budget.h"
#include "core/paths.h"

static void tell_giving_up(const struct verdict *verdict, char *text, size_t size)
{
    const char *rest = verdict->next == NEXT_STOP_STACK ? "; the stack is stopped" : "";

    if (verdict->budget)
        snprintf(text, size, "; held, too many restarts (%s)%s",
                 budget_key((enum cause)(verdict->budget - 1)), rest);
    else
        snprintf(text, size, "; held, its restarts are used up");
}

static void tell_next(const struct verdict *verdict, char *text, size_t size)
{
    long long ms = (long long)span_to_ms(verdict->delay);

    text[0] = '\0';
    if (verdict->next == NEXT_HOLD || verdict->next == NEXT_STOP_STACK)
        tell_giving_up(verdict, text, size);
    else if (verdict->next == NEXT_OOM_STOP)
        snprintf(text, size, "; held (x-bulkhead.oom.policy: stop)");
    else if (verdict->next == NEXT_PREVENTED)
        snprintf(text, size, "; not started again after such an end");
    else if (verdict->next == NEXT_REST && verdict_is_failure(verdict->kind))
        snprintf(text, size, "; not started again");
    else if (verdict->next == NEXT_RESTART && ms == 0)
        snprintf(text, size, "; starts again");
    else if (verdict->next == NEXT_RESTART && ms < 1000)
        snprintf(text, size, "; starts again in %lld ms", ms);
    else if (verdict->next == NEXT_RESTART)
        snprintf(text, size, "; starts again in %lld.%lld s", ms / 1000, ms % 1000 / 100);
}

size_t marker_line(const struct verdict *verdict, char line[MARKER_BYTES])
{
    char sentence[512], next[128];

    verdict_sentence(verdict, sentence, sizeof(sentence));
    tell_next(verdict, next, sizeof(next));
    snprintf(line, MARKER_BYTES, "%s%s%s\n", MARKER_PREFIX, sentence, next);
    return strlen(line);
}
