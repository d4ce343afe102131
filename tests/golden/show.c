/* Loads one stack file for the golden tests: canonical YAML to stdout, findings to stderr. Exit
 * status 0 loaded, 1 refused, 3 the test itself is broken.
 *
 * Comment lines "#: word value" at the top of the file make up the rest of the request:
 * project-name, project-dir, own-oom-score-adj, may-lower-oom-score. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/stackfile.h"

#define INPUT_MAX (STACKFILE_BYTES_MAX + 4096)

static char input[INPUT_MAX + 1];
static char project_dir[256] = "/srv/Golden Stack";
static char project_name[256];

static void print_faults(const struct faults *faults)
{
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->item[i];

        fprintf(stderr, "%s:%u:%u: %s: %s", fault->at.file ? fault->at.file : "-", fault->at.line,
                fault->at.column, fault_level_name(fault->level), fault->what);
        fprintf(stderr, *fault->remedy ? "; %s\n" : "\n", fault->remedy);
    }
    if (faults->dropped)
        fprintf(stderr, "%zu more\n", faults->dropped);
}

static void take_directives(struct stackfile_request *request)
{
    for (char *line = input; strncmp(line, "#: ", 3) == 0; line = strchr(line, '\n') + 1) {
        if (sscanf(line, "#: project-name %255[^\n]", project_name) == 1)
            request->project_name = project_name;
        sscanf(line, "#: project-dir %255[^\n]", project_dir);
        sscanf(line, "#: own-oom-score-adj %d", &request->own_oom_score_adj);
        if (strncmp(line, "#: may-lower-oom-score", 22) == 0)
            request->lowering_oom_score_allowed = true;
        if (!strchr(line, '\n'))
            return;
    }
}

static int show(const struct spec *spec)
{
    char *text;

    if (stackfile_show(spec, &text))
        return 3;
    fputs(text, stdout);
    free(text);
    return 0;
}

int main(int argc, char **argv)
{
    struct stackfile_text text = {.text = input};
    struct stackfile_request request = {
        .files = &text, .files_count = 1, .project_dir = project_dir};
    struct spec spec;
    struct faults faults;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    int rc;

    if (!file)
        return 3;
    text.length = fread(input, 1, INPUT_MAX, file);
    fclose(file);
    text.name = basename(argv[1]);
    take_directives(&request);
    faults_init(&faults);
    rc = stackfile_load(&request, &spec, &faults);
    print_faults(&faults);
    if (rc)
        return rc == 1 ? 1 : 3;
    rc = show(&spec);
    spec_finish(&spec);
    return rc;
}
