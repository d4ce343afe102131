/* See planner_hash.h. */
#include "cli/plan/planner_hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x00000100000001b3)

static void put_bytes(uint64_t *hash, const char *text)
{
    do {
        *hash ^= (unsigned char)*text;
        *hash *= FNV_PRIME;
    } while (*text++); // the zero byte, too
}

static void put(uint64_t *hash, const char *key, const char *value)
{
    put_bytes(hash, key);
    put_bytes(hash, value);
}

static void put_number(uint64_t *hash, const char *key, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    put(hash, key, text);
}

static void put_list(uint64_t *hash, const char *key, char *const *list)
{
    for (; list && *list; list++)
        put(hash, key, *list);
}

bool hash_is_live(const char *control_file)
{
    static const char *const live[] = {"memory.max",      "memory.high", "memory.min", "memory.low",
                                       "memory.swap.max", "cpu.max",     "cpu.weight", "pids.max"};

    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++)
        if (strcmp(control_file, live[i]) == 0)
            return true;
    return false;
}

static void put_controls(uint64_t *hash, const struct launch *launch, bool live)
{
    for (size_t i = 0; i < launch->controls_count; i++)
        if (hash_is_live(launch->controls[i].file) == live)
            put(hash, launch->controls[i].file, launch->controls[i].value);
}

static void put_identity(uint64_t *hash, const struct launch *launch)
{
    if (launch->keep_identity)
        return;
    put_number(hash, "uid", launch->uid);
    put_number(hash, "gid", launch->gid);
    for (size_t i = 0; i < launch->groups_count; i++)
        put_number(hash, "group", launch->groups[i]);
}

static void put_rlimits(uint64_t *hash, const struct launch *launch)
{
    for (size_t i = 0; i < launch->rlimits_count; i++) {
        put_number(hash, "rlimit", (uint64_t)launch->rlimits[i].resource);
        put_number(hash, "soft", launch->rlimits[i].soft);
        put_number(hash, "hard", launch->rlimits[i].hard);
    }
}

static void put_launch(uint64_t *hash, const struct launch *launch)
{
    if (launch->program)
        put(hash, "program", launch->program);
    put_list(hash, "argv", launch->argv);
    put_list(hash, "envp", launch->envp);
    if (launch->directory)
        put(hash, "directory", launch->directory);
    put_identity(hash, launch);
    if (launch->oom_score_adj != 0)
        put_number(hash, "oom_score_adj", (uint64_t)(int64_t)launch->oom_score_adj);
    put_rlimits(hash, launch);
    put_controls(hash, launch, false);
    if (launch->tty)
        put(hash, "tty", "");
    if (launch->stdin_open)
        put(hash, "stdin_open", "");
}

static bool belongs(enum aide_kind kind)
{
    return kind == AIDE_PRE_START || kind == AIDE_POST_START;
}

static uint64_t never_zero(uint64_t hash)
{
    return hash ? hash : 1;
}

void planner_hash(struct plan_member *member, const char *group_path)
{
    uint64_t hash = FNV_OFFSET, limits = FNV_OFFSET;

    put_launch(&hash, &member->launch);
    if (*group_path)
        put(&hash, "group", group_path);
    if (member->policy.health)
        put(&hash, "health", "");
    for (size_t i = 0; i < member->aides_count; i++) {
        if (!belongs(member->aides[i].kind))
            continue;
        put(&hash, "aide", aide_name(member->aides[i].kind));
        put_launch(&hash, &member->aides[i].launch);
        put_controls(&hash, &member->aides[i].launch, true);
    }
    put_controls(&limits, &member->launch, true);
    member->hash = never_zero(hash);
    member->limits_hash = never_zero(limits);
}
