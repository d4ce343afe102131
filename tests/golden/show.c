/* Loads one stack file for the golden tests: canonical YAML (JSON where SHOW_JSON is in the
 * environment) to stdout, findings to stderr. Exit
 * status 0 loaded, 1 refused, 3 the test itself is broken.
 *
 * Usage: show FILE [NAME=value…]. Comment lines "#: word value" at the top of the file make up the
 * rest of the request: project-name, project-dir, own-oom-score-adj, may-lower-oom-score; and may
 * be there several times: env NAME=value, env-file FILE, and FILE (merged over it). Those files,
 * and what a file names below the project's folder, are in the folder files/ beside the first one.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/stackfile.h"

#define INPUT_MAX  (STACKFILE_BYTES_MAX + 4096)
#define VALUES_MAX 64

static char input[INPUT_MAX + 1];
static char project_dir[256] = "/srv/Golden Stack";
static char project_name[256];
static char folder[512];
static const char *environment[VALUES_MAX + 1];
static size_t environment_count;
static struct stackfile_text files[VALUES_MAX] = {{.text = input}}, env_files[VALUES_MAX];

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "show: %s\n", what);
    exit(3);
}

/* --- other files: they live as long as the program, and lie where a leak is none --- */

static struct stackfile_text kept[STACKFILE_FILES_MAX];
static size_t kept_count;

static int read_other(const char *name, struct stackfile_text *ret_text)
{
    char path[1024], *text = malloc(1 << 20);
    size_t length;
    FILE *file;

    snprintf(path, sizeof(path), "%sfiles/%s", folder, name);
    file = fopen(path, "r");
    if (!file || !text) {
        free(text);
        return -ENOENT;
    }
    length = fread(text, 1, 1 << 20, file);
    fclose(file);
    if (kept_count == STACKFILE_FILES_MAX)
        give_up("too many files");
    *ret_text = (struct stackfile_text){strdup(name), text, length};
    kept[kept_count++] = *ret_text;
    return 0;
}

static int read_source(void *self, const char *path, struct stackfile_text *ret_text)
{
    size_t length = strlen(project_dir);

    (void)self;
    if (strncmp(path, project_dir, length) != 0 || path[length] != '/')
        return -ENOENT;
    return read_other(path + length + 1, ret_text);
}

static const struct stackfile_source source = {read_source, NULL};

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

static void take_line(struct stackfile_request *request, char *line)
{
    if (strncmp(line, "#: may-lower-oom-score", 22) == 0)
        request->lowering_oom_score_allowed = true;
    if (sscanf(line, "#: project-name %255[^\n]", project_name) == 1)
        request->project_name = project_name;
    sscanf(line, "#: project-dir %255[^\n]", project_dir);
    sscanf(line, "#: own-oom-score-adj %d", &request->own_oom_score_adj);
}

static void take_listed(struct stackfile_request *request, const char *line)
{
    char value[512];

    if (sscanf(line, "#: env %511[^\n]", value) == 1 && environment_count < VALUES_MAX)
        environment[environment_count++] = strdup(value);
    if (sscanf(line, "#: env-file %511[^\n]", value) == 1 &&
        read_other(value, &env_files[request->env_files_count++]) != 0)
        give_up(value);
    if (sscanf(line, "#: and %511[^\n]", value) == 1 &&
        read_other(value, &files[request->files_count++]) != 0)
        give_up(value);
}

static void take_directives(struct stackfile_request *request)
{
    for (char *line = input; strncmp(line, "#: ", 3) == 0; line = strchr(line, '\n') + 1) {
        take_line(request, line);
        take_listed(request, line);
        if (!strchr(line, '\n'))
            return;
    }
}

static int show(const struct spec *spec)
{
    char *text;

    if (getenv("SHOW_JSON") ? stackfile_show_json(spec, &text) : stackfile_show(spec, &text))
        return 3;
    fputs(text, stdout);
    free(text);
    return 0;
}

int main(int argc, char **argv)
{
    struct stackfile_request request = {.files = files,
                                        .files_count = 1,
                                        .env_files = env_files,
                                        .environment = environment,
                                        .source = &source,
                                        .project_dir = project_dir};
    struct spec spec;
    struct faults faults;
    FILE *file = argc >= 2 ? fopen(argv[1], "r") : NULL;
    int rc;

    if (!file)
        return 3;
    files[0].length = fread(input, 1, INPUT_MAX, file);
    fclose(file);
    for (int i = 2; i < argc && environment_count < VALUES_MAX; i++)
        environment[environment_count++] = argv[i];
    files[0].name = basename(argv[1]);
    snprintf(folder, sizeof(folder), "%.*s", (int)(files[0].name - argv[1]), argv[1]);
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
