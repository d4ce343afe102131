/* See running_plan.h. */
#include "cli/stack/running_plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/show/explain.h"
#include "core/paths.h"

#define PLAN_FILE_MAX ((off_t)1 << 30) // far above what the bounds of a plan allow in practice

static int read_whole(int fd, unsigned char **ret_bytes, size_t *ret_size)
{
    unsigned char *bytes;
    struct stat status;
    size_t done = 0;

    if (fstat(fd, &status) != 0)
        return -errno;
    if (status.st_size < PLANFILE_HEADER_BYTES || status.st_size > PLAN_FILE_MAX)
        return -EBADMSG;
    bytes = malloc((size_t)status.st_size);
    if (!bytes)
        return -ENOMEM;
    while (done < (size_t)status.st_size) {
        ssize_t got = read(fd, bytes + done, (size_t)status.st_size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int error = got < 0 ? -errno : -EBADMSG;
            free(bytes);
            return error;
        }
        done += (size_t)got;
    }
    *ret_bytes = bytes;
    *ret_size = done;
    return 0;
}

static int read_plan(const char *runtime_dir, unsigned char **ret_bytes, size_t *ret_size)
{
    char path[PATH_MAX];
    int fd, result;

    snprintf(path, sizeof(path), "%s/%s", runtime_dir, PATH_PLAN);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    result = read_whole(fd, ret_bytes, ret_size);
    close(fd);
    return result;
}

/* The next launch record of the file. */
static int take_record(struct running_plan *running, uint64_t offset, uint32_t bytes,
                       struct launch *ret)
{
    struct launch_record *record = &running->records[running->records_count];
    int result = planfile_launch(running->bytes + offset, bytes, record);

    if (result != 0)
        return result < 0 ? result : -EBADMSG;
    running->records_count++;
    *ret = record->launch;
    return 0;
}

static int take_aides(struct running_plan *running, const struct member *from,
                      struct plan_member *to)
{
    struct plan_aide *aides =
        arena_array(&running->plan.arena, from->aides_count + 1, sizeof(*aides));
    int result = aides ? 0 : -ENOMEM;

    for (uint32_t i = 0; result == 0 && i < from->aides_count; i++) {
        const struct aide *aide = &running->roster.aides[from->first_aide + i];
        aides[i].kind = (enum aide_kind)aide->kind;
        aides[i].timeout_ns = aide->timeout_ns;
        result = take_record(running, aide->launch_offset, aide->launch_bytes, &aides[i].launch);
    }
    to->aides = aides;
    to->aides_count = from->aides_count;
    return result;
}

static int take_member(struct running_plan *running, const struct member *from,
                       struct plan_member *to)
{
    int result;

    *to = (struct plan_member){
        .service = arena_text(&running->plan.arena, from->name, from->service_length),
        .number = from->number,
        .group = from->group,
        .policy = from->policy,
        .needs = from->needs_count > 0 ? running->roster.needs + from->first_need : NULL,
        .needs_count = from->needs_count,
        .hash = from->hash,
        .limits_hash = from->limits_hash,
        .logging = from->logging,
    };
    if (!to->service)
        return -ENOMEM;
    result = take_record(running, from->launch_offset, from->launch_bytes, &to->launch);
    return result == 0 ? take_aides(running, from, to) : result;
}

static int take_members(struct running_plan *running)
{
    const struct roster *roster = &running->roster;
    struct plan *plan = &running->plan;
    int result = 0;

    plan->stack = arena_string(&plan->arena, roster->stack);
    plan->cgroup_dir = roster->cgroup_dir;
    plan->runtime_dir = roster->runtime_dir;
    plan->state_dir = roster->state_dir;
    plan->groups = roster->groups;
    plan->groups_count = roster->groups_count;
    plan->history = roster->history;
    plan->members_count = roster->members_count;
    plan->members = arena_array(&plan->arena, roster->members_count + 1, sizeof(*plan->members));
    running->records =
        calloc((size_t)roster->members_count + roster->aides_count + 1, sizeof(*running->records));
    if (!plan->stack || !plan->members || !running->records)
        return -ENOMEM;
    for (uint32_t i = 0; result == 0 && i < roster->members_count; i++)
        result = take_member(running, &roster->members[i], &plan->members[i]);
    return result;
}

static int decode(struct running_plan *running, const char **ret_why)
{
    struct planfile_header header;
    int result;

    *ret_why = "not a plan file of this version of bulkhead";
    if (planfile_header(running->bytes, &header) != 0 || header.total_bytes != running->size)
        return -EBADMSG;
    result = planfile_index(&header, running->bytes + PLANFILE_HEADER_BYTES, header.index_bytes,
                            &running->roster, ret_why);
    if (result != 0)
        return result < 0 ? result : -EBADMSG;
    *ret_why = "a launch record in it is malformed";
    return take_members(running);
}

int running_plan_load(const char *runtime_dir, struct running_plan *ret, struct fault *ret_fault)
{
    struct running_plan running = {0};
    const char *why = "it is malformed";
    int result = read_plan(runtime_dir, &running.bytes, &running.size);

    arena_init(&running.plan.arena, 0);
    if (result == 0)
        result = decode(&running, &why);
    if (result == 0) {
        *ret = running;
        return 0;
    }
    running_plan_finish(&running);
    return explain(ret_fault, "end the stack with `bulkhead down`, then `bulkhead up`",
                   "the plan of the running stack, %s/%s: %s", runtime_dir, PATH_PLAN,
                   result == -EBADMSG ? why : strerror(-result));
}

void running_plan_finish(struct running_plan *running)
{
    for (size_t i = 0; i < running->records_count; i++)
        launch_record_finish(&running->records[i]);
    free(running->records);
    free(running->bytes);
    roster_finish(&running->roster);
    plan_finish(&running->plan);
    *running = (struct running_plan){0};
}
