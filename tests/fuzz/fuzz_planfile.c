/* Plan files as the supervisor reads them: header, index, launch records. The last are also read
 * from the bare input, which needs no valid header. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/planfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_launch(const uint8_t *data, size_t size)
{
    struct launch_record record;
    size_t sum = 0;

    if (planfile_launch(data, size, &record) != 0)
        return;
    for (size_t i = 0; record.launch.argv[i]; i++)
        sum += strlen(record.launch.argv[i]);
    for (size_t i = 0; record.launch.envp[i]; i++)
        sum += strlen(record.launch.envp[i]);
    for (size_t i = 0; i < record.launch.controls_count; i++)
        sum += strlen(record.launch.controls[i].file) + strlen(record.launch.controls[i].value);
    for (size_t i = 0; record.launch.labels[i]; i++)
        sum += strlen(record.launch.labels[i]);
    if (sum > size)
        abort();
    launch_record_finish(&record);
}

static void read_members(const struct roster *roster, const uint8_t *data)
{
    for (uint32_t i = 0; i < roster->members_count; i++) {
        const struct member *member = &roster->members[i];
        for (uint32_t j = 0; j < member->needs_count; j++)
            if (roster->needs[member->first_need + j].member >= roster->members_count)
                abort();
        if (!policy_is_valid(&member->policy) || roster_find(roster, member->name) < 0)
            abort();
        read_launch(data + member->launch_offset, member->launch_bytes);
        for (uint32_t j = 0; j < member->aides_count; j++) {
            const struct aide *aide = &roster->aides[member->first_aide + j];
            if (aide->kind >= AIDE_KINDS)
                abort();
            read_launch(data + aide->launch_offset, aide->launch_bytes);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct planfile_header header;
    struct roster roster;
    const char *why;

    read_launch(data, size);
    if (size < PLANFILE_HEADER_BYTES || planfile_header(data, &header) != 0 ||
        header.total_bytes != size)
        return 0;
    if (planfile_index(&header, data + PLANFILE_HEADER_BYTES, header.index_bytes, &roster, &why) !=
        0)
        return 0;
    read_members(&roster, data);
    roster_finish(&roster);
    return 0;
}
