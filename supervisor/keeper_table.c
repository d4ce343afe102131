/* See keeper_table.h. */
#include "supervisor/keeper_table.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAGIC UINT32_C(0x54504b42) // "BKPT"

struct head {
    uint32_t magic;
    uint32_t version;
    uint32_t records; // that many of them follow, oldest first,
    uint32_t files;   // and behind them the files
};

struct entry {
    int32_t fd;
    char tag[KEEPER_TAG_MAX];
};

static int put(int file, const void *bytes, size_t size)
{
    ssize_t written = write(file, bytes, size);

    return written < 0 ? -errno : (size_t)written == size ? 0 : -EIO;
}

int keeper_table_save(const struct keeper_records *records, const struct keeper_files *files)
{
    const struct head head = {MAGIC, KEEPER_TABLE_VERSION, records->next - records->oldest,
                              files->count};
    int file = memfd_create("bulkhead-keeper", MFD_CLOEXEC);
    int result = file < 0 ? -errno : put(file, &head, sizeof(head));

    for (uint32_t i = records->oldest; result == 0 && i != records->next; i++)
        result = put(file, &records->ring[i % KEEPER_RECORDS_MAX], sizeof(records->ring[0]));
    for (uint32_t i = 0; result == 0 && i < files->count; i++) {
        struct entry entry = {.fd = files->file[i].fd};
        memcpy(entry.tag, files->file[i].tag, sizeof(entry.tag));
        result = put(file, &entry, sizeof(entry));
    }
    if (result == 0)
        return file;
    if (file >= 0)
        close(file);
    return result;
}

/* 0, or -EPROTO: it ends before that. */
static int get(int file, void *bytes, size_t size, off_t *at)
{
    if (pread(file, bytes, size, *at) != (ssize_t)size)
        return -EPROTO;
    *at += (off_t)size;
    return 0;
}

int keeper_table_load(int file, struct keeper_records *records, struct keeper_files *files)
{
    struct keeper_record record;
    struct entry entry;
    struct head head;
    off_t at = 0;

    if (get(file, &head, sizeof(head), &at) < 0 || head.magic != MAGIC)
        return -ENODATA;
    if (head.version != KEEPER_TABLE_VERSION || head.records > KEEPER_RECORDS_MAX ||
        head.files > KEEPER_FILES_MAX)
        return -EPROTO;
    for (uint32_t i = 0; i < head.records; i++) {
        if (get(file, &record, sizeof(record), &at) < 0)
            return -EPROTO;
        keeper_records_add(records, &record);
    }
    for (uint32_t i = 0; i < head.files; i++) {
        if (get(file, &entry, sizeof(entry), &at) < 0 || fcntl(entry.fd, F_SETFD, FD_CLOEXEC) < 0)
            return -EPROTO;
        (void)keeper_files_hold(files, entry.tag, entry.fd);
    }
    return 0;
}
