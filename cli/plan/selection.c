/* See selection.h. */
#include "cli/plan/selection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/show/explain.h"
#include "core/limits.h"

static bool is_active(const struct spec_service *service, const char *const *profiles)
{
    if (service->profiles_count == 0)
        return true;
    for (; profiles && *profiles; profiles++)
        for (size_t i = 0; i < service->profiles_count; i++)
            if (strcmp(*profiles, "*") == 0 || strcmp(*profiles, service->profiles[i]) == 0)
                return true;
    return false;
}

/* More than the bound is the planner's to refuse. */
static uint32_t bounded(int64_t scale)
{
    return scale < 0 ? 0 : scale > INSTANCES_MAX ? INSTANCES_MAX + 1 : (uint32_t)scale;
}

int selection_init(struct selection *selection, const struct spec *spec,
                   const char *const *profiles)
{
    selection->enabled = calloc(spec->services_count + 1, sizeof(*selection->enabled));
    selection->scale = calloc(spec->services_count + 1, sizeof(*selection->scale));
    if (!selection->enabled || !selection->scale) {
        selection_finish(selection);
        return -ENOMEM;
    }
    for (size_t i = 0; i < spec->services_count; i++) {
        const struct spec_service *service = &spec->services[i];
        selection->enabled[i] = is_active(service, profiles);
        selection->scale[i] = service->scale.set ? bounded(service->scale.value) : 1;
    }
    return 0;
}

void selection_finish(struct selection *selection)
{
    free(selection->enabled);
    free(selection->scale);
    *selection = (struct selection){0};
}

/* Again and again until nothing is added: a chain is as long as it is, and short. */
static bool enable_required(struct selection *selection, const struct spec *spec, bool *wanted)
{
    bool more = false;

    for (size_t i = 0; i < spec->services_count; i++) {
        const struct spec_service *service = &spec->services[i];
        for (size_t j = 0; wanted[i] && j < service->depends_on_count; j++) {
            ptrdiff_t needed = spec_find(spec, service->depends_on[j].service);
            if (needed < 0 || service->depends_on[j].optional || wanted[needed])
                continue;
            wanted[needed] = true;
            selection->enabled[needed] = true;
            more = true;
        }
    }
    return more;
}

void selection_name(struct selection *selection, const struct spec *spec, size_t service)
{
    bool *wanted = calloc(spec->services_count + 1, sizeof(*wanted));

    selection->enabled[service] = true;
    if (!wanted)
        return; // what it requires is then refused by name, as not enabled
    wanted[service] = true;
    while (enable_required(selection, spec, wanted))
        continue;
    free(wanted);
}

ptrdiff_t selection_find(const struct spec *spec, const char *word, struct fault *ret_fault)
{
    const char *names[256];
    size_t count = 0;
    const char *near;
    ptrdiff_t found = spec_find(spec, word);
    char remedy[NAME_BYTES_MAX + 32];

    if (found >= 0)
        return found;
    for (; count < spec->services_count && count < sizeof(names) / sizeof(names[0]); count++)
        names[count] = spec->services[count].name;
    near = fault_nearest(word, names, count);
    if (near)
        snprintf(remedy, sizeof(remedy), "did you mean \"%s\"?", near);
    (void)explain(ret_fault, near ? remedy : NULL, "there is no service \"%s\" in %s", word,
                  spec->file);
    return -1;
}

int selection_scale(struct selection *selection, const struct spec *spec, const char *text,
                    struct fault *ret_fault)
{
    const char *number = strrchr(text, '=');
    char name[NAME_BYTES_MAX + 1];
    size_t length = number ? (size_t)(number - text) : 0;
    ptrdiff_t service;
    char *end;
    long value;

    if (length == 0 || length >= sizeof(name))
        return explain(ret_fault, NULL, "--scale wants SERVICE=NUMBER, not \"%s\"", text);
    memcpy(name, text, length);
    name[length] = '\0';
    errno = 0;
    value = strtol(++number, &end, 10);
    if (number[0] < '0' || number[0] > '9' || *end || errno != 0)
        return explain(ret_fault, NULL, "--scale wants SERVICE=NUMBER, not \"%s\"", text);
    if (value > INSTANCES_MAX)
        return explain(ret_fault, NULL, "a stack has at most %d instances, --scale asks for %ld",
                       INSTANCES_MAX, value);
    service = selection_find(spec, name, ret_fault);
    if (service < 0)
        return 1;
    selection->scale[service] = (uint32_t)value;
    return 0;
}
