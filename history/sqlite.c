/* See sqlite.h. */
#include "history/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#define BUSY_MS       2000        // a reader waits for a recovery that long; a writer does not wait
#define VALUE_MAX     (64 * 1024) // bytes of a text or a row: ours are a tenth of it
#define STATEMENT_MAX 8192

/* SQLite's own types under our names: who includes the header sees neither. */
static sqlite3 *inside(struct database *database)
{
    return (sqlite3 *)(void *)database;
}

static sqlite3_stmt *compiled(struct statement *statement)
{
    return (sqlite3_stmt *)(void *)statement;
}

/* What went wrong, with the errno of the system call where there was one. */
static int error_of(sqlite3 *database, int code)
{
    int error = database ? sqlite3_system_errno(database) : 0;

    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return -EBUSY;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return -EACCES;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return error > 0 ? -error : -EIO;
    default:
        return DATABASE_DAMAGED;
    }
}

/* One thread uses it, and none of it is kept in reserve: what stays resident pays for what it
 * holds. Once a process; later calls change nothing. */
static void set_up(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

static void bound(sqlite3 *database)
{
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_limit(database, SQLITE_LIMIT_SQL_LENGTH, STATEMENT_MAX);
    sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(database, SQLITE_LIMIT_TRIGGER_DEPTH, 0);
    sqlite3_limit(database, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
}

/* SQLite would make it as the umask lets it, and follow a link. */
static int look_at_file(const char *path, enum database_use use)
{
    int flags = use == DATABASE_WRITE ? O_RDWR | O_CREAT : O_RDONLY;
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

int database_open(const char *path, enum database_use use, int cache_kib, struct database **ret)
{
    int flags = use == DATABASE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    sqlite3 *database = NULL;
    char pragma[160];
    int failed = look_at_file(path, use);

    if (failed != 0)
        return failed;
    set_up();
    failed = sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);
    failed = database ? error_of(database, failed) : -ENOMEM;
    if (failed == 0) {
        bound(database);
        sqlite3_busy_timeout(database, use == DATABASE_WRITE ? 0 : BUSY_MS);
        snprintf(pragma, sizeof(pragma),
                 "PRAGMA cache_size=-%d; PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; "
                 "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF",
                 cache_kib);
        failed = database_run((struct database *)(void *)database, pragma);
    }
    if (failed != 0) {
        sqlite3_close_v2(database);
        return failed;
    }
    *ret = (struct database *)(void *)database;
    return 0;
}

struct database *database_close(struct database *database)
{
    sqlite3_stmt *statement;

    if (!database)
        return NULL;
    while ((statement = sqlite3_next_stmt(inside(database), NULL)))
        sqlite3_finalize(statement);
    sqlite3_close(inside(database));
    return NULL;
}

int database_run(struct database *database, const char *sql)
{
    return error_of(inside(database), sqlite3_exec(inside(database), sql, NULL, NULL, NULL));
}

int database_number(struct database *database, const char *sql, int64_t *ret)
{
    struct statement *statement = NULL;
    int got = database_prepare(database, sql, &statement);

    if (got != 0)
        return got;
    got = statement_step(statement);
    if (got >= 0)
        *ret = got == 1 ? statement_number(statement, 0, 0) : 0;
    statement_finish(statement);
    return got < 0 ? got : 0;
}

int database_prepare(struct database *database, const char *sql, struct statement **ret)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(inside(database), sql, -1, &statement, NULL);

    if (code != SQLITE_OK)
        return error_of(inside(database), code);
    *ret = (struct statement *)(void *)statement;
    return 0;
}

struct statement *statement_finish(struct statement *statement)
{
    sqlite3_finalize(compiled(statement));
    return NULL;
}

void statement_bind(struct statement *statement, int place, int64_t number)
{
    (void)sqlite3_bind_int64(compiled(statement), place, number);
}

/* What has no room is NULL then, and no column of ours takes that. */
void statement_bind_text(struct statement *statement, int place, const char *text)
{
    if (sqlite3_bind_text(compiled(statement), place, text, -1, SQLITE_TRANSIENT) != SQLITE_OK)
        (void)sqlite3_bind_null(compiled(statement), place);
}

void statement_bind_null(struct statement *statement, int place)
{
    (void)sqlite3_bind_null(compiled(statement), place);
}

int statement_step(struct statement *statement)
{
    int code = sqlite3_step(compiled(statement));

    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        code = error_of(sqlite3_db_handle(compiled(statement)), code);
    else
        code = 0;
    (void)sqlite3_reset(compiled(statement));
    return code;
}

int statement_run(struct statement *statement)
{
    int got;

    while ((got = statement_step(statement)) == 1)
        ;
    return got;
}

void statement_reset(struct statement *statement)
{
    (void)sqlite3_reset(compiled(statement));
}

int64_t statement_number(struct statement *statement, int column, int64_t if_null)
{
    if (sqlite3_column_type(compiled(statement), column) != SQLITE_INTEGER)
        return if_null;
    return sqlite3_column_int64(compiled(statement), column);
}

const char *statement_text(struct statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(compiled(statement), column);

    return text ? (const char *)text : "";
}

int64_t database_last_id(struct database *database)
{
    return sqlite3_last_insert_rowid(inside(database));
}

int64_t database_changes(struct database *database)
{
    return sqlite3_changes64(inside(database));
}
