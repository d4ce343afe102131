/* Is the recorder there? It is asked now and then, seldom while nothing is written, and whoever
 * does not answer for long is to be replaced. Pure: the caller asks, hears and kills.
 *
 * An answer wakes nobody: it is looked for when the next question is due. */
#ifndef BULKHEAD_SUPERVISOR_WATCHING_H
#define BULKHEAD_SUPERVISOR_WATCHING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/nsec.h"

#define WATCHING_BUSY     span_sec(2) // between two looks, while it has something to do or is silent
#define WATCHING_IDLE     span_sec(15) // and else
#define WATCHING_PATIENCE span_sec(10)
#define WATCHING_LOOKS    2 // that find no answer, at least: time may have passed for us, too

struct watching {
    instant look_at;
    instant asked_at;
    uint32_t asked;    // number of the last question
    uint32_t answered; // and of the last answer
    uint32_t silent;   // looks since then
    uint32_t reads;    // as of the last answer
    bool busy;
};

enum watching_next {
    WATCHING_WAIT,
    WATCHING_ASK,  // question number `asked`
    WATCHING_KILL, // it is not there any more
};

void watching_begin(struct watching *watching, instant now);
void watching_answer(struct watching *watching, uint32_t number, uint32_t reads);

/* What to do now, after all answers that have come. */
enum watching_next watching_look(struct watching *watching, instant now);

#endif
