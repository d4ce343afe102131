/* The door of SQLite: a database file, statements, rows. What there is to say in SQL is said by who
 * opens it (schema.c, keep.c, past.c).
 *
 * Errors are negative errnos: -ENOSPC, -EIO … of the disk, -EBUSY when another process holds what
 * is wanted, -ENOMEM, and DATABASE_DAMAGED when the file is no database, not this one, or broken. A
 * database is used by one thread, and no two of a process are open in two threads. */
#ifndef BULKHEAD_HISTORY_SQLITE_H
#define BULKHEAD_HISTORY_SQLITE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#define DATABASE_DAMAGED (-EUCLEAN)

struct database;
struct statement;

enum database_use {
    DATABASE_WRITE, // made when it is not there, 0600
    DATABASE_READ,  // -ENOENT when it is not there
};

/* Every byte of an existing file is hostile: what a schema can make happen by itself is off. Memory
 * for pages is at most `cache_kib`. */
int database_open(const char *path, enum database_use use, int cache_kib, struct database **ret);
struct database *database_close(struct database *database); // with its statements; returns NULL

/* Statements that give no rows; several with ";" between them. */
int database_run(struct database *database, const char *sql);
/* The first column of the first row as a number; 0 rows: 0. */
int database_number(struct database *database, const char *sql, int64_t *ret);

/* Belongs to the database; may be run any number of times. `places` are numbered from 1, columns
 * from 0. Text is copied. */
int database_prepare(struct database *database, const char *sql, struct statement **ret);
struct statement *statement_finish(
    struct statement *statement); // before its database; returns NULL
void statement_bind(struct statement *statement, int place, int64_t number);
void statement_bind_text(struct statement *statement, int place, const char *text);
void statement_bind_null(struct statement *statement, int place);

/* 1: a row; 0: no more, and it may be bound and run again; or a negative errno, and so it may. */
int statement_step(struct statement *statement);
/* Runs it to its end and forgets rows. */
int statement_run(struct statement *statement);
void statement_reset(struct statement *statement); // gives up the rows that are left

int64_t statement_number(struct statement *statement, int column, int64_t if_null);
const char *statement_text(struct statement *statement, int column); // until the next step; ""

int64_t database_last_id(struct database *database);
/* Rows that the last statement changed. */
int64_t database_changes(struct database *database);

#endif
