/* See keep.h. */
#include "history/keep.h"

#include <stdio.h>
#include <string.h>

#define LOOK_AT_AGE_NS (3600 * NSEC_PER_SEC)
#define PIECE          512 // rows
#define PIECES_A_ROUND 8

#define SAMPLE_NAME(field, name) ", \"" name "\""
#define SAMPLE_MARK(field, name) ",?"

static const char *const sql[KEEP_STATEMENTS] = {
    [KEEP_NAME] = "INSERT INTO names(name) VALUES(?) ON CONFLICT DO NOTHING",
    [KEEP_FIND_NAME] = "SELECT id FROM names WHERE name = ?",
    [KEEP_MEMBER] = "INSERT INTO members(name, line) VALUES(?, ?) ON CONFLICT DO NOTHING",
    [KEEP_FIND_MEMBER] = "SELECT id FROM members WHERE line = ?",
    [KEEP_EVENT] = "INSERT INTO events(wall_ns, at_ns, member, generation, action, number, detail) "
                   "VALUES(?, ?, ?, ?, ?, ?, ?)",
    [KEEP_DEATH] =
        "INSERT INTO deaths(event, name, verdict, confidence, exit_code, signal, uptime_ns, peak, "
        "mem_limit) SELECT ?, name, ?, ?, ?, ?, ?, ?, ? FROM members WHERE id = ?",
    [KEEP_BESIDE] = "INSERT INTO beside(wall_ns, name, generation, other, current, peak, growth) "
                    "VALUES(?, ?, ?, ?, ?, ?, ?)",
    [KEEP_NOTE] = "INSERT INTO notes(wall_ns, name, generation, kind, text) VALUES(?, ?, ?, ?, ?)",
    [KEEP_SAMPLE] = "INSERT INTO samples(wall_ns, name, generation" SAMPLE_NUMBERS(
        SAMPLE_NAME) ") VALUES(?, ?, ?" SAMPLE_NUMBERS(SAMPLE_MARK) ") ON CONFLICT DO NOTHING",
    [KEEP_PLACE] = "INSERT INTO followed(what, file, place, mark) VALUES(?, ?, ?, ?) "
                   "ON CONFLICT(what) DO UPDATE SET file = excluded.file, place = excluded.place, "
                   "mark = excluded.mark",
};

int keep_open(struct keep *keep, const char *folder, const struct retention *limits)
{
    int failed;

    *keep = (struct keep){.limits = *limits};
    failed = history_open(folder, DATABASE_WRITE, &keep->database);
    if (failed != 0)
        keep_close(keep);
    return failed;
}

void keep_close(struct keep *keep)
{
    keep->database = database_close(keep->database);
    memset(keep->statements, 0, sizeof(struct statement *) * KEEP_STATEMENTS);
}

void keep_limit(struct keep *keep, const struct retention *limits)
{
    if (limits->age_ns != keep->limits.age_ns)
        keep->aged_wall_ns = 0; // age is to be looked at
    keep->limits = *limits;
}

int keep_begin(struct keep *keep)
{
    return database_run(keep->database, "BEGIN IMMEDIATE");
}

int keep_end(struct keep *keep)
{
    return database_run(keep->database, "COMMIT");
}

void keep_give_up(struct keep *keep)
{
    for (int i = 0; i < KEEP_STATEMENTS; i++)
        if (keep->statements[i])
            statement_reset(keep->statements[i]);
    (void)database_run(keep->database, "ROLLBACK"); // an error may have done so already
}

/* 0 or a negative errno. */
static int use(struct keep *keep, int which, struct statement **ret)
{
    int failed = 0;

    if (!keep->statements[which])
        failed = database_prepare(keep->database, sql[which], &keep->statements[which]);
    *ret = keep->statements[which];
    return failed;
}

/* The one number of the one row, by a text. 0, 1: there is none, or a negative errno. */
static int find_by_text(struct keep *keep, int which, const char *text, int64_t *ret)
{
    struct statement *statement;
    int got = use(keep, which, &statement);

    if (got != 0)
        return got;
    statement_bind_text(statement, 1, text);
    got = statement_step(statement);
    if (got == 1)
        *ret = statement_number(statement, 0, 0);
    statement_reset(statement);
    return got < 0 ? got : !got;
}

static int name_id(struct keep *keep, const char *name, int64_t *ret)
{
    struct statement *statement;
    int got = find_by_text(keep, KEEP_FIND_NAME, name, ret);

    if (got <= 0)
        return got;
    got = use(keep, KEEP_NAME, &statement);
    if (got != 0)
        return got;
    statement_bind_text(statement, 1, name);
    got = statement_run(statement);
    *ret = database_last_id(keep->database);
    return got;
}

