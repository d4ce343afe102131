/* See replay.h. */
#include "core/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct replay {
    struct roster roster;
    struct fleet fleet;
    uint32_t expected_members; // by the head line
    uint32_t expected_groups;
    uint32_t states; // taken since the head
    bool have_head;
    bool have_fleet;
    bool have_event;                   // since the head
    uint32_t next_effect;              // of the fleet's last step, to be compared
    char pending[2 * RECORD_LINE_MAX]; // lines of that effect
    char *pending_at;                  // not yet compared; NULL: none
    char why[3 * RECORD_LINE_MAX];
    struct replay_count count;
};

int replay_create(struct replay **ret)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (!replay)
        return -ENOMEM;
    *ret = replay;
    return 0;
}

struct replay *replay_destroy(struct replay *replay)
{
    if (replay) {
        fleet_finish(&replay->fleet);
        roster_finish(&replay->roster);
        free(replay);
    }
    return NULL;
}

struct replay_count replay_count(const struct replay *replay)
{
    return replay->count;
}

const struct roster *replay_roster(const struct replay *replay)
{
    return replay->have_head ? &replay->roster : NULL;
}

const struct fleet *replay_fleet(const struct replay *replay)
{
    return replay->have_fleet ? &replay->fleet : NULL;
}

/* --- what is to come ---------------------------------------------------------------------- */

/* The next line that the fleet's last step wants to see, without its newline; NULL: none left. */
static char *expected_line(struct replay *replay)
{
    char *line, *newline;

    if (!replay->have_fleet)
        return NULL;
    if (!replay->pending_at || !*replay->pending_at) {
        if (replay->next_effect >= replay->fleet.effects.count)
            return NULL;
        record_write_outcome(&replay->fleet, replay->next_effect++, replay->pending);
        replay->pending_at = replay->pending;
    }
    line = replay->pending_at;
    newline = strchr(line, '\n');
    *newline = '\0';
    replay->pending_at = newline + 1;
    return line;
}

static int differs(struct replay *replay, const char *expected, const char *came,
                   const char **ret_why)
{
    snprintf(replay->why, sizeof(replay->why), "expected: %s\n     got: %s",
             expected ? expected : "(nothing more)", came ? came : "(the next event)");
    *ret_why = replay->why;
    return 2;
}

/* --- a head: the roster and, but in the first, states ------------------------------------- */

static int have_fleet(struct replay *replay, const char **ret_why)
{
    int result;

    *ret_why = "the journal's head is missing or names fewer members than it promises";
    if (replay->have_fleet)
        return 0;
    if (!replay->have_head || replay->roster.members_count != replay->expected_members)
        return 1;
    result = fleet_init(&replay->fleet, &replay->roster);
    replay->have_fleet = result == 0;
    return result;
}

/* Between two steps: the same stack got another plan, or stands where it stood. A head that its
 * writer did not live to finish is followed by another one. */
static int end_plan(struct replay *replay, const struct record *record, const char **ret_why)
{
    char *missing = expected_line(replay);

    if (missing)
        return differs(replay, missing, "(the next head)", ret_why);
    *ret_why = "the head of another stack";
    if (strcmp(replay->roster.stack, record->stack) != 0)
        return 1;
    fleet_finish(&replay->fleet);
    roster_finish(&replay->roster);
    replay->have_head = replay->have_fleet = replay->have_event = false;
    replay->states = 0;
    replay->next_effect = 0;
    replay->pending_at = NULL;
    return 0;
}

static int take_head(struct replay *replay, const struct record *record, const char **ret_why)
{
    int result = replay->have_head ? end_plan(replay, record, ret_why) : 0;

    if (result)
        return result;
    replay->roster.members = calloc((size_t)record->members + 1, sizeof(struct member));
    replay->roster.groups = calloc((size_t)record->groups + 1, sizeof(struct stack_group));
    if (!replay->roster.members || !replay->roster.groups)
        return -ENOMEM;
    memcpy(replay->roster.stack, record->stack, sizeof(replay->roster.stack));
    replay->expected_groups = record->groups;
    replay->expected_members = record->members;
    replay->have_head = true;
    return 0;
}

/* Groups stand before the members. */
static int take_group(struct replay *replay, const struct record *record, const char **ret_why)
{
    struct roster *roster = &replay->roster;

    *ret_why = "a group line out of place";
    if (!replay->have_head || roster->members_count > 0 || record->member != roster->groups_count ||
        roster->groups_count >= replay->expected_groups)
        return 1;
    roster->groups[roster->groups_count++] = record->group;
    *ret_why = "a group line that fits no tree";
    return groups_are_valid(roster->groups, roster->groups_count) ? 0 : 1;
}

static int take_member(struct replay *replay, const struct record *record, const char **ret_why)
{
    struct roster *roster = &replay->roster;
    struct member *member;

    *ret_why = "a member line out of place";
    if (replay->have_fleet || record->member != roster->members_count ||
        roster->members_count >= replay->expected_members ||
        roster->groups_count != replay->expected_groups)
        return 1;
    *ret_why = "a member line with a group that is not there";
    if (record->roster_member.group != GROUP_STACK &&
        record->roster_member.group >= roster->groups_count)
        return 1;
    member = &roster->members[roster->members_count++];
    *member = record->roster_member;
    member->first_need = roster->needs_count;
    return 0;
}

