/* What the others felt of a death: whether one died, too, and how long each stood still for memory.
 * Pure. */
#ifndef BULKHEAD_CLI_HISTORY_SIBLINGS_H
#define BULKHEAD_CLI_HISTORY_SIBLINGS_H

#include "cli/history/deaths.h"
#include "core/sample.h"

#define SIBLINGS_WINDOW span_sec(30) // before and after the death

struct sibling {
    char name[INSTANCE_NAME_MAX];
    struct sample before; // the last before the death; generation 0: none
    struct sample after;  // the last within the window behind it, or the first beyond
    int64_t stalled_ns;   // between the two: some of it waited for memory; -1: not known
    int64_t within_ns;
    enum verdict_kind died; // unasked, within the window; NONE: it did not
    int64_t died_after_ns;
};

struct siblings {
    char name[INSTANCE_NAME_MAX]; // of who died
    int64_t wall_ns;              // and when
    struct sibling *item;         // owned
    size_t count;
    size_t capacity;
    size_t hint;
};

void siblings_init(struct siblings *siblings, const struct death *death);
void siblings_finish(struct siblings *siblings); // may be zeroed

/* What is to be fed: of all members, in the order of their times. */
int64_t siblings_from_ns(const struct siblings *siblings);
int64_t siblings_to_ns(const struct siblings *siblings);

/* 0 or -ENOMEM. */
int siblings_feed(struct siblings *siblings, const struct sample *sample);
int siblings_add(struct siblings *siblings, const char *name); // who has no samples

/* After all were fed. Who has no sample behind the death by the end of that time has used no
 * processor (core/sample.h), and so waited for nothing. 0 or -ENOMEM. */
int siblings_judge(struct siblings *siblings, const struct deaths *deaths, int64_t now_wall_ns);

/* Nobody else died, and nobody stood still for a tenth of the time: it is ours to say so. */
bool siblings_held(const struct siblings *siblings);

#endif
