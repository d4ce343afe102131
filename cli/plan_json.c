/* See plan_report.h: for programs. */
#include "cli/plan_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host/budget.h"
#include "cli/show/json.h"
#include "cli/plan_view.h"

static void append_need(void *context, const char *service, const char *condition, bool optional)
{
    struct json *need = json_create();

    json_text(need, "Service", service);
    json_text(need, "Condition", condition);
    json_truth(need, "Required", !optional);
    json_append(context, need);
}

static struct json *list_words(char *const *words)
{
    struct json *list = json_create_list();

    for (; words && *words; words++)
        json_append_text(list, *words);
    return list;
}

static struct json *map_controls(const struct launch *launch)
{
    struct json *controls = json_create();

    for (size_t i = 0; i < launch->controls_count; i++)
        json_text(controls, launch->controls[i].file, launch->controls[i].value);
    return controls;
}

static struct json *list_aides(const struct plan_member *member)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < member->aides_count; i++) {
        struct json *aide = json_create();
        json_text(aide, "Kind", aide_name(member->aides[i].kind));
        json_child(aide, "Command", list_words(member->aides[i].launch.argv));
        json_child(aide, "Controls", map_controls(&member->aides[i].launch));
        json_append(list, aide);
    }
    return list;
}

static void add_hash(struct json *object, const char *key, uint64_t hash)
{
    char text[24];

    snprintf(text, sizeof(text), "%016" PRIx64, hash);
    json_text(object, key, text);
}

/* No environment: it holds secrets, and `config` shows it to who wants it. */
static void add_member(struct json *object, const struct plan *plan,
                       const struct plan_member *member, uint32_t stage)
{
    struct json *after = json_create_list();
    char text[64];

    json_text(object, "Service", member->service);
    json_number(object, "Instance", member->number);
    json_text(object, "Group",
              member->group < plan->groups_count ? plan->groups[member->group].name : "");
    json_number(object, "Stage", stage);
    plan_needs(plan, member, append_need, after);
    json_child(object, "After", after);
    json_child(object, "Command", list_words(member->launch.argv));
    json_text(object, "Program", member->launch.program);
    json_text(object, "Directory", member->launch.directory);
    plan_restart(&member->policy, text, sizeof(text));
    json_text(object, "Restart", text);
    json_child(object, "Controls", map_controls(&member->launch));
    json_child(object, "Aides", list_aides(member));
    json_child(object, "Labels", list_words(member->launch.labels));
    add_hash(object, "Hash", member->hash);
    add_hash(object, "LimitsHash", member->limits_hash);
}

static struct json *list_members(const struct plan_report *report, const uint32_t *stages)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < report->steps_count; i++) {
        const struct reconcile_step *step = &report->steps[i];
        struct json *member = json_create();
        json_text(member, "Name", step->name);
        json_text(member, "Action", reconcile_action_name(step->action));
        json_text(member, "Reason", reconcile_words(step));
        if (step->member >= 0)
            add_member(member, report->plan, &report->plan->members[step->member],
                       stages[step->member]);
        json_append(list, member);
    }
    return list;
}

/* The stack itself has an empty name. */
static struct json *list_groups(const struct plan *plan)
{
    struct json *list = json_create_list();

    for (uint32_t i = 0; i < plan->groups_count; i++) {
        struct json *group = json_create();
        struct budget budget;
        budget_of(plan, i, &budget);
        json_text(group, "Name", plan->groups[i].name);
        json_text(group, "Parent", plan->groups[plan->groups[i].parent].name);
        json_text(group, "Path", budget.path);
        json_number(group, "MemLimit", plan->groups[i].limit_bytes);
        json_append(list, group);
    }
    return list;
}

static struct json *list_findings(const struct faults *faults)
{
    struct json *list = json_create_list();

    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->item[i];
        struct json *finding = json_create();
        json_text(finding, "Level", fault_level_name(fault->level));
        json_text(finding, "File", fault->at.file);
        json_number(finding, "Line", fault->at.line);
        json_number(finding, "Column", fault->at.column);
        json_text(finding, "Text", fault->what);
        json_text(finding, "Remedy", fault->remedy);
        json_append(list, finding);
    }
    return list;
}

bool plan_report_json(const struct plan_report *report, FILE *to)
{
    uint32_t *stages = plan_stages(report->plan);
    struct json *object = stages ? json_create() : NULL;
    bool done;

    json_text(object, "Stack", report->plan->stack);
    json_truth(object, "Running", report->running);
    json_text(object, "Cgroup", report->plan->cgroup_dir);
    json_text(object, "RuntimeDir", report->plan->runtime_dir);
    json_text(object, "StateDir", report->plan->state_dir);
    if (object) {
        json_child(object, "Groups", list_groups(report->plan));
        json_child(object, "Members", list_members(report, stages));
        json_child(object, "Findings", list_findings(report->faults));
    }
    done = object && json_print(object, to);
    json_destroy(object);
    free(stages);
    return done;
}
