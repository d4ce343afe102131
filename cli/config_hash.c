/* See config_hash.h. */
#include "cli/config_hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/stack/launching.h"
#include "cli/stack/wanted.h"

static int refuse(const struct command_context *context, const struct fault *fault)
{
    return usage_error(context, "--hash: %s%s%s", fault->what, *fault->remedy ? ": " : "",
                       fault->remedy);
}

/* Marks the services of "web,db" as named; one that is in no active profile is enabled by that. */
static int read_names(const struct command_context *context, const struct spec *spec,
                      const char *names, struct wanted *wanted)
{
    struct fault fault;
    char name[NAME_BYTES_MAX + 1];

    for (const char *at = names;; at++) {
        size_t length = strcspn(at, ",");
        ptrdiff_t service;
        snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : 0), at);
        service = selection_find(spec, name, &fault);
        if (service < 0)
            return refuse(context, &fault);
        selection_name(&wanted->selection, spec, (size_t)service);
        wanted->named[service] = true;
        at += length;
        if (*at == '\0')
            return 0;
    }
}

static void print(const struct spec *spec, const struct plan *plan, const struct wanted *wanted)
{
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        ptrdiff_t service = spec_find(spec, member->service);
        if (member->number == 1 && service >= 0 && wanted->named[service])
            printf("%s %016" PRIx64 "\n", member->service, member->hash);
    }
}

/* What has no instance has a hash nevertheless. */
static void have_instances(const struct spec *spec, struct wanted *wanted)
{
    for (size_t i = 0; i < spec->services_count; i++)
        wanted->selection.scale[i] = 1;
}

int config_hash(struct command_context *context, const struct stack_source *source,
                const struct spec *spec, const char *names)
{
    bool all = strcmp(names, "*") == 0;
    char *const none[] = {NULL};
    struct wanted wanted;
    struct host host;
    struct plan plan;
    int status = wanted_read(context, spec, true, 0, none, &wanted);

    if (status != 0)
        return status;
    for (size_t i = 0; !all && i < spec->services_count; i++)
        wanted.named[i] = false;
    if (!all)
        status = read_names(context, spec, names, &wanted);
    have_instances(spec, &wanted);
    if (status == 0)
        status = launching_plan(context, source, spec, &wanted.selection, &host, &plan);
    if (status == 0) {
        print(spec, &plan, &wanted);
        plan_finish(&plan);
    }
    wanted_finish(&wanted);
    return status;
}
