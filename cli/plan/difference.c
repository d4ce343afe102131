/* See difference.h. */
#include "cli/plan/difference.h"

#include <stdio.h>
#include <string.h>

#include "cli/plan/planner_hash.h"

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool same_list(char *const *a, char *const *b)
{
    while (a && b && *a && *b)
        if (strcmp(*a++, *b++) != 0)
            return false;
    return !(a && *a) && !(b && *b);
}

static bool same_identity(const struct launch *a, const struct launch *b)
{
    if (a->keep_identity || b->keep_identity)
        return a->keep_identity == b->keep_identity;
    return a->uid == b->uid && a->gid == b->gid && a->groups_count == b->groups_count &&
           (a->groups_count == 0 ||
            memcmp(a->groups, b->groups, a->groups_count * sizeof(*a->groups)) == 0);
}

static bool same_rlimits(const struct launch *a, const struct launch *b)
{
    for (size_t i = 0; i < a->rlimits_count && i < b->rlimits_count; i++)
        if (a->rlimits[i].resource != b->rlimits[i].resource ||
            a->rlimits[i].soft != b->rlimits[i].soft || a->rlimits[i].hard != b->rlimits[i].hard)
            return false;
    return a->rlimits_count == b->rlimits_count;
}

static const struct control *next_fixed(const struct launch *launch, size_t *cursor)
{
    while (*cursor < launch->controls_count) {
        const struct control *control = &launch->controls[(*cursor)++];
        if (!hash_is_live(control->file))
            return control;
    }
    return NULL;
}

/* The cgroup files that hold from birth on. */
static bool same_fixed_controls(const struct launch *a, const struct launch *b)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        const struct control *one = next_fixed(a, &at_a), *other = next_fixed(b, &at_b);
        if (!one || !other)
            return one == other;
        if (strcmp(one->file, other->file) != 0 || strcmp(one->value, other->value) != 0)
            return false;
    }
}

static bool same_launch(const struct launch *a, const struct launch *b)
{
    return same_text(a->program, b->program) && same_list(a->argv, b->argv) &&
           same_list(a->envp, b->envp) && same_text(a->directory, b->directory) &&
           same_identity(a, b) && a->oom_score_adj == b->oom_score_adj && same_rlimits(a, b) &&
           same_fixed_controls(a, b);
}

static const struct plan_aide *next_aide(const struct plan_member *member, enum aide_kind kind,
                                         size_t *cursor)
{
    while (*cursor < member->aides_count) {
        const struct plan_aide *aide = &member->aides[(*cursor)++];
        if (aide->kind == kind)
            return aide;
    }
    return NULL;
}

static bool same_aides(const struct plan_member *a, const struct plan_member *b,
                       enum aide_kind kind)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        const struct plan_aide *one = next_aide(a, kind, &at_a), *other = next_aide(b, kind, &at_b);
        if (!one || !other)
            return one == other;
        if (!same_launch(&one->launch, &other->launch))
            return false;
    }
}

void difference_words(const struct plan *old, const struct plan_member *before,
                      const struct plan *new, const struct plan_member *after,
                      char text[DIFFERENCE_MAX])
{
    const struct launch *a = &before->launch, *b = &after->launch;
    const struct {
        const char *key;
        bool same;
    } parts[] = {
        {"command", same_text(a->program, b->program) && same_list(a->argv, b->argv)},
        {"environment", same_list(a->envp, b->envp)},
        {"working_dir", same_text(a->directory, b->directory)},
        {"user", same_identity(a, b)},
        {"ulimits", same_rlimits(a, b)},
        {"oom_score_adj", a->oom_score_adj == b->oom_score_adj},
        {"cgroup settings", same_fixed_controls(a, b)},
        {"tty", a->tty == b->tty},
        {"cgroup_parent", group_is_same(old->groups, before->group, new->groups, after->group)},
        {"stdin_open", a->stdin_open == b->stdin_open},
        {"healthcheck", before->policy.health == after->policy.health},
        {"pre_start", same_aides(before, after, AIDE_PRE_START)},
        {"post_start", same_aides(before, after, AIDE_POST_START)},
    };
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && used < DIFFERENCE_MAX; i++)
        if (!parts[i].same)
            used += (size_t)snprintf(text + used, DIFFERENCE_MAX - used, "%s%s", used ? ", " : "",
                                     parts[i].key);
}
