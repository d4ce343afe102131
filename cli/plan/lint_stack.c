/* See lint_stack.h: which rules there are, and what they share. */
#include "cli/plan/lint_stack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan/lint_rules.h"

typedef void rule_fn(const struct lint *lint);

static rule_fn *const rules[] = {
    lint_memory,       lint_processes, lint_cpu,        lint_restarts, lint_stop,
    lint_dependencies, lint_health,    lint_background, lint_shell,    lint_ports,
};

void lint_say(const struct lint *lint, enum fault_level level, struct mark at, const char *remedy,
              const char *format, ...)
{
    char text[sizeof(((struct fault *)0)->what)];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    faults_add(lint->faults, level, at, remedy, "service \"%s\": %s", lint->service->name, text);
}

uint32_t lint_scale(const struct lint_request *request, size_t service)
{
    if (!request->selection)
        return 1;
    return request->selection->enabled[service] ? request->selection->scale[service] : 0;
}

const char *lint_word(const struct spec_service *service, size_t index)
{
    if (index < service->entrypoint.count)
        return service->entrypoint.item[index];
    index -= service->entrypoint.count;
    return index < service->command.count ? service->command.item[index] : NULL;
}

const char *lint_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

const char *lint_shell_text(const struct spec_service *service)
{
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "zsh", "ksh"};
    const char *program = lint_word(service, 0), *option = lint_word(service, 1);

    if (!program || !option || option[0] != '-' || !strchr(option, 'c'))
        return NULL;
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (strcmp(lint_base_name(program), shells[i]) == 0)
            return lint_word(service, 2);
    return NULL;
}

static int compare_places(const void *a, const void *b)
{
    const struct mark *left = &((const struct fault *)a)->at,
                      *right = &((const struct fault *)b)->at;
    int files = strcmp(left->file ? left->file : "", right->file ? right->file : "");

    if (files != 0)
        return files;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->column < right->column ? -1 : left->column > right->column;
}

void lint_sort(struct faults *faults)
{
    qsort(faults->item, faults->count, sizeof(faults->item[0]), compare_places);
}

void lint_stack(const struct lint_request *request, struct faults *faults)
{
    lint_sums(request, faults);
    lint_budgets(request, faults);
    for (size_t i = 0; i < request->spec->services_count; i++) {
        struct lint lint = {request, &request->spec->services[i], lint_scale(request, i), faults};
        for (size_t j = 0; lint.scale > 0 && j < sizeof(rules) / sizeof(rules[0]); j++)
            rules[j](&lint);
    }
    lint_sort(faults);
}
