/* See follow_journal.h. */
#include "history/follow_journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/probe_note.h"
#include "history/past.h"

#define WHAT     "journal"
#define SNAPSHOT "snapshot name=" // core/snapshot_note.h

/* The file of that inode, opened. *ret_mark is its first line, cut. The descriptor or -errno. */
static int open_inode(const struct rotated *file, ino_t inode, struct keep_place *ret)
{
    struct stat status;
    int age;

    for (age = 0; age < ROTATED_AGES_MAX; age++) {
        int fd = rotated_open(file, age, &status);
        ssize_t got;

        if (fd < 0 && age > 1)
            return fd;
        if (fd < 0 || status.st_ino != inode) {
            if (fd >= 0)
                close(fd);
            continue;
        }
        got = pread(fd, ret->mark, sizeof(ret->mark) - 1, 0);
        ret->mark[got > 0 ? got : 0] = '\0';
        ret->mark[strcspn(ret->mark, "\n")] = '\0';
        ret->file = (int64_t)inode;
        return fd;
    }
    return -ENOENT;
}

/* Is the file there in which we stopped? It and its inode may be another's by now. */
static bool is_there(const struct rotated *file, const struct keep_place *known)
{
    struct keep_place found = {0};
    int fd = open_inode(file, (ino_t)known->file, &found);

    if (fd < 0)
        return false;
    close(fd);
    return strcmp(found.mark, known->mark) == 0;
}

int follow_journal_begin(struct follow_journal *follow, int folder, struct keep *keep)
{
    int known;

    memset(follow, 0, sizeof(*follow));
    event_view_init(&follow->view, true);
    journal_reader_begin(&follow->reader, folder);
    known = keep_find_place(keep, WHAT, &follow->known);
    if (known < 0)
        return known;
    if (known == 0 && is_there(&follow->reader.file, &follow->known)) {
        follow->skipping = true;
        rotated_move(&follow->reader.file, (ino_t)follow->known.file, 0);
    }
    return 0;
}

void follow_journal_finish(struct follow_journal *follow)
{
    rotated_finish(&follow->reader.file);
    event_view_finish(&follow->view);
    free(follow->ids);
    memset(follow, 0, sizeof(*follow));
}

/* Where the reader is now; the mark is read once a file. 0 or a negative errno. */
static void look_where(struct follow_journal *follow)
{
    ino_t inode;
    off_t offset;
    int fd;

    rotated_place(&follow->reader.file, &inode, &offset);
    if ((ino_t)follow->place.file != inode || !*follow->place.mark) {
        fd = open_inode(&follow->reader.file, inode, &follow->place);
        if (fd >= 0)
            close(fd);
    }
    follow->place.place = offset;
}

static int take_member(struct follow_journal *follow, struct keep *keep, uint32_t member)
{
    if (member >= follow->view.members_count)
        return 0;
    if (member >= follow->ids_capacity) {
        int64_t *ids = reallocarray(follow->ids, follow->view.members_capacity, sizeof(int64_t));

        if (!ids)
            return -ENOMEM;
        follow->ids = ids;
        follow->ids_capacity = follow->view.members_capacity;
    }
    return keep_member(keep, follow->view.members[member].name, follow->reader.line,
                       &follow->ids[member]);
}

/* "snapshot name=web-1 g=7 …": about whom. False: malformed. */
static bool read_snapshot(const char *text, char name[INSTANCE_NAME_MAX], uint32_t *ret_generation)
{
    const char *from = text + strlen(SNAPSHOT);
    size_t length = strcspn(from, " ");
    char *end;
    unsigned long long generation;

    if (length == 0 || length >= INSTANCE_NAME_MAX || strncmp(from + length, " g=", 3) != 0)
        return false;
    memcpy(name, from, length);
    name[length] = '\0';
    generation = strtoull(from + length + 3, &end, 10);
    *ret_generation = (uint32_t)generation;
    return end != from + length + 3 && generation <= UINT32_MAX;
}

static int take_note(struct follow_journal *follow, struct keep *keep, const char *text)
{
    int64_t wall_ns = follow->view.wall_ns;
    char name[INSTANCE_NAME_MAX];
    struct probe_note note;
    uint32_t generation;

    if (probe_note_read(text, &note))
        return note.member < follow->view.members_count
                   ? keep_note(keep, wall_ns, follow->view.members[note.member].name,
                               note.generation, PAST_PROBE, note.said)
                   : 0;
    if (strncmp(text, SNAPSHOT, strlen(SNAPSHOT)) == 0)
        return read_snapshot(text, name, &generation)
                   ? keep_note(keep, wall_ns, name, generation, PAST_SNAPSHOT, text)
                   : 0;
    return keep_note(keep, wall_ns, NULL, 0, PAST_SAID, text);
}

static int take_other(struct follow_journal *follow, struct keep *keep, const struct record *record)
{
    const struct event_view *view = &follow->view;

    if (record->member >= view->members_count || record->other.member >= view->members_count)
        return 0;
    return keep_beside(keep, view->wall_ns, view->members[record->member].name, record->generation,
                       view->members[record->other.member].name, &record->other);
}

/* Behind what was kept already? */
static bool is_past_known(struct follow_journal *follow)
{
    ino_t inode;
    off_t offset;

    if (!follow->skipping)
        return true;
    rotated_place(&follow->reader.file, &inode, &offset);
    if ((int64_t)inode == follow->known.file && offset <= follow->known.place)
        return false;
    follow->skipping = false;
    return true;
}

static int take(struct follow_journal *follow, struct keep *keep, const struct record *record)
{
    struct user_event told[EVENT_VIEW_MAX];
    bool keeps = is_past_known(follow);
    int count = event_view_feed(&follow->view, record, told);
    int failed = count < 0 ? count : 0;

    if (failed == 0 && record->kind == RECORD_MEMBER)
        failed = take_member(follow, keep, record->member);
    if (!keeps)
        return failed;
    for (int i = 0; i < count && failed == 0; i++)
        if (told[i].index < follow->ids_capacity)
            failed = keep_event(keep, follow->ids[told[i].index], &told[i]);
    if (failed == 0 && record->kind == RECORD_NOTE)
        failed = take_note(follow, keep, record->text);
    if (failed == 0 && record->kind == RECORD_OTHER)
        failed = take_other(follow, keep, record);
    return failed;
}

/* The file at hand was gone before its end was read. */
static int tell_gaps(struct follow_journal *follow, struct keep *keep)
{
    if (follow->reader.file.gaps == follow->gaps)
        return 0;
    follow->gaps = follow->reader.file.gaps;
    return keep_note(keep, follow->view.wall_ns, NULL, 0, PAST_GAP,
                     "the journal went on without being read: what happened then is not known");
}

int follow_journal_turn(struct follow_journal *follow, struct keep *keep)
{
    struct record record;
    int got, failed = 0;

    while (failed == 0 && (got = journal_reader_next(&follow->reader, &record)) == 1) {
        failed = tell_gaps(follow, keep);
        if (failed == 0)
            failed = take(follow, keep, &record);
    }
    if (failed != 0 || got < 0)
        return failed != 0 ? failed : got;
    if (follow->skipping)
        return 0;
    look_where(follow);
    return follow->place.file ? keep_place(keep, WHAT, &follow->place) : 0;
}
