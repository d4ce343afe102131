/* The fields of a journal line, said once for the writer and the reader. Private to record*.c. */
#ifndef BULKHEAD_CORE_RECORD_FIELDS_H
#define BULKHEAD_CORE_RECORD_FIELDS_H

#include "core/fleet.h"

/* A number in a struct: every field that a journal carries is an int64_t. */
struct field {
    const char *key;
    size_t offset;
};

struct field_table {
    const struct field *fields;
    size_t count;
};

extern const struct field_table record_policy;   // in struct policy
extern const struct field_table record_reading;  // in struct reading
extern const struct field_table record_event;    // in struct event
extern const struct field_table record_state;    // in struct incarnation
extern const struct field_table record_spent;    // in struct spent
extern const struct field_table record_governor; // in struct governor
extern const struct field_table record_kept;     // in struct kept
extern const struct field_table record_verdict;  // in struct verdict_numbers

/* Numbers that a fleet can work with, whoever wrote them. */
bool record_event_is_valid(const struct event *event);
bool record_state_is_valid(const struct incarnation *incarnation);
bool record_spent_is_valid(const struct spent *spent);
bool record_governor_is_valid(const struct governor *governor);
bool record_kept_is_valid(const struct kept *kept);

/* A verdict's numbers in one place: its own struct has small types and enums. */
struct verdict_numbers {
    int64_t code, signal, core, step, error, oom, oom_kill, oom_group_kill, enclosing, peak, limit,
        uptime, delay, hook, index, budget, victims, oomd;
};

struct verdict_numbers verdict_to_numbers(const struct verdict *verdict);
/* 0, or 1 when a number does not fit its type. */
int verdict_from_numbers(const struct verdict_numbers *numbers, struct verdict *verdict);

#endif
