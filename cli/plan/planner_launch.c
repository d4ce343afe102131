/* See planner_launch.h. */
#include "cli/plan/planner_launch.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cli/host/cgfile.h"
#include "cli/host/program.h"
#include "cli/host/surroundings.h"
#include "cli/host/users.h"

/* One service on its way to a launch. */
struct work {
    const struct planner_request *request;
    const struct spec_service *service;
    struct arena *arena;
    struct launch *launch;
    struct faults *faults;
};

static int make_argv(const struct work *work)
{
    const struct spec_words *first = &work->service->entrypoint;
    const struct spec_words *rest = &work->service->command;
    char **argv = arena_array(work->arena, first->count + rest->count + 1, sizeof(char *));
    size_t count = 0;

    if (!argv)
        return -ENOMEM;
    for (size_t i = 0; i < first->count; i++)
        argv[count++] = arena_string(work->arena, first->item[i]);
    for (size_t i = 0; i < rest->count; i++)
        argv[count++] = arena_string(work->arena, rest->item[i]);
    work->launch->argv = argv;
    return arena_failed(work->arena) ? -ENOMEM : 0;
}

static int make_identity(const struct work *work, struct user *user)
{
    const struct spec_text *text = &work->service->user;
    struct launch *launch = work->launch;
    int result;

    launch->keep_identity = !text->value;
    if (!text->value)
        return 0;
    result = users_resolve(text->value, text->at, work->arena, user, work->faults);
    if (result < 0)
        return result;
    launch->uid = user->uid;
    launch->gid = user->gid;
    launch->groups = user->groups;
    launch->groups_count = user->groups_count;
    return 0;
}

/* A service that waits for another one to complete, or has hooks of its own before its start, may
 * find what those made. */
static bool comes_after_work(const struct spec_service *service)
{
    if (service->hooks[SPEC_PRE_START].count > 0)
        return true;
    for (size_t i = 0; i < service->depends_on_count; i++)
        if (service->depends_on[i].condition == SPEC_SERVICE_COMPLETED)
            return true;
    return false;
}

static int make_directory(const struct work *work)
{
    const char *written = work->service->working_dir.value;
    const char *project = work->request->spec->project_dir;
    bool may_come = comes_after_work(work->service);
    char full[PATH_MAX];
    struct stat status;
    int used;

    if (!written || strcmp(written, ".") == 0)
        used = snprintf(full, sizeof(full), "%s", project);
    else if (written[0] == '/')
        used = snprintf(full, sizeof(full), "%s", written);
    else
        used = snprintf(full, sizeof(full), "%s/%s", project, written);
    if (used < 0 || (size_t)used >= sizeof(full))
        faults_add(work->faults, FAULT_ERROR, work->service->working_dir.at, NULL,
                   "service \"%s\": working_dir is too long", work->service->name);
    else if (stat(full, &status) != 0)
        faults_add(work->faults, may_come ? FAULT_WARNING : FAULT_ERROR,
                   written ? work->service->working_dir.at : work->service->at,
                   may_come ? "fine if a service that it waits for makes it" : "make the folder",
                   "service \"%s\": working_dir %s: %s", work->service->name, full,
                   errno == ENOENT ? "there is no such folder" : strerror(errno));
    else if (!S_ISDIR(status.st_mode))
        faults_add(work->faults, FAULT_ERROR, work->service->working_dir.at, NULL,
                   "service \"%s\": working_dir %s is not a folder", work->service->name, full);
    work->launch->directory = arena_string(work->arena, full);
    return work->launch->directory ? 0 : -ENOMEM;
}

static int make_program(const struct work *work)
{
    const struct spec_service *service = work->service;
    const struct spec_words *words =
        service->entrypoint.count > 0 ? &service->entrypoint : &service->command;
    struct program_request request = {
        .path = surroundings_get(work->launch->envp, "PATH"),
        .directory = work->launch->directory,
        .service = service->name,
        .at = words->set ? words->at : service->at,
        .may_come = comes_after_work(service),
    };
    int result;

    if (words->count == 0) {
        faults_add(work->faults, FAULT_ERROR, request.at,
                   "write what to run: command: [program, argument]",
                   "service \"%s\" has no command", service->name);
        return 0;
    }
    request.word = words->item[0];
    result = program_find(&request, work->arena, &work->launch->program, work->faults);
    return result < 0 ? result : 0;
}

