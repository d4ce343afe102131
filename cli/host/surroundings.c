/* See surroundings.h. */
#include "cli/host/surroundings.h"

#include <string.h>

#define DEFAULTS_MAX 5

struct list {
    struct arena *arena;
    char **item;
    size_t count;
};

static bool is_variable(const char *entry, const char *name)
{
    size_t length = strlen(name);

    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static void set(struct list *list, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value);
    char *entry = arena_alloc(list->arena, name_length + value_length + 2);
    size_t at = 0;

    if (!entry)
        return;
    memcpy(entry, name, name_length);
    entry[name_length] = '=';
    memcpy(entry + name_length + 1, value, value_length + 1);
    while (at < list->count && !is_variable(list->item[at], name))
        at++;
    list->item[at] = entry;
    if (at == list->count)
        list->count++;
}

char *const *surroundings_make(const struct spec_service *service, const struct user *user,
                               char *const *own, struct arena *arena)
{
    size_t most = service->environment_count + DEFAULTS_MAX;
    struct list list = {arena, arena_array(arena, most + 1, sizeof(char *)), 0};

    if (!list.item)
        return NULL;
    set(&list, "PATH", SURROUNDINGS_PATH);
    if (user) {
        set(&list, "HOME", user->home);
        set(&list, "SHELL", user->shell);
        if (user->name) {
            set(&list, "USER", user->name);
            set(&list, "LOGNAME", user->name);
        }
    }
    for (size_t i = 0; i < service->environment_count; i++) {
        const struct spec_env *env = &service->environment[i];
        const char *value = env->value ? env->value : surroundings_get(own, env->name);
        if (value)
            set(&list, env->name, value);
    }
    return arena_failed(arena) ? NULL : list.item;
}

const char *surroundings_get(char *const *environment, const char *name)
{
    for (; environment && *environment; environment++)
        if (is_variable(*environment, name))
            return *environment + strlen(name) + 1;
    return NULL;
}
