/* See upgrade.h. */
#include "supervisor/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "supervisor/keeper_birth.h"
#include "supervisor/keeper_table.h"
#include "supervisor/supervisor.h"

/* NULL, or why not. */
static const char *find_obstacle(const struct supervisor *supervisor,
                                 const struct wire_request *request,
                                 const struct request_files *files)
{
    if (supervisor->fleet.ending)
        return "the stack is going down";
    if (request->table < KEEPER_TABLE_VERSION)
        return "the other build cannot read what this one's keeper holds: it is too old";
    if (files->count != WIRE_UPGRADE_FILES)
        return "the folder of the other build did not come along";
    if (faccessat(files->fd[0], "bulkhead-keeper", X_OK, AT_EACCESS) < 0)
        return "there is no bulkhead-keeper in the folder of the other build";
    return NULL;
}

/* 0 or negative errno. */
static int hand_over(struct supervisor *supervisor, int folder)
{
    if (supervisor->reaper.channel >= 0)
        return reaper_upgrade(&supervisor->reaper, folder);
    supervisor->upgrade = fcntl(folder, F_DUPFD_CLOEXEC, HANDOVER_END);
    return supervisor->upgrade < 0 ? -errno : 0;
}

void upgrade_serve(struct supervisor *supervisor, struct client *client,
                   const struct wire_request *request, struct request_files *files)
{
    const char *obstacle = find_obstacle(supervisor, request, files);
    int result;

    if (obstacle) {
        control_error(client, "%s", obstacle);
        return;
    }
    result = hand_over(supervisor, files->fd[0]);
    if (result < 0) {
        control_error(client, "the keeper cannot be told: %s", strerrordesc_np(-result));
        return;
    }
    control_done(client);
    supervisor_say(supervisor, "another build takes over");
    supervisor->upgrading = true;
}

/* --- without a keeper ------------------------------------------------------------------------- */

/* Away from the numbers that will be another file's. */
static void hold(struct keeper_files *files, const char *tag, const char *name, int file)
{
    char whole[KEEPER_TAG_MAX] = "";
    int away = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, HANDOVER_END);

    if (away < 0 || strlen(tag) + strlen(name) >= sizeof(whole))
        return;
    stpcpy(stpcpy(whole, tag), name);
    (void)keeper_files_hold(files, whole, away);
}

/* What the keeper would have held. */
static void hold_all(const struct supervisor *supervisor, struct keeper_files *files)
{
    char pid[16];

    snprintf(pid, sizeof(pid), "%d", (int)supervisor->recording.pid);
    hold(files, KEEPER_TAG_RING, "", supervisor->recording.buffer);
    if (supervisor->recording.pid)
        hold(files, KEEPER_TAG_RECORDER, pid, supervisor->recording.channel);
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        hold(files, KEEPER_TAG_TTY, supervisor->roster.members[i].name,
             supervisor->slots[i].terminal.fd);
}

static void enter_cgroup(void)
{
    int file = openat(HANDOVER_CGROUP, CGROUP_KEEPER "/cgroup.procs", O_WRONLY | O_CLOEXEC);

    if (file < 0)
        return;
    (void)!write(file, "0", 1);
    close(file);
}

/* As `up` starts one: its files, and nothing of ours that children would inherit. */
static void be_like_a_keeper(const struct supervisor *supervisor)
{
    static const int files[] = {HANDOVER_PLAN, HANDOVER_LOCK, HANDOVER_CGROUP};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        (void)fcntl(files[i], F_SETFD, 0);
    (void)dup2(STDIN_FILENO, HANDOVER_READY);
    if (supervisor->files_raised)
        (void)setrlimit(RLIMIT_NOFILE, &supervisor->files);
    (void)umask(022);
    (void)!chdir("/");
    enter_cgroup();
}

void upgrade_without_keeper(struct supervisor *supervisor)
{
    static const struct keeper_records none;
    struct keeper_files *files = calloc(1, sizeof(*files));
    struct keeper_birth birth = {.stack = supervisor->roster.stack};
    int own = open(supervisor->libexec_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int table, result;

    if (files)
        hold_all(supervisor, files);
    table = files ? keeper_table_save(&none, files) : -ENOMEM;
    if (files)
        keeper_files_pass_on(files, true);
    be_like_a_keeper(supervisor);
    result = keeper_become(&birth, supervisor->upgrade, table);
    dprintf(STDERR_FILENO, "bulkheadd: the other build cannot be started: %s\n",
            strerrordesc_np(-result));
    (void)keeper_become(&birth, own, table); // then one of this build
    free(files);
}
