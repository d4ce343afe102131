/* See watching.h. */
#include "supervisor/watching.h"

void watching_begin(struct watching *watching, instant now)
{
    *watching = (struct watching){.look_at = now, .busy = true};
}

void watching_answer(struct watching *watching, uint32_t number, uint32_t reads)
{
    if (number != watching->asked)
        return;
    watching->answered = number;
    watching->busy = reads != watching->reads;
    watching->reads = reads;
    watching->silent = 0;
}

enum watching_next watching_look(struct watching *watching, instant now)
{
    if (!instant_reached(watching->look_at, now))
        return WATCHING_WAIT;
    watching->look_at = instant_add(now, watching->busy ? WATCHING_BUSY : WATCHING_IDLE);
    if (watching->asked == watching->answered) {
        watching->asked++;
        watching->asked_at = now;
        return WATCHING_ASK;
    }
    watching->look_at = instant_add(now, WATCHING_BUSY);
    watching->silent++;
    if (watching->silent >= WATCHING_LOOKS &&
        instant_since(now, watching->asked_at).ns >= WATCHING_PATIENCE.ns)
        return WATCHING_KILL;
    return WATCHING_WAIT;
}
