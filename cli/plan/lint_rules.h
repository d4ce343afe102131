/* The rules of lint_stack.h, each about one service or about the whole; for its own files only. */
#ifndef BULKHEAD_CLI_PLAN_LINT_RULES_H
#define BULKHEAD_CLI_PLAN_LINT_RULES_H

#include "cli/plan/lint_stack.h"

/* A service under the lens. */
struct lint {
    const struct lint_request *request;
    const struct spec_service *service;
    uint32_t scale; // its instances, at least 1
    struct faults *faults;
};

/* "service \"web\": …" at a place of the file. */
void lint_say(const struct lint *lint, enum fault_level level, struct mark at, const char *remedy,
              const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Instances of the service in the plan; 0: it is left out, or there is none of it. */
uint32_t lint_scale(const struct lint_request *request, size_t service);

/* The words that will be argv, entrypoint first; NULL past the end. */
const char *lint_word(const struct spec_service *service, size_t index);

/* Is the program a shell that is given a text: ["/bin/sh", "-c", text]? The text, or NULL. */
const char *lint_shell_text(const struct spec_service *service);

/* The last part of a path. */
const char *lint_base_name(const char *path);

/* lint_limits.c */
void lint_memory(const struct lint *lint);
void lint_processes(const struct lint *lint);
void lint_cpu(const struct lint *lint);
void lint_sums(const struct lint_request *request, struct faults *faults);
/* lint_budgets.c */
void lint_budgets(const struct lint_request *request, struct faults *faults);
/* lint_life.c */
void lint_restarts(const struct lint *lint);
void lint_stop(const struct lint *lint);
void lint_dependencies(const struct lint *lint);
/* lint_health.c */
void lint_health(const struct lint *lint);
/* lint_command.c */
void lint_background(const struct lint *lint);
void lint_shell(const struct lint *lint);
void lint_ports(const struct lint *lint);

#endif