/* Set for every child: the supervisor's own value, which may protect it, is never inherited. */
static void make_oom_score(const struct work *work)
{
    const struct spec_int *written = &work->service->oom_score_adj;
    int own = work->request->own_oom_score_adj;
    int64_t value = written->set ? written->value : 0;

    if (!written->set && own > 0 && !work->request->may_raise)
        value = own; // lowering it is not ours to do
    work->launch->oom_score_adj = (int32_t)value;
}

static uint64_t rlimit_number(int64_t value)
{
    return value == SPEC_UNLIMITED ? UINT64_MAX : (uint64_t)value;
}

/* The highest hard limit that a child may be given; UINT64_MAX: any. */
static uint64_t rlimit_ceiling(const struct work *work, int resource)
{
    struct rlimit own = {0};
    char most[32];

    if (getrlimit((unsigned int)resource, &own) != 0)
        return UINT64_MAX;
    if (!work->request->may_raise)
        return own.rlim_max == RLIM_INFINITY ? UINT64_MAX : own.rlim_max;
    if (resource != (int)RLIMIT_NOFILE)
        return UINT64_MAX;
    if (cgfile_read("/proc/sys/fs/nr_open", NULL, most, sizeof(most)) != 0)
        return UINT64_MAX;
    return strtoull(most, NULL, 10);
}

static int make_rlimits(const struct work *work)
{
    const struct spec_service *service = work->service;
    struct rlimit_value *values;

    if (service->ulimits_count > RLIMITS_KEPT_MAX) {
        faults_add(work->faults, FAULT_ERROR, service->ulimits[0].at, NULL,
                   "service \"%s\" has more than %d ulimits", service->name, RLIMITS_KEPT_MAX);
        return 0;
    }
    values = arena_array(work->arena, service->ulimits_count + 1, sizeof(*values));
    if (!values)
        return -ENOMEM;
    for (size_t i = 0; i < service->ulimits_count; i++) {
        const struct spec_rlimit *from = &service->ulimits[i];
        int resource = spec_rlimit_resource(from->name);
        uint64_t ceiling = rlimit_ceiling(work, resource);
        values[i] =
            (struct rlimit_value){resource, rlimit_number(from->soft), rlimit_number(from->hard)};
        if (values[i].hard > ceiling)
            faults_add(work->faults, FAULT_ERROR, from->at,
                       "write at most that, or run bulkhead with the capability CAP_SYS_RESOURCE",
                       "service \"%s\": ulimit %s cannot be more than %" PRIu64 " here",
                       service->name, from->name, ceiling);
    }
    work->launch->rlimits = values;
    work->launch->rlimits_count = service->ulimits_count;
    return 0;
}

static int make_labels(const struct work *work)
{
    const struct spec_service *service = work->service;
    char **labels = arena_array(work->arena, service->labels_count + 1, sizeof(char *));

    if (!labels)
        return -ENOMEM;
    for (size_t i = 0; i < service->labels_count; i++) {
        const struct spec_label *label = &service->labels[i];
        size_t length = strlen(label->name) + strlen(label->value) + 2;
        labels[i] = arena_alloc(work->arena, length);
        if (!labels[i])
            return -ENOMEM;
        snprintf(labels[i], length, "%s=%s", label->name, label->value);
    }
    work->launch->labels = labels;
    return 0;
}

int planner_launch(const struct planner_request *request, const struct spec_service *service,
                   struct arena *arena, struct launch *launch, struct faults *faults)
{
    struct work work = {request, service, arena, launch, faults};
    struct user user = {.home = "/", .shell = "/bin/sh"};
    int result = make_identity(&work, &user);

    if (result != 0)
        return result;
    launch->envp = surroundings_make(service, launch->keep_identity ? NULL : &user,
                                     request->environment, arena);
    if (!launch->envp)
        return -ENOMEM;
    result = make_argv(&work);
    if (result == 0)
        result = make_directory(&work);
    if (result == 0)
        result = make_program(&work);
    if (result == 0)
        result = make_rlimits(&work);
    if (result == 0)
        result = make_labels(&work);
    launch->tty = service->tty;
    launch->stdin_open = service->stdin_open;
    make_oom_score(&work);
    return result;
}
