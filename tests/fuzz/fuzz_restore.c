/* The journal that a supervisor goes on with. What is restored is a fleet that can be stepped, and
 * what its journal would say next restores to the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/restore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *state_of(const struct fleet *fleet)
{
    size_t used = 0;
    char *text = malloc((size_t)(fleet->roster->members_count + 1) * RECORD_LINE_MAX);

    if (!text)
        abort();
    text[0] = '\0';
    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        used += record_write_state(fleet, i, text + used);
    return text;
}

/* The text with what was missing in it leads to the same place. */
static void restore_again(const uint8_t *data, const struct restored *restored)
{
    size_t missing = restored->missing ? strlen(restored->missing) : 0;
    char *text = malloc(restored->whole + missing + 1), *one, *other;
    struct restored again;
    const char *why;

    if (!text)
        abort();
    memcpy(text, data, restored->whole);
    if (missing)
        memcpy(text + restored->whole, restored->missing, missing);
    if (restore_fleet(text, restored->whole + missing, &again, &why) != 0 || again.missing)
        abort();
    one = state_of(&restored->fleet);
    other = state_of(&again.fleet);
    if (strcmp(one, other) != 0)
        abort();
    free(one);
    free(other);
    restored_finish(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct event adopt = {.kind = EVENT_ADOPT}, tick = {.kind = EVENT_TICK, .at = {1}};
    char *text = malloc(size + 1);
    struct restored restored;
    const char *why = NULL;

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (restore_fleet(text, size, &restored, &why) != 0) {
        if (!why)
            abort();
    } else {
        if (restored.fleet.roster->members_count <= 16)
            restore_again(data, &restored);
        fleet_step(&restored.fleet, &adopt);
        fleet_step(&restored.fleet, &tick);
    }
    restored_finish(&restored);
    free(text);
    return 0;
}
