/* See past.h. */
#include "history/past.h"

#include <stdlib.h>
#include <string.h>

/* A member as a plan had it. */
struct past_member {
    int64_t id;
    struct view_member member;
    struct policy policy;
};

struct past {
    struct database *database;
    struct past_member *members; // by id
    size_t members_count;
    uint64_t malformed;
};

/* The member of its line; false when this version does not read it. */
static bool read_member(const char *line, struct past_member *ret)
{
    struct record record;
    const char *why;

    if (record_read(line, &record, &why) != 0 || record.kind != RECORD_MEMBER)
        return false;
    memcpy(ret->member.name, record.roster_member.name, sizeof(ret->member.name));
    ret->member.service_length = record.roster_member.service_length;
    ret->member.number = record.roster_member.number;
    ret->policy = record.roster_member.policy;
    return true;
}

static int add_member(struct past *past, int64_t id, const char *line, size_t *capacity)
{
    struct past_member *members = past->members;

    if (past->members_count == *capacity) {
        *capacity = *capacity > 0 ? *capacity * 2 : 64;
        members = reallocarray(members, *capacity, sizeof(*members));
        if (!members)
            return -ENOMEM;
        past->members = members;
    }
    members += past->members_count;
    *members = (struct past_member){.id = id};
    if (read_member(line, members))
        past->members_count++;
    else
        past->malformed++;
    return 0;
}

static int load_members(struct past *past)
{
    struct statement *statement;
    size_t capacity = 0;
    int got =
        database_prepare(past->database, "SELECT id, line FROM members ORDER BY id", &statement);

    if (got != 0)
        return got;
    while ((got = statement_step(statement)) == 1) {
        got = add_member(past, statement_number(statement, 0, 0), statement_text(statement, 1),
                         &capacity);
        if (got < 0)
            break;
    }
    statement_finish(statement);
    return got;
}

int past_open(const char *state_dir, struct past **ret)
{
    struct past *past = calloc(1, sizeof(*past));
    int failed;

    if (!past)
        return -ENOMEM;
    failed = history_open(state_dir, DATABASE_READ, &past->database);
    if (failed == 0)
        failed = load_members(past);
    if (failed != 0) {
        past_close(past);
        return failed;
    }
    *ret = past;
    return 0;
}

struct past *past_close(struct past *past)
{
    if (!past)
        return NULL;
    database_close(past->database);
    free(past->members);
    free(past);
    return NULL;
}

uint64_t past_malformed(const struct past *past)
{
    return past->malformed;
}

static int compare_ids(const void *left, const void *right)
{
    const struct past_member *one = left, *other = right;

    return (one->id > other->id) - (one->id < other->id);
}

static const struct past_member *find_member(const struct past *past, int64_t id)
{
    const struct past_member key = {.id = id};

    if (past->members_count == 0)
        return NULL;
    return bsearch(&key, past->members, past->members_count, sizeof(key), compare_ids);
}

/* A query over a span of time: its first two places. */
static int begin(struct past *past, const char *sql, struct past_span when, struct statement **ret)
{
    int failed = database_prepare(past->database, sql, ret);

    if (failed == 0) {
        statement_bind(*ret, 1, when.from_ns);
        statement_bind(*ret, 2, when.before_ns);
    }
    return failed;
}

static bool take_u32(int64_t number, uint32_t *ret)
{
    *ret = (uint32_t)number;
    return number >= 0 && number <= UINT32_MAX;
}

/* What keep_event stored beside the verdict. */
static bool take_number(struct user_event *event, int64_t number)
{
    switch (event->action) {
    case ACTION_START:
        event->pid = number;
        return number > 0 && number <= INT32_MAX;
    case ACTION_KILL:
        event->signal = (int32_t)number;
        return number > 0 && number <= 64;
    case ACTION_HEALTH:
        event->health = (enum health)number;
        return number >= 0 && number < HEALTHS_COUNT;
    case ACTION_RESTART:
        event->requested = number != 0;
        return true;
    default:
        return true;
    }
}

static bool take_verdict(struct user_event *event, const char *line)
{
    struct record record;
    const char *why;

    if (event->action != ACTION_DIE && event->action != ACTION_OOM &&
        event->action != ACTION_QUARANTINE)
        return true;
    if (record_read(line, &record, &why) != 0 || record.kind != RECORD_VERDICT)
        return false;
    event->verdict = record.verdict;
    return true;
}

/* The event of a row; false: it is none. */
static bool read_event(const struct past *past, struct statement *row, struct user_event *ret)
{
    const struct past_member *member = find_member(past, statement_number(row, 2, 0));

    if (!member)
        return false;
    *ret = (struct user_event){
        .action = action_from_name(statement_text(row, 4)),
        .wall_ns = statement_number(row, 0, 0),
        .at = {statement_number(row, 1, 0)},
        .member = &member->member,
        .policy = &member->policy,
    };
    return ret->action != ACTIONS_COUNT &&
           take_u32(statement_number(row, 3, -1), &ret->generation) &&
           take_number(ret, statement_number(row, 5, -1)) &&
           take_verdict(ret, statement_text(row, 6));
}

