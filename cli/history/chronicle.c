/* See chronicle.h. */
#include "cli/history/chronicle.h"

#include <errno.h>
#include <string.h>

#include "core/probe_note.h"

int chronicle_covered(const char *runtime_dir, const char *state_dir, struct past_span *ret)
{
    struct journal_reader reader;
    struct record record;
    int got;

    *ret = (struct past_span){INT64_MAX, INT64_MAX};
    got = journal_reader_open(runtime_dir, state_dir, false, &reader);
    if (got != 0)
        return got;
    while ((got = journal_reader_next(&reader, &record)) == 1) {
        if (record.kind != RECORD_EVENT)
            continue;
        if (ret->from_ns == INT64_MAX)
            ret->from_ns = record.event.wall_ns;
        ret->before_ns = record.event.wall_ns + 1;
        if (!reader.archived)
            break;
    }
    if (!reader.archived)
        ret->before_ns = INT64_MAX;
    journal_reader_close(&reader);
    return got < 0 ? got : 0;
}

const char *chronicle_past_trouble(int failed)
{
    if (failed == 0 || failed == -ENOENT)
        return NULL;
    if (failed == 1)
        return "it is not of this version of bulkhead";
    if (failed == DATABASE_DAMAGED)
        return "it is damaged";
    return strerrordesc_np(-failed);
}

int chronicle_open(const char *runtime_dir, const char *state_dir, struct chronicle *ret)
{
    int failed;

    memset(ret, 0, sizeof(*ret));
    ret->past_failed = past_open(state_dir, &ret->past);
    failed = chronicle_covered(runtime_dir, state_dir, &ret->covered);
    if (failed == 0)
        failed = journal_reader_open(runtime_dir, state_dir, false, &ret->journal);
    ret->has_journal = failed == 0;
    if (failed == -ENOENT && ret->past)
        failed = 0;
    if (failed != 0)
        past_close(ret->past);
    return failed;
}

static void forget(struct chronicle *chronicle)
{
    deaths_finish(&chronicle->deaths);
    snapshots_finish(&chronicle->snapshots);
    event_view_finish(&chronicle->view);
}

void chronicle_close(struct chronicle *chronicle)
{
    forget(chronicle);
    past_close(chronicle->past);
    if (chronicle->has_journal)
        journal_reader_close(&chronicle->journal);
}

/* --- what was before the journal ----------------------------------------------------------- */

static int take_event(void *context, const struct user_event *event)
{
    struct chronicle *chronicle = context;

    return deaths_feed(&chronicle->deaths, event);
}

static struct death_other other_of(const char *name, const struct record_other *numbers)
{
    struct death_other other = {.current_bytes = numbers->current_bytes,
                                .peak_bytes = numbers->peak_bytes,
                                .growth = numbers->growth};

    memcpy(other.name, name, strnlen(name, sizeof(other.name) - 1));
    return other;
}

static int take_beside(void *context, const struct past_beside *beside)
{
    struct chronicle *chronicle = context;
    struct death_other other = other_of(beside->other, &beside->numbers);

    deaths_beside(&chronicle->deaths, beside->wall_ns, beside->name, beside->generation, &other);
    return 0;
}

static int take_snapshot(struct chronicle *chronicle, const char *text)
{
    struct snapshot_note note;

    return snapshot_note_read(text, &note) ? snapshots_feed(&chronicle->snapshots, &note) : 0;
}

static int take_left(struct chronicle *chronicle, int64_t wall_ns, const char *text)
{
    struct quarantine_note note;

    return quarantine_note_read(text, &note) ? deaths_left(&chronicle->deaths, wall_ns, &note) : 0;
}

static int take_past_note(void *context, const struct past_note *note)
{
    struct chronicle *chronicle = context;

    if (strcmp(note->kind, PAST_PROBE) == 0)
        return deaths_probe(&chronicle->deaths, note->wall_ns, note->name, note->generation,
                            note->text);
    if (strcmp(note->kind, PAST_SNAPSHOT) == 0)
        return take_snapshot(chronicle, note->text);
    if (strcmp(note->kind, PAST_SAID) == 0)
        return take_left(chronicle, note->wall_ns, note->text);
    return 0;
}

static int read_past(struct chronicle *chronicle, struct past_span when)
{
    int failed;

    if (!chronicle->past || when.from_ns >= when.before_ns)
        return 0;
    failed = past_events(chronicle->past, when, take_event, chronicle);
    if (failed == 0)
        failed = past_beside(chronicle->past, when, take_beside, chronicle);
    if (failed == 0)
        failed = past_notes(chronicle->past, when, take_past_note, chronicle);
    if (failed == 0 || failed == -ENOMEM)
        return failed;
    chronicle->past_failed = failed; // the journal is told all the same
    chronicle->past = past_close(chronicle->past);
    return 0;
}

/* --- the journal ---------------------------------------------------------------------------- */

static int take_note(struct chronicle *chronicle, const char *text)
{
    const struct event_view *view = &chronicle->view;
    struct probe_note note;
    int failed = take_left(chronicle, view->wall_ns, text);

    if (failed != 0)
        return failed;
    if (!probe_note_read(text, &note))
        return take_snapshot(chronicle, text);
    if (note.member >= view->members_count)
        return 0;
    return deaths_probe(&chronicle->deaths, view->wall_ns, view->members[note.member].name,
                        note.generation, note.said);
}

static void take_other(struct chronicle *chronicle, const struct record *record)
{
    const struct event_view *view = &chronicle->view;
    struct death_other other;

    if (record->member >= view->members_count || record->other.member >= view->members_count)
        return;
    other = other_of(view->members[record->other.member].name, &record->other);
    deaths_beside(&chronicle->deaths, view->wall_ns, view->members[record->member].name,
                  record->generation, &other);
}

static int take_record(struct chronicle *chronicle, const struct record *record)
{
    struct user_event told[EVENT_VIEW_MAX];
    int count = event_view_feed(&chronicle->view, record, told);
    int failed = count < 0 ? count : 0;

    for (int i = 0; i < count && failed == 0; i++)
        failed = deaths_feed(&chronicle->deaths, &told[i]);
    if (failed == 0 && record->kind == RECORD_NOTE)
        failed = take_note(chronicle, record->text);
    if (record->kind == RECORD_OTHER)
        take_other(chronicle, record);
    return failed;
}

static int read_journal(struct chronicle *chronicle)
{
    struct record record;
    int got;

    if (!chronicle->has_journal)
        return 0;
    rotated_move(&chronicle->journal.file, 0, 0);
    while ((got = journal_reader_next(&chronicle->journal, &record)) == 1) {
        int failed = take_record(chronicle, &record);

        if (failed != 0)
            return failed;
    }
    return got;
}

int chronicle_read(struct chronicle *chronicle, int64_t back_ns)
{
    int64_t begins_ns = chronicle->covered.from_ns;
    int failed;

    forget(chronicle);
    event_view_init(&chronicle->view, false);
    if (begins_ns == INT64_MAX)
        back_ns = INT64_MAX; // it is all that there is
    begins_ns = begins_ns > back_ns ? begins_ns - back_ns : 0;
    chronicle->read_all = begins_ns == 0;
    failed = read_past(chronicle, (struct past_span){begins_ns, chronicle->covered.from_ns});
    if (failed == 0)
        failed = read_journal(chronicle);
    if (failed == 0)
        failed = read_past(chronicle, (struct past_span){chronicle->covered.before_ns, INT64_MAX});
    return failed;
}
