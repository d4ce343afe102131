/* See wanted.h. */
#include "cli/stack/wanted.h"

#include <stdlib.h>

/* Says what is wrong with the command line. */
static int refuse(const struct command_context *context, const struct fault *fault)
{
    if (fault->remedy[0])
        return usage_error(context, "%s: %s", fault->what, fault->remedy);
    return usage_error(context, "%s", fault->what);
}

static int read_scales(const struct command_context *context, const struct spec *spec,
                       struct wanted *wanted)
{
    struct fault fault;
    const char *text;
    size_t cursor = 0;

    while ((text = option_next(context, "scale", &cursor)))
        if (selection_scale(&wanted->selection, spec, text, &fault) != 0)
            return refuse(context, &fault);
    return 0;
}

static int read_names(const struct command_context *context, const struct spec *spec, int argc,
                      char *const *argv, struct wanted *wanted)
{
    struct fault fault;

    wanted->all = argc <= 1;
    for (int i = 1; i < argc; i++) {
        ptrdiff_t service = selection_find(spec, argv[i], &fault);
        if (service < 0)
            return refuse(context, &fault);
        selection_name(&wanted->selection, spec, (size_t)service);
        wanted->named[service] = true;
    }
    for (size_t i = 0; wanted->all && i < spec->services_count; i++)
        wanted->named[i] = wanted->selection.enabled[i];
    return 0;
}

/* What is needed by one that is asked for; true: somebody was added. */
static bool ask_further(const struct spec *spec, struct wanted *wanted)
{
    bool more = false;

    for (size_t i = 0; i < spec->services_count; i++) {
        const struct spec_service *service = &spec->services[i];
        for (size_t j = 0; wanted->asked[i] && j < service->depends_on_count; j++) {
            ptrdiff_t needed = spec_find(spec, service->depends_on[j].service);
            if (needed < 0 || wanted->asked[needed] || !wanted->selection.enabled[needed])
                continue;
            wanted->asked[needed] = true;
            more = true;
        }
    }
    return more;
}

int wanted_read(const struct command_context *context, const struct spec *spec, bool alone,
                int argc, char *const *argv, struct wanted *ret)
{
    struct wanted wanted = {.named = calloc(spec->services_count + 1, sizeof(bool)),
                            .asked = calloc(spec->services_count + 1, sizeof(bool))};
    int status = 0;

    if (!wanted.named || !wanted.asked ||
        selection_init(&wanted.selection, spec, context->profiles.item) != 0)
        status = STATUS_FAILED;
    if (status != 0)
        (void)command_failed("out of memory");
    else
        status = read_names(context, spec, argc, argv, &wanted);
    if (status == 0)
        status = read_scales(context, spec, &wanted);
    if (status != 0) {
        wanted_finish(&wanted);
        return status;
    }
    for (size_t i = 0; i < spec->services_count; i++)
        wanted.asked[i] = wanted.named[i];
    while (!alone && ask_further(spec, &wanted))
        continue;
    *ret = wanted;
    return 0;
}

void wanted_finish(struct wanted *wanted)
{
    selection_finish(&wanted->selection);
    free(wanted->named);
    free(wanted->asked);
    *wanted = (struct wanted){0};
}

bool *wanted_members(const struct wanted *wanted, const struct spec *spec, const struct plan *plan)
{
    bool *asked = calloc(plan->members_count + 1, sizeof(*asked));

    for (size_t i = 0; asked && i < plan->members_count; i++) {
        ptrdiff_t service = spec_find(spec, plan->members[i].service);
        asked[i] = service >= 0 && wanted->asked[service];
    }
    return asked;
}
