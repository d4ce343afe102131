/* The reader of lists of exit codes and signals: x-bulkhead.success_exit_codes and
 * restart_prevent_exit_codes. */
#include "stackfile/readers.h"

#include <string.h>

#include "core/limits.h"
#include "stackfile/value.h"

#define EXITS_REMEDY "write exit codes from 0 to 255 and names of signals: [3, SIGTERM]"

static void take_exit(struct reader *reader, const char *key, const struct node *value,
                      struct exits *exits)
{
    const char *text =
        take_text(reader, key, value, ACCEPT_STRING | ACCEPT_NUMBER, "an exit code or a signal");
    int64_t number;

    if (!text)
        return;
    if (!value_integer(text, &number)) {
        if (number >= 0 && number <= EXIT_CODE_MAX)
            exits_add_code(exits, number);
        else
            report_key(reader, value->at, key, EXITS_REMEDY, "%lld is no exit code",
                       (long long)number);
    } else if (!value_signal(text, &number)) {
        exits_add_signal(exits, number);
    } else {
        report_key(reader, value->at, key, EXITS_REMEDY, "\"%s\" is neither exit code nor signal",
                   shown(text).text);
    }
}

void read_exit_codes(struct reader *reader, const char *key, const struct node *value, void *into)
{
    struct spec_exits *exits = into;

    if (value->kind != NODE_LIST) {
        report_key(reader, value->at, key, EXITS_REMEDY, "must be a list, not %s",
                   node_kind_name(value));
        return;
    }
    exits->at = value->at;
    exits->set = value->count > 0;
    for (uint32_t i = 0; i < value->count; i++)
        take_exit(reader, key, value->items[i], &exits->exits);
}