int keep_member(struct keep *keep, const char *name, const char *line, int64_t *ret_id)
{
    struct statement *statement;
    int64_t named = 0;
    int got = find_by_text(keep, KEEP_FIND_MEMBER, line, ret_id);

    if (got <= 0)
        return got;
    got = name_id(keep, name, &named);
    if (got == 0)
        got = use(keep, KEEP_MEMBER, &statement);
    if (got != 0)
        return got;
    statement_bind(statement, 1, named);
    statement_bind_text(statement, 2, line);
    got = statement_run(statement);
    *ret_id = database_last_id(keep->database);
    return got;
}

/* What an action has beside its verdict. */
static int64_t number_of(const struct user_event *event)
{
    switch (event->action) {
    case ACTION_START:
        return event->pid;
    case ACTION_KILL:
        return event->signal;
    case ACTION_HEALTH:
        return event->health;
    case ACTION_RESTART:
        return event->requested;
    default:
        return 0;
    }
}

static int keep_death(struct keep *keep, int64_t member, int64_t id, const struct verdict *verdict)
{
    struct statement *statement;
    int failed = use(keep, KEEP_DEATH, &statement);

    if (failed != 0)
        return failed;
    statement_bind(statement, 1, id);
    statement_bind_text(statement, 2, verdict_name(verdict->kind));
    statement_bind_text(statement, 3, confidence_name(verdict->confidence));
    statement_bind(statement, 4, verdict->exit_code);
    statement_bind(statement, 5, verdict->signal);
    statement_bind(statement, 6, verdict->uptime.ns);
    statement_bind(statement, 7, verdict->peak_bytes);
    statement_bind(statement, 8, verdict->limit_bytes);
    statement_bind(statement, 9, member);
    return statement_run(statement);
}

int keep_forget_plans(struct keep *keep)
{
    return database_run(keep->database,
                        "DELETE FROM members WHERE id NOT IN (SELECT member FROM events)");
}

static bool has_verdict(enum action action)
{
    return action == ACTION_DIE || action == ACTION_OOM || action == ACTION_QUARANTINE;
}

int keep_event(struct keep *keep, int64_t member, const struct user_event *event)
{
    struct statement *statement;
    char line[RECORD_LINE_MAX];
    int failed = use(keep, KEEP_EVENT, &statement);

    if (failed != 0)
        return failed;
    statement_bind(statement, 1, event->wall_ns);
    statement_bind(statement, 2, event->at.ns);
    statement_bind(statement, 3, member);
    statement_bind(statement, 4, event->generation);
    statement_bind_text(statement, 5, action_name(event->action));
    statement_bind(statement, 6, number_of(event));
    statement_bind_null(statement, 7);
    if (has_verdict(event->action)) {
        size_t length = record_write_verdict(0, event->generation, &event->verdict, line);

        line[length - 1] = '\0';
        statement_bind_text(statement, 7, line);
    }
    failed = statement_run(statement);
    if (failed != 0 || !has_verdict(event->action) || event->action == ACTION_QUARANTINE ||
        (event->action == ACTION_OOM && event->verdict.kind != VERDICT_OOM_CHILD))
        return failed;
    return keep_death(keep, member, database_last_id(keep->database), &event->verdict);
}

int keep_beside(struct keep *keep, int64_t wall_ns, const char *name, uint32_t generation,
                const char *other, const struct record_other *numbers)
{
    struct statement *statement;
    int64_t named = 0, others = 0;
    int failed = name_id(keep, name, &named);

    if (failed == 0)
        failed = name_id(keep, other, &others);
    if (failed == 0)
        failed = use(keep, KEEP_BESIDE, &statement);
    if (failed != 0)
        return failed;
    statement_bind(statement, 1, wall_ns);
    statement_bind(statement, 2, named);
    statement_bind(statement, 3, generation);
    statement_bind(statement, 4, others);
    statement_bind(statement, 5, numbers->current_bytes);
    statement_bind(statement, 6, numbers->peak_bytes);
    statement_bind(statement, 7, numbers->growth);
    return statement_run(statement);
}

int keep_note(struct keep *keep, int64_t wall_ns, const char *name, uint32_t generation,
              const char *kind, const char *text)
{
    struct statement *statement;
    int64_t named = 0;
    int failed = name ? name_id(keep, name, &named) : 0;

    if (failed == 0)
        failed = use(keep, KEEP_NOTE, &statement);
    if (failed != 0)
        return failed;
    statement_bind(statement, 1, wall_ns);
    if (name)
        statement_bind(statement, 2, named);
    else
        statement_bind_null(statement, 2);
    statement_bind(statement, 3, generation);
    statement_bind_text(statement, 4, kind);
    statement_bind_text(statement, 5, text);
    return statement_run(statement);
}

