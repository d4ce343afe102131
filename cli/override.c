/* See override.h. */
#include "cli/override.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/program.h"
#include "cli/host/surroundings.h"
#include "cli/host/users.h"

static const struct mark nowhere; // the command line has no lines

int override_read(const struct command_context *context, const char *service, char *const *command,
                  struct override *ret)
{
    const char *entry;
    size_t cursor = 0;

    while ((entry = option_next(context, "env", &cursor)))
        if (*entry == '\0' || *entry == '=')
            return usage_error(context, "--env wants NAME=VALUE or NAME, not \"%s\"", entry);
    *ret = (struct override){
        .context = context,
        .service = service,
        .user = option_text(context, "user"),
        .directory = option_text(context, "workdir"),
        .entrypoint = option_text(context, "entrypoint"),
        .command = command,
        .terminal = context->stdout_tty && !option_given(context, "no-tty"),
    };
    return 0;
}

/* --- environment ------------------------------------------------------------------------------ */

struct list {
    struct arena *arena;
    char **item; // "NAME=VALUE", NULL-terminated
    size_t count;
};

static void set_entry(struct list *list, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;
    char *copy = arena_string(list->arena, entry);
    size_t at = 0;

    while (at < list->count && strncmp(list->item[at], entry, name) != 0)
        at++;
    if (!copy)
        return;
    list->item[at] = copy;
    if (at == list->count)
        list->count++;
}

static void set(struct list *list, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    char *entry = arena_alloc(list->arena, size);

    if (entry) {
        snprintf(entry, size, "%s=%s", name, value);
        set_entry(list, entry);
    }
}

/* "NAME=VALUE" as it is, "NAME" with our own value, if we have one. */
static void set_written(struct list *list, const char *written, char *const *own)
{
    const char *value = surroundings_get(own, written);

    if (strchr(written, '='))
        set_entry(list, written);
    else if (value)
        set(list, written, value);
}

static int make_environment(const struct override *override, const struct launch *from,
                            const struct user *user, struct arena *arena, struct launch *launch)
{
    const struct command_context *context = override->context;
    const char *term = surroundings_get(context->environment, "TERM");
    size_t most = context->given_count + 6;
    struct list list = {.arena = arena};
    const char *written;
    size_t cursor = 0;

    for (size_t i = 0; from->envp[i]; i++)
        most++;
    list.item = arena_array(arena, most, sizeof(*list.item));
    if (!list.item)
        return -ENOMEM;
    for (size_t i = 0; from->envp[i]; i++)
        set_entry(&list, from->envp[i]);
    if (override->terminal && term && !surroundings_get(list.item, "TERM"))
        set(&list, "TERM", term);
    if (user) {
        set(&list, "HOME", user->home);
        set(&list, "SHELL", user->shell);
        set(&list, "USER", user->name ? user->name : "");
        set(&list, "LOGNAME", user->name ? user->name : "");
    }
    while ((written = option_next(context, "env", &cursor)))
        set_written(&list, written, context->environment);
    launch->envp = list.item;
    return arena_failed(arena) ? -ENOMEM : 0;
}

/* --- beside a running one --------------------------------------------------------------------- */

static int make_identity(const struct override *override, struct arena *arena, struct user *user,
                         struct launch *launch, struct faults *faults)
{
    int result;

    if (!override->user)
        return 0;
    result = users_resolve(override->user, nowhere, arena, user, faults);
    if (result != 0)
        return result;
    launch->keep_identity = false;
    launch->uid = user->uid;
    launch->gid = user->gid;
    launch->groups = user->groups;
    launch->groups_count = user->groups_count;
    return 0;
}

static const char *join(const char *folder, const char *below, struct arena *arena)
{
    size_t size = strlen(folder) + strlen(below) + 2;
    char *path = arena_alloc(arena, size);

    if (path)
        snprintf(path, size, "%s/%s", folder, below);
    return path;
}

