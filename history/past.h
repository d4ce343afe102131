/* Reading history.db: what happened to a stack before its journal begins, and how its members'
 * memory went, in the order of the times.
 *
 * Functions return 0 or a negative errno (sqlite.h); what a callback returns that is not 0 ends the
 * reading and is returned. Rows that make no sense are counted and passed over. */
#ifndef BULKHEAD_HISTORY_PAST_H
#define BULKHEAD_HISTORY_PAST_H

#include "core/sample.h"
#include "history/event_view.h"
#include "history/schema.h"

struct past;

/* 0, or as history_open. */
int past_open(const char *state_dir, struct past **ret);
struct past *past_close(struct past *past); // returns NULL

uint64_t past_malformed(const struct past *past); // rows that were passed over

/* Times are CLOCK_REALTIME: from the first, before the second. */
struct past_span {
    int64_t from_ns;
    int64_t before_ns;
};

typedef int past_event_fn(void *context, const struct user_event *event);
int past_events(struct past *past, struct past_span when, past_event_fn *take, void *context);

/* Who was in a group when its limit was met. */
struct past_beside {
    int64_t wall_ns;
    const char *name; // who died
    uint32_t generation;
    const char *other;           // who was there, too
    struct record_other numbers; // but for the member
};

typedef int past_beside_fn(void *context, const struct past_beside *beside);
int past_beside(struct past *past, struct past_span when, past_beside_fn *take, void *context);

#define PAST_PROBE    "probe"    // text: what it said, escaped (core/probe_note.h)
#define PAST_SNAPSHOT "snapshot" // text: the note
#define PAST_GAP      "gap"      // text: what is missing
#define PAST_SAID     "said"     // text: any other note

struct past_note {
    int64_t wall_ns;
    const char *name; // "": about nobody
    uint32_t generation;
    const char *kind;
    const char *text;
};

typedef int past_note_fn(void *context, const struct past_note *note);
int past_notes(struct past *past, struct past_span when, past_note_fn *take, void *context);

typedef int past_sample_fn(void *context, const struct sample *sample);
/* Of one member; NULL: of all. */
int past_samples(struct past *past, const char *name, struct past_span when, past_sample_fn *take,
                 void *context);

#endif