int keep_sample(struct keep *keep, const struct sample *sample)
{
    struct statement *statement;
    int64_t named = 0;
    int place = 4;
    int failed = name_id(keep, sample->name, &named);

    if (failed == 0)
        failed = use(keep, KEEP_SAMPLE, &statement);
    if (failed != 0)
        return failed;
    statement_bind(statement, 1, sample->wall_ns);
    statement_bind(statement, 2, named);
    statement_bind(statement, 3, sample->generation);
#define BIND(field, name) statement_bind(statement, place++, sample->field);
    SAMPLE_NUMBERS(BIND)
#undef BIND
    return statement_run(statement);
}

int keep_find_place(struct keep *keep, const char *what, struct keep_place *ret)
{
    struct statement *statement;
    int got = database_prepare(keep->database,
                               "SELECT file, place, mark FROM followed WHERE what = ?", &statement);

    if (got != 0)
        return got;
    statement_bind_text(statement, 1, what);
    got = statement_step(statement);
    if (got == 1) {
        ret->file = statement_number(statement, 0, 0);
        ret->place = statement_number(statement, 1, 0);
        snprintf(ret->mark, sizeof(ret->mark), "%s", statement_text(statement, 2));
    }
    statement_finish(statement);
    return got < 0 ? got : !got;
}

int keep_place(struct keep *keep, const char *what, const struct keep_place *place)
{
    struct statement *statement;
    int failed = use(keep, KEEP_PLACE, &statement);

    if (failed != 0)
        return failed;
    statement_bind_text(statement, 1, what);
    statement_bind(statement, 2, place->file);
    statement_bind(statement, 3, place->place);
    statement_bind_text(statement, 4, place->mark);
    return statement_run(statement);
}

/* --- what goes ------------------------------------------------------------------------------ */

/* A piece of the samples that are older than that. As many as are taken at one moment may be: one
 * piece is more. */
static int drop_samples(struct keep *keep, int64_t wall_ns, int64_t *ret_dropped)
{
    char text[240];
    int failed;

    snprintf(text, sizeof(text),
             "DELETE FROM samples WHERE wall_ns < min(%lld, coalesce((SELECT wall_ns FROM samples "
             "ORDER BY wall_ns LIMIT 1 OFFSET %d), %lld))",
             (long long)wall_ns, INSTANCES_MAX, (long long)wall_ns);
    failed = database_run(keep->database, text);
    *ret_dropped = failed == 0 ? database_changes(keep->database) : 0;
    return failed;
}

static int drop_told(struct keep *keep, int64_t wall_ns, int64_t *ret_dropped)
{
    static const char *const tables[] = {"events", "beside", "notes"};
    char text[160];
    int failed = 0;

    *ret_dropped = 0;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && failed == 0; i++) {
        snprintf(text, sizeof(text),
                 "DELETE FROM %s WHERE id < (SELECT min(id) + %d FROM %s) AND wall_ns < %lld",
                 tables[i], PIECE, tables[i], (long long)wall_ns);
        failed = database_run(keep->database, text);
        if (failed == 0)
            *ret_dropped += database_changes(keep->database);
    }
    if (failed == 0)
        failed =
            database_run(keep->database, "DELETE FROM deaths WHERE event < (SELECT "
                                         "coalesce(min(id), 9223372036854775807) FROM events)");
    return failed;
}

/* What is too old, a piece of each a round. */
static int drop_old(struct keep *keep, int64_t now_wall_ns)
{
    int64_t samples = 0, told = 0;
    int failed = drop_samples(keep, now_wall_ns - keep->limits.age_ns, &samples);

    if (failed == 0)
        failed = drop_told(keep, now_wall_ns - keep->limits.age_ns, &told);
    if (failed == 0 && samples == 0 && told == 0)
        keep->aged_wall_ns = now_wall_ns;
    return failed;
}

static int used_bytes(struct keep *keep, int64_t *ret)
{
    int64_t pages = 0, free_pages = 0, page_bytes = 0;
    int failed = database_number(keep->database, "PRAGMA page_count", &pages);

    if (failed == 0)
        failed = database_number(keep->database, "PRAGMA freelist_count", &free_pages);
    if (failed == 0)
        failed = database_number(keep->database, "PRAGMA page_size", &page_bytes);
    *ret = (pages - free_pages) * page_bytes;
    return failed;
}

int keep_retire(struct keep *keep, int64_t now_wall_ns)
{
    int64_t since_ns = now_wall_ns - keep->aged_wall_ns;
    int64_t used = 0, dropped;
    int failed = 0;

    if (since_ns >= LOOK_AT_AGE_NS || since_ns < 0)
        failed = drop_old(keep, now_wall_ns);
    for (int piece = 0; piece < PIECES_A_ROUND && failed == 0; piece++) {
        failed = used_bytes(keep, &used);
        if (failed != 0 || used <= keep->limits.bytes)
            break;
        failed = drop_samples(keep, INT64_MAX, &dropped);
        if (failed == 0 && dropped == 0)
            failed = drop_told(keep, INT64_MAX, &dropped);
    }
    return failed;
}