int past_events(struct past *past, struct past_span when, past_event_fn *take, void *context)
{
    struct user_event event;
    struct statement *row;
    int taken = 0;
    int got = begin(past,
                    "SELECT wall_ns, at_ns, member, generation, action, number, detail FROM events "
                    "WHERE wall_ns >= ? AND wall_ns < ? ORDER BY wall_ns, id",
                    when, &row);

    if (got != 0)
        return got;
    while (taken == 0 && (got = statement_step(row)) == 1) {
        if (read_event(past, row, &event))
            taken = take(context, &event);
        else
            past->malformed++;
    }
    statement_finish(row);
    return taken != 0 ? taken : got;
}

int past_beside(struct past *past, struct past_span when, past_beside_fn *take, void *context)
{
    struct past_beside beside;
    struct statement *row;
    int taken = 0;
    int got =
        begin(past,
              "SELECT wall_ns, one.name, generation, two.name, current, peak, growth FROM beside "
              "JOIN names AS one ON one.id = beside.name "
              "JOIN names AS two ON two.id = beside.other "
              "WHERE wall_ns >= ? AND wall_ns < ? ORDER BY beside.id",
              when, &row);

    if (got != 0)
        return got;
    while (taken == 0 && (got = statement_step(row)) == 1) {
        beside = (struct past_beside){
            .wall_ns = statement_number(row, 0, 0),
            .name = statement_text(row, 1),
            .other = statement_text(row, 3),
            .numbers = {.current_bytes = statement_number(row, 4, 0),
                        .peak_bytes = statement_number(row, 5, 0),
                        .growth = statement_number(row, 6, 0)},
        };
        if (take_u32(statement_number(row, 2, -1), &beside.generation))
            taken = take(context, &beside);
        else
            past->malformed++;
    }
    statement_finish(row);
    return taken != 0 ? taken : got;
}

int past_notes(struct past *past, struct past_span when, past_note_fn *take, void *context)
{
    struct past_note note;
    struct statement *row;
    int taken = 0;
    int got = begin(past,
                    "SELECT wall_ns, names.name, generation, kind, text FROM notes "
                    "LEFT JOIN names ON names.id = notes.name "
                    "WHERE wall_ns >= ? AND wall_ns < ? ORDER BY notes.id",
                    when, &row);

    if (got != 0)
        return got;
    while (taken == 0 && (got = statement_step(row)) == 1) {
        note = (struct past_note){
            .wall_ns = statement_number(row, 0, 0),
            .name = statement_text(row, 1),
            .kind = statement_text(row, 3),
            .text = statement_text(row, 4),
        };
        if (take_u32(statement_number(row, 2, -1), &note.generation))
            taken = take(context, &note);
        else
            past->malformed++;
    }
    statement_finish(row);
    return taken != 0 ? taken : got;
}

/* False: no member has such a name. */
static bool read_sample(struct statement *row, struct sample *ret)
{
    const char *name = statement_text(row, 1);
    int column = 3;

    *ret = (struct sample){.wall_ns = statement_number(row, 0, 0)};
    if (strlen(name) >= sizeof(ret->name) ||
        !take_u32(statement_number(row, 2, -1), &ret->generation))
        return false;
    memcpy(ret->name, name, strlen(name) + 1);
#define COLUMN(field, name) ret->field = statement_number(row, column++, SAMPLE_NONE);
    SAMPLE_NUMBERS(COLUMN)
#undef COLUMN
    return true;
}

#define SAMPLE_NAME(field, name) ", \"" name "\""

int past_samples(struct past *past, const char *name, struct past_span when, past_sample_fn *take,
                 void *context)
{
    struct statement *row;
    struct sample sample;
    int taken = 0;
    int got = begin(past,
                    "SELECT wall_ns, names.name, generation" SAMPLE_NUMBERS(
                        SAMPLE_NAME) " FROM samples JOIN names ON names.id = samples.name "
                                     "WHERE wall_ns >= ? AND wall_ns < ? AND "
                                     "(?3 IS NULL OR names.name = ?3) ORDER BY wall_ns",
                    when, &row);

    if (got != 0)
        return got;
    if (name)
        statement_bind_text(row, 3, name);
    while (taken == 0 && (got = statement_step(row)) == 1) {
        if (read_sample(row, &sample))
            taken = take(context, &sample);
        else
            past->malformed++;
    }
    statement_finish(row);
    return taken != 0 ? taken : got;
}
