/* Times the loading of a stack file beside libyaml's bare event parse of the same bytes.
 *
 * usage: load FILE RUNS
 *
 * Prints RUNS lines: nanoseconds of stackfile_load, then of the parse, in turns. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yaml.h>

#include "stackfile/stackfile.h"

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "load: %s\n", what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static char *read_all(const char *path, size_t *ret_length)
{
    char *text = malloc(STACKFILE_BYTES_MAX + 1);
    FILE *file = fopen(path, "r");

    if (!text || !file)
        fail(path);
    *ret_length = fread(text, 1, STACKFILE_BYTES_MAX + 1, file);
    if (*ret_length > STACKFILE_BYTES_MAX)
        fail("the file is too large");
    fclose(file);
    return text;
}

static int64_t time_load(const char *text, size_t length)
{
    const struct stackfile_text file = {.name = "stack.yaml", .text = text, .length = length};
    const struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/stack"};
    struct faults faults;
    struct spec spec;
    int64_t begun;

    faults_init(&faults);
    begun = now_ns();
    if (stackfile_load(&request, &spec, &faults) != 0)
        fail(faults.count ? faults.item[0].what : "it does not load");
    begun = now_ns() - begun;
    spec_finish(&spec);
    return begun;
}

static int64_t time_parse(const char *text, size_t length)
{
    int64_t begun = now_ns();
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true;

    if (!yaml_parser_initialize(&parser))
        fail("no memory");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (more) {
        if (!yaml_parser_parse(&parser, &event))
            fail(parser.problem);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return now_ns() - begun;
}

int main(int argc, char **argv)
{
    size_t length;
    char *text;

    if (argc != 3)
        fail("usage: load FILE RUNS");
    text = read_all(argv[1], &length);
    for (long runs = strtol(argv[2], NULL, 10); runs > 0; runs--) {
        int64_t ours = time_load(text, length);
        printf("%" PRId64 " %" PRId64 "\n", ours, time_parse(text, length));
    }
    free(text);
    return 0;
}
