/* See schema.h. */
#include "history/schema.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/paths.h"
#include "core/sample.h"

#define APPLICATION 0x626b6864 // "bkhd": SQLite's mark of whose file it is
#define ASIDE       ".aside"
#define CACHE_WRITE 64 // KiB
#define CACHE_READ  1024

#define SAMPLE_COLUMN(field, name) ", \"" name "\" INTEGER NOT NULL"

/* As SQLite keeps them: what is stored is compared with this. */
static const char *const objects[][2] = {
    {"names", "CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"},
    {"members", "CREATE TABLE members(id INTEGER PRIMARY KEY, name INTEGER NOT NULL, "
                "line TEXT NOT NULL UNIQUE) STRICT"},
    {"events", "CREATE TABLE events(id INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL, "
               "at_ns INTEGER NOT NULL, member INTEGER NOT NULL, generation INTEGER NOT NULL, "
               "action TEXT NOT NULL, number INTEGER NOT NULL, detail TEXT) STRICT"},
    {"events_by_time", "CREATE INDEX events_by_time ON events(wall_ns)"},
    {"deaths", "CREATE TABLE deaths(event INTEGER PRIMARY KEY, name INTEGER NOT NULL, "
               "verdict TEXT NOT NULL, confidence TEXT NOT NULL, exit_code INTEGER NOT NULL, "
               "signal INTEGER NOT NULL, uptime_ns INTEGER NOT NULL, peak INTEGER NOT NULL, "
               "mem_limit INTEGER NOT NULL) STRICT"},
    {"beside", "CREATE TABLE beside(id INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL, "
               "name INTEGER NOT NULL, generation INTEGER NOT NULL, other INTEGER NOT NULL, "
               "current INTEGER NOT NULL, peak INTEGER NOT NULL, growth INTEGER NOT NULL) STRICT"},
    {"notes", "CREATE TABLE notes(id INTEGER PRIMARY KEY, wall_ns INTEGER NOT NULL, "
              "name INTEGER, generation INTEGER NOT NULL, kind TEXT NOT NULL, "
              "text TEXT NOT NULL) STRICT"},
    {"samples", "CREATE TABLE samples(wall_ns INTEGER NOT NULL, name INTEGER NOT NULL, "
                "generation INTEGER NOT NULL" SAMPLE_NUMBERS(
                    SAMPLE_COLUMN) ", PRIMARY KEY(wall_ns, name)) STRICT, WITHOUT ROWID"},
    {"followed", "CREATE TABLE followed(what TEXT PRIMARY KEY, file INTEGER NOT NULL, "
                 "place INTEGER NOT NULL, mark TEXT NOT NULL) STRICT, WITHOUT ROWID"},
    {"told", "CREATE VIEW told AS SELECT "
             "strftime('%Y-%m-%dT%H:%M:%fZ', events.wall_ns / 1e9, 'unixepoch') AS time, "
             "names.name, generation, action, verdict, confidence FROM events "
             "JOIN members ON members.id = events.member JOIN names ON names.id = members.name "
             "LEFT JOIN deaths ON deaths.event = events.id ORDER BY events.id"},
};

#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

/* Nothing in it, but for what a transaction that was given up may leave. */
static int is_empty(struct database *database, bool *ret)
{
    int64_t objects_there = 0;
    int failed = database_number(database, "SELECT count(*) FROM sqlite_schema", &objects_there);

    *ret = objects_there == 0;
    return failed;
}

static int make(struct database *database)
{
    int failed = database_run(database, "BEGIN IMMEDIATE");

    for (size_t i = 0; i < OBJECTS && failed == 0; i++)
        failed = database_run(database, objects[i][1]);
    if (failed == 0) {
        char pragma[96];

        snprintf(pragma, sizeof(pragma), "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                 APPLICATION, HISTORY_VERSION);
        failed = database_run(database, pragma);
    }
    if (failed != 0)
        (void)database_run(database, "ROLLBACK");
    return failed;
}

/* 0; 1: other objects than ours; or a negative errno. */
static int compare(struct database *database)
{
    struct statement *statement;
    size_t alike = 0, there = 0;
    int got = database_prepare(
        database, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL LIMIT 100",
        &statement);

    if (got != 0)
        return got;
    while ((got = statement_step(statement)) == 1) {
        there++;
        for (size_t i = 0; i < OBJECTS; i++)
            alike += strcmp(objects[i][0], statement_text(statement, 0)) == 0 &&
                     strcmp(objects[i][1], statement_text(statement, 1)) == 0;
    }
    statement_finish(statement);
    if (got < 0)
        return got;
    return alike == OBJECTS && there == OBJECTS ? 0 : 1;
}

static int check(struct database *database)
{
    int64_t version = 0, application = 0;
    int failed = database_number(database, "PRAGMA user_version", &version);

    if (failed == 0)
        failed = database_number(database, "PRAGMA application_id", &application);
    if (failed != 0)
        return failed;
    return version == HISTORY_VERSION && application == APPLICATION ? compare(database) : 1;
}

int history_open(const char *folder, enum database_use use, struct database **ret)
{
    bool write = use == DATABASE_WRITE, empty = false;
    struct database *database;
    char path[PATH_MAX];
    int failed;

    if ((size_t)snprintf(path, sizeof(path), "%s/" PATH_HISTORY, folder) >= sizeof(path))
        return -ENAMETOOLONG;
    failed = database_open(path, use, write ? CACHE_WRITE : CACHE_READ, &database);
    if (failed != 0)
        return failed;
    if (write) // a commit is in the log when it returns; what a power cut takes is the last rounds
        failed = database_run(database, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                                        "PRAGMA wal_autocheckpoint=128; "
                                        "PRAGMA journal_size_limit=1048576");
    if (failed == 0)
        failed = is_empty(database, &empty);
    if (failed == 0 && empty)
        failed = write ? make(database) : -ENOENT;
    if (failed == 0)
        failed = check(database);
    if (failed != 0) {
        database_close(database);
        return failed;
    }
    *ret = database;
    return 0;
}

int history_set_aside(const char *folder)
{
    static const char *const ends[] = {"-shm", "-wal", ""};
    char from[PATH_MAX], to[PATH_MAX];

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if ((size_t)snprintf(from, sizeof(from), "%s/" PATH_HISTORY "%s", folder, ends[i]) >=
                sizeof(from) ||
            (size_t)snprintf(to, sizeof(to), "%s/" PATH_HISTORY ASIDE "%s", folder, ends[i]) >=
                sizeof(to))
            return -ENAMETOOLONG;
        if (unlink(to) < 0 && errno != ENOENT)
            return -errno;
        if (i == 0 ? unlink(from) < 0 && errno != ENOENT : rename(from, to) < 0 && errno != ENOENT)
            return -errno;
    }
    return 0;
}
