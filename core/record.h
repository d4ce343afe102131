/* The journal: one line of text for everything that happened, was decided and was told.
 *
 *   journal version=5 stack=shop seed=… groups=2
 *   group i=1 name=backend parent=0 limit=…                      0 is the stack itself
 *   member i=0 name=web-1 service=web number=1 restart=1 …       numbers of struct policy
 *   need i=1 on=0 condition=0 optional=0
 *   state i=0 … m.state=3 …                                      where it stood; not in the first
 *   event at=… wall=… kind=dead i=0 g=7 known=1 code=0 …
 *   effect kind=spawn i=0 g=8
 *   effect kind=shift i=0 g=8 from=BACKOFF to=STARTING deadline=…
 *   effect kind=hook i=0 g=8 hook=pre_start index=0 serial=1
 *   effect kind=health i=0 g=8 from=STARTING to=HEALTHY
 *   effect kind=report i=0 g=7 hook=on_oom
 *   verdict i=0 g=7 kind=oom confidence=certain …                the payload of the VERDICT effect
 *   kept i=0 g=8 hash=… limits_hash=… marked=7 breaks=1      what the supervisor keeps (struct
 * kept) other i=0 g=7 of=2 current=… peak=… growth=…              who else is in that group note
 * text…                                                  for people; free to the end
 *
 * A journal replays by itself: its head is the roster, its events go to the same fleet, whose
 * effects and verdicts must come out as the same bytes. After a reload another head follows. Zero
 * fields of events and readings are left out. When read, every line is hostile: bounded, checked,
 * unknown words refused. */
#ifndef BULKHEAD_CORE_RECORD_H
#define BULKHEAD_CORE_RECORD_H

#include "core/fleet.h"

#define RECORD_VERSION  5
#define RECORD_LINE_MAX 9216 // bytes of a line, with its newline and a NUL

/* A member beside one that its group's limit has killed, at that moment. */
struct record_other {
    uint32_t member;
    int64_t current_bytes;
    int64_t peak_bytes; // 0: the kernel has none
    int64_t growth;     // bytes a second, by its samples; 0: none, or not known
};

/* Writers: put one line with its newline into `line` (RECORD_LINE_MAX bytes), return its length. */
size_t record_write_head(const struct roster *roster, uint64_t seed, char *line);
size_t record_write_group(const struct roster *roster, uint32_t group, char *line);
size_t record_write_member(const struct roster *roster, uint32_t member, char *line);
size_t record_write_need(const struct roster *roster, uint32_t member, uint32_t need, char *line);
size_t record_write_state(const struct fleet *fleet, uint32_t member, char *line);
size_t record_write_kept(const struct fleet *fleet, uint32_t member, char *line);
size_t record_write_event(const struct event *event, char *line);
size_t record_write_effect(const struct effect *effect, char *line);
size_t record_write_verdict(uint32_t member, uint32_t generation, const struct verdict *verdict,
                            char *line);

size_t record_write_other(uint32_t member, uint32_t generation, const struct record_other *other,
                          char *line);

/* Effect number `index` of the fleet's last step as the journal has it: the effect's line and,
 * after a VERDICT effect, the verdict's. `lines` holds 2 x RECORD_LINE_MAX bytes. */
size_t record_write_outcome(const struct fleet *fleet, uint32_t index, char *lines);

enum record_kind {
    RECORD_HEAD,
    RECORD_GROUP,
    RECORD_MEMBER,
    RECORD_NEED,
    RECORD_STATE,
    RECORD_EVENT,
    RECORD_EFFECT,
    RECORD_VERDICT,
    RECORD_OTHER,
    RECORD_KEPT,
    RECORD_NOTE,
};

struct record {
    enum record_kind kind;
    uint32_t member;
    uint32_t generation;
    /* by kind */
    uint64_t seed;                  // HEAD
    uint32_t members;               // HEAD: how many member lines follow
    uint32_t groups;                // HEAD: how many group lines follow
    char stack[NAME_BYTES_MAX + 1]; // HEAD
    struct stack_group group;       // GROUP: its index is `member`
    struct member roster_member;    // MEMBER: name, service_length, number, group, policy
    struct need need;               // NEED
    struct incarnation state;       // STATE
    struct spent spent;             // STATE
    struct governor governor;       // STATE: fleet->governor
    struct kept kept;               // STATE, KEPT
    int64_t sequence;               // STATE: fleet->sequence
    bool ending;                    // STATE: fleet->ending
    bool finished;                  // STATE: fleet->finished
    struct event event;             // EVENT
    struct effect effect;           // EFFECT
    struct verdict verdict;         // VERDICT
    struct record_other other;      // OTHER
    const char *text;               // NOTE: leads into the line
};

/* One line without its newline, NUL-terminated. 0; 1: malformed, *ret_why a static text. */
int record_read(const char *line, struct record *ret, const char **ret_why);

#endif
