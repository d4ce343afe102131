/* A stack under test whose journal and samples go into a history.db: in one folder of its own. */
#ifndef BULKHEAD_TESTS_UNIT_WORLD_H
#define BULKHEAD_TESTS_UNIT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"
#include "history/follow_journal.h"
#include "history/follow_samples.h"
#include "history/past.h"
#include "supervisor/journal.h"

#define ALL_TIME ((struct past_span){0, INT64_MAX})
#define LIFE     "create start ready oom die:oom "

struct world {
    char folder[64]; // runtime and state folder in one
    int dir;
    struct member member;
    struct roster roster;
    struct fleet fleet;
    struct journal journal;
    int64_t now_ns;
    struct keep keep;
    struct follow_journal follow;
    struct follow_samples samples;
    char told[4096];
    int64_t numbers;
};

int world_set_up(void **state);
int world_tear_down(void **state);
void world_step(struct world *world, struct event event);
void world_live_and_die(struct world *world);
void world_rotate(struct world *world);
void world_begin(struct world *world, int64_t bytes);
void world_take_in(struct world *world);
void world_end(struct world *world);
const char *world_events(struct world *world);
int64_t world_gaps(struct world *world);
void world_write_samples(struct world *world, uint64_t epoch, uint64_t from, uint64_t to);
int world_count_sample(void *context, const struct sample *sample);
int64_t world_samples(struct world *world, const char *name);
int world_tell_event(void *context, const struct user_event *event);

#endif
