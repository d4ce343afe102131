/* See keeper_records.h. */
#include "supervisor/keeper_records.h"

#include <sys/socket.h>

bool keeper_records_are_full(const struct keeper_records *records)
{
    return records->next - records->oldest == KEEPER_RECORDS_MAX;
}

void keeper_records_add(struct keeper_records *records, const struct keeper_record *record)
{
    records->ring[records->next++ % KEEPER_RECORDS_MAX] = *record;
}

bool keeper_records_tell(struct keeper_records *records, int channel)
{
    for (; records->told != records->next; records->told++) {
        const struct keeper_record *record = &records->ring[records->told % KEEPER_RECORDS_MAX];
        const struct keeper_message message = {
            .kind = record->pid ? KEEPER_EXITED : KEEPER_SIGNALLED,
            .pid = record->pid,
            .code = record->code,
            .status = record->status,
        };
        if (send(channel, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT) !=
            sizeof(message))
            return false;
    }
    return true;
}

void keeper_records_acknowledge(struct keeper_records *records, uint32_t count)
{
    if (count <= records->told - records->oldest)
        records->oldest += count;
}

void keeper_records_tell_again(struct keeper_records *records)
{
    records->told = records->oldest;
}