/* Needs follow the members, grouped by member as the roster has them. */
static int take_need(struct replay *replay, const struct record *record, const char **ret_why)
{
    struct roster *roster = &replay->roster;
    struct need *needs;
    struct member *member;

    *ret_why = "a need line out of place";
    if (replay->have_fleet || record->member >= roster->members_count ||
        record->need.member >= roster->members_count || roster->needs_count >= DEPENDENCIES_MAX)
        return 1;
    member = &roster->members[record->member];
    if (member->needs_count == 0)
        member->first_need = roster->needs_count;
    if (member->first_need + member->needs_count != roster->needs_count)
        return 1;
    needs = realloc(roster->needs, (roster->needs_count + 1) * sizeof(*needs));
    if (!needs)
        return -ENOMEM;
    roster->needs = needs;
    needs[roster->needs_count++] = record->need;
    member->needs_count++;
    return 0;
}

static int take_state(struct replay *replay, const struct record *record, const char **ret_why)
{
    int result = have_fleet(replay, ret_why);

    if (result)
        return result;
    *ret_why = "a state line out of place";
    if (replay->have_event || record->member >= replay->roster.members_count)
        return 1;
    fleet_restore(&replay->fleet, record->member, &record->state, &record->spent);
    replay->fleet.kept[record->member] = record->kept;
    replay->states++;
    replay->fleet.sequence = record->sequence;
    replay->fleet.random = record->seed;
    replay->fleet.governor = record->governor;
    replay->fleet.ending = record->ending;
    replay->fleet.finished = record->finished;
    return 0;
}

static int take_kept(struct replay *replay, const struct record *record, const char **ret_why)
{
    int result = have_fleet(replay, ret_why);

    if (result)
        return result;
    *ret_why = "a line about a member that is not there";
    if (record->member >= replay->roster.members_count)
        return 1;
    replay->fleet.kept[record->member] = record->kept;
    return 0;
}

/* --- the body: events in, effects compared ------------------------------------------------ */

static int take_event(struct replay *replay, const struct record *record, const char *line,
                      const char **ret_why)
{
    char canonical[RECORD_LINE_MAX];
    char *missing;
    int result = have_fleet(replay, ret_why);

    if (result)
        return result;
    missing = expected_line(replay);
    if (missing)
        return differs(replay, missing, NULL, ret_why);
    record_write_event(&record->event, canonical);
    canonical[strcspn(canonical, "\n")] = '\0';
    if (strcmp(canonical, line) != 0)
        return differs(replay, canonical, line, ret_why);
    replay->count.events++;
    replay->have_event = true;
    fleet_step(&replay->fleet, &record->event);
    replay->next_effect = 0;
    replay->pending_at = NULL;
    return 0;
}

static int take_outcome(struct replay *replay, enum record_kind kind, const char *line,
                        const char **ret_why)
{
    char *expected = expected_line(replay);

    if (!expected || strcmp(expected, line) != 0)
        return differs(replay, expected, line, ret_why);
    if (kind == RECORD_VERDICT)
        replay->count.verdicts++;
    else
        replay->count.effects++;
    return 0;
}

int replay_line(struct replay *replay, const char *line, const char **ret_why)
{
    struct record record;
    int result;

    replay->count.lines++;
    result = record_read(line, &record, ret_why);
    if (result)
        return result;
    switch (record.kind) {
    case RECORD_HEAD:
        return take_head(replay, &record, ret_why);
    case RECORD_GROUP:
        return take_group(replay, &record, ret_why);
    case RECORD_MEMBER:
        return take_member(replay, &record, ret_why);
    case RECORD_NEED:
        return take_need(replay, &record, ret_why);
    case RECORD_STATE:
        return take_state(replay, &record, ret_why);
    case RECORD_EVENT:
        return take_event(replay, &record, line, ret_why);
    case RECORD_EFFECT:
    case RECORD_VERDICT:
        return take_outcome(replay, record.kind, line, ret_why);
    case RECORD_KEPT:
        return take_kept(replay, &record, ret_why);
    case RECORD_OTHER: // decides nothing
    case RECORD_NOTE:
        break;
    }
    return 0;
}

int replay_end(struct replay *replay, const char **ret_why)
{
    char *missing = expected_line(replay);

    *ret_why = "";
    if (!missing)
        return 0;
    snprintf(replay->why, sizeof(replay->why),
             "the journal ends in the middle of a step; next would be: %s", missing);
    *ret_why = replay->why;
    return 3;
}

bool replay_is_placed(const struct replay *replay, bool with_states)
{
    uint32_t count = replay->roster.members_count;

    return replay->have_head && count == replay->expected_members &&
           replay->roster.groups_count == replay->expected_groups &&
           (replay->states == count || (!with_states && replay->states == 0));
}

const char *replay_missing(struct replay *replay)
{
    return expected_line(replay);
}

int replay_hand_over(struct replay *replay, struct roster *ret_roster, struct fleet *ret_fleet)
{
    const char *why;
    int result = have_fleet(replay, &why);

    if (result)
        return result;
    *ret_roster = replay->roster;
    *ret_fleet = replay->fleet;
    ret_fleet->roster = ret_roster;
    replay->roster = (struct roster){0};
    replay->fleet = (struct fleet){0};
    replay->have_head = replay->have_fleet = replay->have_event = false;
    replay->pending_at = NULL;
    return 0;
}
