/* See adopt.h: what was decided. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/health.h"
#include "core/restore.h"
#include "supervisor/adopt.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/cgroup.h"
#include "supervisor/sys/process.h"

/* --- the journal's text ------------------------------------------------------------------- */

/* malloc'ed. 0 or negative errno: -ESTALE when its writer has given it up. */
static int read_text(int dir, char **ret_text, size_t *ret_size)
{
    int fd = openat(dir, PATH_JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), result = 0;
    struct stat status;
    ssize_t length = 0;
    char *text = NULL;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &status) < 0)
        result = -errno;
    else if (!S_ISREG(status.st_mode) || status.st_size > (off_t)RESTORE_BYTES_MAX)
        result = -EFBIG;
    else if (!(status.st_mode & S_IWUSR))
        result = -ESTALE;
    else if (!(text = malloc((size_t)status.st_size + 1)))
        result = -ENOMEM;
    if (result == 0 && (length = pread(fd, text, (size_t)status.st_size, 0)) < 0)
        result = -errno;
    close(fd);
    if (result < 0) {
        free(text);
        return result;
    }
    *ret_text = text;
    *ret_size = (size_t)length;
    return 0;
}

/* --- journal and plan --------------------------------------------------------------------- */

/* Would a journal of both begin with the same lines? */
static bool is_same_roster(const struct roster *a, const struct roster *b)
{
    char one[RECORD_LINE_MAX], other[RECORD_LINE_MAX];

    if (a->members_count != b->members_count || a->groups_count != b->groups_count ||
        a->needs_count != b->needs_count)
        return false;
    for (uint32_t i = 0; i < a->groups_count; i++)
        if (memcmp(&a->groups[i].name, &b->groups[i].name, sizeof(a->groups[i].name)) != 0 ||
            a->groups[i].parent != b->groups[i].parent ||
            a->groups[i].limit_bytes != b->groups[i].limit_bytes)
            return false;
    for (uint32_t i = 0; i < a->members_count; i++) {
        record_write_member(a, i, one);
        record_write_member(b, i, other);
        if (strcmp(one, other) != 0 || a->members[i].needs_count != b->members[i].needs_count)
            return false;
    }
    for (uint32_t i = 0; i < a->needs_count; i++)
        if (memcmp(&a->needs[i], &b->needs[i], sizeof(a->needs[i])) != 0)
            return false;
    return true;
}

/* The fleet goes on by another plan than the journal's: a reload was half done. */
static int carry_over(struct supervisor *supervisor, const struct restored *restored)
{
    const struct roster *roster = &supervisor->roster;
    int32_t *old_index = calloc((size_t)roster->members_count + 1, sizeof(*old_index));

    if (!old_index)
        return -ENOMEM;
    for (uint32_t i = 0; i < roster->members_count; i++)
        old_index[i] = (int32_t)roster_find(&restored->roster, roster->members[i].name);
    fleet_reload(&supervisor->fleet, &restored->fleet, old_index);
    free(old_index);
    return 0;
}

/* A clock that has not come so far yet is another boot's. */
static bool is_of_now(const struct fleet *fleet, instant now)
{
    bool is = fleet->now.ns <= now.ns;

    for (uint32_t i = 0; i < fleet->roster->members_count; i++)
        is &= fleet->members[i].entered_ns <= now.ns && fleet->members[i].started_ns <= now.ns;
    return is;
}

/* 0 or negative errno. */
static int take_over(struct supervisor *supervisor, struct restored *restored)
{
    bool is_same = is_same_roster(&restored->roster, &supervisor->roster);
    int result = journal_continue(&supervisor->journal, supervisor->runtime, restored);

    if (result < 0)
        return result;
    if (is_same) {
        fleet_finish(&supervisor->fleet);
        supervisor->fleet = restored->fleet;
        supervisor->fleet.roster = &supervisor->roster;
        restored->fleet = (struct fleet){0};
    } else {
        result = carry_over(supervisor, restored);
    }
    if (result == 0 && (!is_same || restored->needs_head))
        result = journal_reloaded(&supervisor->journal, &supervisor->fleet, supervisor->now);
    if (result < 0)
        journal_close(&supervisor->journal);
    return result;
}

int adopt_fleet(struct supervisor *supervisor, char *why, size_t why_size)
{
    struct restored restored;
    const char *reason = NULL;
    char *text = NULL;
    size_t size = 0;
    int result = journal_mend(supervisor->runtime);

    if (result == 0)
        result = read_text(supervisor->runtime, &text, &size);
    if (result == 0)
        result = restore_fleet(text, size, &restored, &reason);
    if (result == 0) {
        reason = NULL;
        if (strcmp(restored.roster.stack, supervisor->roster.stack) != 0)
            reason = "it is another stack's";
        else if (!is_of_now(&restored.fleet, supervisor->now))
            reason = "it was written before this machine was started";
        result = reason ? 1 : take_over(supervisor, &restored);
        restored_finish(&restored);
    }
    free(text);
    if (result != 0)
        snprintf(why, why_size, "%s", result > 0 ? reason : strerrordesc_np(-result));
    return result != 0;
}

/* --- without a journal -------------------------------------------------------------------- */

/* Of a member that is there, and nobody knows since when and how often. */
static void suppose(struct supervisor *supervisor, uint32_t index, const struct compartment *found,
                    const struct inhabitant *who)
{
    const struct member *member = &supervisor->roster.members[index];
    struct incarnation self;
    const struct spent spent = {0};
    int64_t age_ns = who->state == INHABITANT_THERE ? process_age_ns(who->start) : 0;
    int levels[ENCLOSING_MAX];
    uint32_t count = levels_around(&supervisor->levels, &supervisor->roster, index, levels);

    incarnation_init(&self);
    self.state = STATE_RUNNING;
    self.want = self.alive = self.populated = self.ready = 1;
    self.generation = found->generation;
    self.pid = who->pid;
    self.started_ns = supervisor->now.ns > age_ns ? supervisor->now.ns - age_ns : 0;
    self.entered_ns = self.started_ns;
    self.started_wall = supervisor->wall_ns - age_ns;
    self.changed = ++supervisor->fleet.sequence;
    if (member->policy.health) {
        self.health = HEALTH_STARTING;
        self.aide_ns = supervisor->now.ns;
    }
    cgroup_read(supervisor->services, found->name, -1, levels, count, &self.base);
    self.seen = self.base;
    fleet_restore(&supervisor->fleet, index, &self, &spent);
    supervisor->fleet.kept[index] = (struct kept){
        .hash = (int64_t)member->hash,
        .limits_hash = (int64_t)member->limits_hash,
        .marked = found->generation - (found->generation > 0),
        .breaks = (uint32_t)(supervisor->now.ns / NSEC_PER_SEC), // more than there were
    };
}

int adopt_without(struct supervisor *supervisor, const struct compartments *found)
{
    struct fleet *fleet = &supervisor->fleet;

    (void)!getrandom(&fleet->random, sizeof(fleet->random), GRND_NONBLOCK);
    for (uint32_t i = 0; i < found->count; i++) {
        const struct compartment *it = &found->item[i];
        struct inhabitant who;
        if (!it->is_service || it->member < 0 ||
            fleet->members[it->member].generation >= (int64_t)it->generation ||
            inhabitant_find(supervisor, it->name, 0, &who) < 0)
            continue;
        if (who.state != INHABITANT_NONE) // else it was made ahead of need
            suppose(supervisor, (uint32_t)it->member, it, &who);
        if (who.pidfd >= 0)
            close(who.pidfd);
    }
    return journal_begin_anew(&supervisor->journal, supervisor->runtime, fleet);
}