/* A guarantee is given once; the limits hold for each compartment. */
static int make_controls(const struct launch *from, struct arena *arena, struct launch *launch)
{
    struct control *controls = arena_array(arena, from->controls_count + 1, sizeof(*controls));

    if (!controls)
        return -ENOMEM;
    launch->controls = controls;
    launch->controls_count = 0;
    for (size_t i = 0; i < from->controls_count; i++)
        if (strcmp(from->controls[i].file, "memory.min") != 0 &&
            strcmp(from->controls[i].file, "memory.low") != 0)
            controls[launch->controls_count++] = from->controls[i];
    return 0;
}

int override_launch(const struct override *override, const struct launch *from, struct arena *arena,
                    struct launch *ret, struct faults *faults)
{
    struct launch launch = *from;
    struct user user = {0};
    struct program_request request = {.word = override->command[0], .service = override->service};
    int result = make_identity(override, arena, &user, &launch, faults);

    if (result == 0)
        result = make_environment(override, from, override->user ? &user : NULL, arena, &launch);
    if (result == 0)
        result = make_controls(from, arena, &launch);
    if (result != 0)
        return result;
    if (override->directory && override->directory[0] == '/')
        launch.directory = override->directory;
    else if (override->directory)
        launch.directory = join(from->directory, override->directory, arena);
    if (!launch.directory)
        return -ENOMEM;
    launch.argv = override->command;
    request.path = surroundings_get(launch.envp, "PATH");
    request.path = request.path ? request.path : SURROUNDINGS_PATH;
    request.directory = launch.directory;
    result = program_find(&request, arena, &launch.program, faults);
    if (result == 0)
        *ret = launch;
    return result;
}

/* --- in a spec -------------------------------------------------------------------------------- */

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct spec_env *)left)->name, ((const struct spec_env *)right)->name);
}

/* Sorted by name and unique, as the spec wants it. */
static int add_environment(const struct override *override, struct arena *arena,
                           struct spec_service *service)
{
    const struct command_context *context = override->context;
    size_t most = service->environment_count + context->given_count + 1;
    struct spec_env *all = arena_array(arena, most, sizeof(*all));
    size_t count = service->environment_count;
    size_t cursor = 0;
    const char *written;

    if (!all)
        return -ENOMEM;
    if (count > 0)
        memcpy(all, service->environment, count * sizeof(*all));
    while ((written = option_next(context, "env", &cursor))) {
        size_t length = strcspn(written, "=");
        char *name = arena_text(arena, written, length);
        size_t at = 0;

        if (!name)
            return -ENOMEM;
        while (at < count && strcmp(all[at].name, name) != 0)
            at++;
        all[at].name = name;
        all[at].value = written[length] ? written + length + 1 : NULL;
        count += at == count;
    }
    qsort(all, count, sizeof(*all), compare_names);
    service->environment = all;
    service->environment_count = count;
    return 0;
}

static int make_words(char *const *from, struct arena *arena, struct spec_words *ret)
{
    size_t count = 0;
    const char **item;

    while (from[count])
        count++;
    item = arena_array(arena, count + 1, sizeof(*item));
    if (!item)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        item[i] = from[i];
    *ret = (struct spec_words){.set = true, .count = count, .item = item};
    return 0;
}

int override_service(const struct override *override, struct arena *arena,
                     struct spec_service *service)
{
    char *entrypoint[] = {(char *)(uintptr_t) override->entrypoint, NULL};
    int result = add_environment(override, arena, service);

    if (override->user)
        service->user = (struct spec_text){.value = override->user};
    if (override->directory)
        service->working_dir = (struct spec_text){.value = override->directory};
    if (result == 0 && override->entrypoint) {
        result = make_words(entrypoint, arena, &service->entrypoint);
        service->command = (struct spec_words){.set = true}; // the service's was for the other one
    }
    if (result == 0 && override->command[0])
        result = make_words(override->command, arena, &service->command);
    return result;
}
