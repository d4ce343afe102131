/* The deaths that a journal tells of, each with what came of it. Pure. */
#ifndef BULKHEAD_CLI_HISTORY_DEATHS_H
#define BULKHEAD_CLI_HISTORY_DEATHS_H

#include "core/quarantine_note.h"
#include "history/event_view.h"

#define DEATH_OTHERS_MAX 3

/* Who else was in the group whose limit it died of, and held memory then. */
struct death_other {
    char name[INSTANCE_NAME_MAX];
    int64_t current_bytes;
    int64_t peak_bytes; // 0: not known
    int64_t growth;     // bytes a second; 0: none, or not known
};

struct death {
    uint32_t index; // of the member in the plan of that time
    uint32_t service_length;
    uint32_t number;
    uint32_t generation;
    char name[INSTANCE_NAME_MAX];
    int64_t wall_ns;
    struct policy policy;                        // of the member
    struct verdict verdict;                      // next NONE and delay 0: not known
    int64_t again_wall_ns;                       // when the next incarnation began; 0: it did not
    int64_t ready_wall_ns;                       // when that was the program; 0: never
    struct death_other others[DEATH_OTHERS_MAX]; // those with the most, largest first
    size_t others_count;
    bool is_left; // something of it did not end: left behind, or waited for
};

/* What the probe said that made an incarnation unhealthy. */
struct probe_words {
    struct probe_words *before;
    int64_t wall_ns;
    uint32_t generation;
    char name[INSTANCE_NAME_MAX];
    char said[]; // escaped: core/probe_note.h
};

/* What is known of one that did not end. */
struct left_words {
    struct left_words *before;
    int64_t wall_ns;
    struct quarantine_note note;
};

struct deaths {
    struct death *item; // owned, oldest first
    size_t count;
    size_t capacity;
    struct probe_words *words; // owned, the last first
    struct left_words *left;   // likewise
};

void deaths_finish(struct deaths *deaths); // may be zeroed

bool death_is_of(const struct death *death, const char *name); // of a member, in whichever plan

/* Takes in an event; those that are about no death change nothing. 0 or -ENOMEM. */
int deaths_feed(struct deaths *deaths, const struct user_event *event);

/* What a probe of an incarnation said, escaped. 0 or -ENOMEM. */
int deaths_probe(struct deaths *deaths, int64_t wall_ns, const char *name, uint32_t generation,
                 const char *said);

/* What its last failing probe said, escaped; NULL: it did not die of that, or nothing was said. */
const char *deaths_probe_said(const struct deaths *deaths, const struct death *death);

/* What a note says of one that did not end. 0 or -ENOMEM. */
int deaths_left(struct deaths *deaths, int64_t wall_ns, const struct quarantine_note *note);

/* The last word about that; NULL: nothing was said, or nothing of it was left. */
const char *deaths_left_said(const struct deaths *deaths, const struct death *death,
                             enum quarantine_about about);

/* Who else was there when an incarnation died of its group's limit, about then. */
void deaths_beside(struct deaths *deaths, int64_t wall_ns, const char *name, uint32_t generation,
                   const struct death_other *other);

/* How a member died before and with `item[last]`, within `window_ns` before it. */
struct death_history {
    size_t count;        // deaths that were not asked for, this one included
    size_t alike;        // of them, with the same verdict
    int64_t period_ns;   // from the first of those alike to this one
    int64_t shortest_ns; // uptimes of those alike
    int64_t longest_ns;
};

struct death_history deaths_history(const struct deaths *deaths, size_t last, int64_t window_ns);

#endif
