/* Which keys merge in a way of their own. */
#ifndef BULKHEAD_STACKFILE_MERGE_RULES_H
#define BULKHEAD_STACKFILE_MERGE_RULES_H

#include <stddef.h>

#include "stackfile/node.h"

enum merge_how {
    MERGE_DEEP,       // mappings by key, lists appended, others replaced
    MERGE_REPLACE,    // the later one
    MERGE_PAIRS,      // NAME=value lists and mappings: a mapping, by name
    MERGE_NAMES,      // lists of names and mappings: a mapping, by name
    MERGE_DEPENDS_ON, // the same, with the condition that a name alone means
    MERGE_BUILD,      // a text is a context
    MERGE_LOGGING,    // by key where the driver is the same
    MERGE_HOSTS,      // NAME=address lists and mappings: a list, no entry twice
    MERGE_LIST,       // a text is a list of one; appended
    MERGE_UNIQUE,     // the same, and of equal entries (merge_entry_key) the later one, in the
                      // place of the earlier
};

/* What makes entries of a list equal. */
enum merge_entry {
    ENTRY_TEXT,   // the text, a mapping's path or target
    ENTRY_NAME,   // the text up to =
    ENTRY_TARGET, // where it is mounted: SOURCE:TARGET:MODE, target
    ENTRY_MOUNT,  // a config or secret: its target, else its source
    ENTRY_PORT,   // the text; host_ip:published:target/protocol
};

struct merge_rule {
    const char *key; // "*": every key; NULL ends a table
    enum merge_how how;
    enum merge_entry entry;
    const struct merge_rule *below;
};

extern const struct merge_rule merge_rules_document[];
extern const struct merge_rule merge_rules_service[];

/* The rule for a key of a table (NULL: an empty one), or NULL. */
const struct merge_rule *merge_rule_find(const struct merge_rule *table, const char *key);

#define ENTRY_KEY_MAX 512

/* What makes this entry of a list equal to another, in `room` where it has to be put together.
 * NULL: it is equal to no other. */
const char *merge_entry_key(enum merge_entry entry, const struct node *item,
                            char room[ENTRY_KEY_MAX]);

#endif
