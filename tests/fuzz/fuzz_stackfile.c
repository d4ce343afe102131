/* Fuzzes the whole loader: several files, files of variables and what they name in, spec or faults
 * out; whatever loads must show as a fixed point.
 *
 * The input is one file, or several behind lines "#:: KIND NAME": `file` is merged over the first,
 * `env` is a file of variables, `other` can be named by include, extends and env_file. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "stackfile/stackfile.h"

#define PARTS_MAX 16
#define FOLDER    "/srv/fuzz"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    struct stackfile_text files[PARTS_MAX], env_files[PARTS_MAX], others[PARTS_MAX];
    size_t files_count, env_files_count, others_count;
    char names[PARTS_MAX][64];
    size_t names_count;
    size_t reads; // of other files
};

static void check(int holds)
{
    if (!holds)
        abort();
}

/* --- the parts of an input --- */

static void add(struct stackfile_text *list, size_t *count, const char *name, const char *text,
                size_t length)
{
    list[(*count)++] = (struct stackfile_text){name, text, length};
}

static void add_part(struct input *input, const char *kind, const char *name, const char *text,
                     size_t length)
{
    if (strcmp(kind, "env") == 0)
        add(input->env_files, &input->env_files_count, name, text, length);
    else if (strcmp(kind, "other") == 0)
        add(input->others, &input->others_count, name, text, length);
    else
        add(input->files, &input->files_count, name, text, length);
}

/* The next line "#:: …" at or behind `from`, or the end. */
static const char *next_header(const char *from, const char *end)
{
    const char *found = from;

    while (found < end && !(end - found >= 4 && memcmp(found, "#:: ", 4) == 0)) {
        const char *newline = memchr(found, '\n', (size_t)(end - found));
        found = newline ? newline + 1 : end;
    }
    return found;
}

static void split(const char *text, size_t size, struct input *input)
{
    const char *end = text + size, *at = next_header(text, end);

    add_part(input, "file", "fuzz.yaml", text, (size_t)(at - text));
    while (at < end && input->names_count < PARTS_MAX - 1) {
        char line[64] = "", kind[16] = "", *name = input->names[input->names_count++];
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *next;
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);

        memcpy(line, at, length < sizeof(line) ? length : sizeof(line) - 1);
        snprintf(name, sizeof(input->names[0]), "unnamed");
        (void)sscanf(line, "#:: %15s %40s", kind, name);
        for (char *c = name; *c; c++) // the names of files are the caller's own
            *c = *c > ' ' && *c < 0x7f ? *c : '_';
        at = newline ? newline + 1 : end;
        next = next_header(at, end);
        add_part(input, kind, name, at, (size_t)(next - at));
        at = next;
    }
}

static int read_other(void *self, const char *path, struct stackfile_text *ret_text)
{
    struct input *input = self;

    check(path[0] == '/' && ++input->reads <= STACKFILE_FILES_MAX + STACKFILE_NODES_MAX);
    if (strncmp(path, FOLDER "/", sizeof(FOLDER)) != 0)
        return -EACCES;
    for (size_t i = 0; i < input->others_count; i++)
        if (strcmp(input->others[i].name, path + sizeof(FOLDER)) == 0) {
            *ret_text = input->others[i];
            return 0;
        }
    return -ENOENT;
}

/* --- what must hold --- */

static int load(struct input *input, struct spec *ret_spec, struct faults *faults)
{
    static const char *const environment[] = {"A=a", "EMPTY=", "N=7", "BAD=\xff", NULL};
    const struct stackfile_source source = {read_other, input};
    struct stackfile_request request = {.files = input->files,
                                        .files_count = input->files_count,
                                        .env_files = input->env_files,
                                        .env_files_count = input->env_files_count,
                                        .environment = environment,
                                        .source = &source,
                                        .project_dir = FOLDER,
                                        .own_oom_score_adj = -100};

    faults_init(faults);
    return stackfile_load(&request, ret_spec, faults);
}

static void check_text(const char *text)
{
    uint32_t character;

    for (size_t left = strlen(text), size; left > 0; left -= size, text += size) {
        size = utf8_decode(text, left, &character);
        check(size > 0 && character >= 0x20 && character != 0x7f);
    }
}

static void check_faults(const struct faults *faults)
{
    check(faults->count <= FAULTS_MAX && faults->errors <= faults->count + faults->dropped);
    for (size_t i = 0; i < faults->count; i++) {
        check_text(faults->item[i].what);
        check_text(faults->item[i].remedy);
    }
}

/* JSON loads to what shows as the same YAML. */
static void check_json(const struct spec *spec, const char *yaml)
{
    struct input input = {.files_count = 0};
    struct faults faults;
    struct spec again;
    char *json, *shown;

    check(stackfile_show_json(spec, &json) == 0);
    add_part(&input, "file", "shown.json", json, strlen(json));
    check(load(&input, &again, &faults) == 0);
    check(stackfile_show(&again, &shown) == 0);
    check(strcmp(yaml, shown) == 0);
    spec_finish(&again);
    free(json);
    free(shown);
}

static void check_fixed_point(const struct spec *spec)
{
    struct input input = {.files_count = 0};
    struct faults faults;
    struct spec again;
    char *first, *second;

    check(stackfile_show(spec, &first) == 0);
    add_part(&input, "file", "shown.yaml", first, strlen(first));
    check(load(&input, &again, &faults) == 0);
    check(stackfile_show(&again, &second) == 0);
    check(strcmp(first, second) == 0);
    spec_finish(&again);
    check_json(spec, first);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {.files_count = 0};
    struct faults faults;
    struct spec spec;
    int rc;

    split((const char *)data, size, &input);
    rc = load(&input, &spec, &faults);
    check(rc == 0 || rc == 1);
    check((rc == 1) == faults_fatal(&faults));
    check_faults(&faults);
    if (rc == 0) {
        check_fixed_point(&spec);
        spec_finish(&spec);
    }
    return 0;
}
