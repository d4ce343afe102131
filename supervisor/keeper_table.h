/* What a keeper knows, for the keeper of another build that it becomes (execve(2) keeps its
 * children): a memfd at HANDOVER_TABLE. It has a version; a keeper reads its own and every older
 * one. */
#ifndef BULKHEAD_SUPERVISOR_KEEPER_TABLE_H
#define BULKHEAD_SUPERVISOR_KEEPER_TABLE_H

#include "supervisor/keeper_files.h"
#include "supervisor/keeper_records.h"

/* A memfd, or negative errno. */
int keeper_table_save(const struct keeper_records *records, const struct keeper_files *files);

/* Out of that file into empty ones. 0, or negative errno: -ENODATA: it is no such file; -EPROTO: of
 * a version that is not known, or damaged. */
int keeper_table_load(int file, struct keeper_records *records, struct keeper_files *files);

#endif
