/* See files.h. */
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cgfile.h"
#include "cli/show_faults.h"
#include "stackfile/stackfile.h"

#define CAPABILITY_SYS_RESOURCE 24 // capabilities(7)

static const char *const file_names[] = {"bulkhead.yaml", "bulkhead.yml"};

bool process_may_raise(void)
{
    char text[4096];
    const char *line;

    if (cgfile_read("/proc/self/status", NULL, text, sizeof(text)) != 0)
        return false;
    line = strstr(text, "\nCapEff:");
    return line && (strtoull(line + 8, NULL, 16) >> CAPABILITY_SYS_RESOURCE & 1) != 0;
}

int process_oom_score_adj(void)
{
    char text[32];

    if (cgfile_read("/proc/self/oom_score_adj", NULL, text, sizeof(text)) != 0)
        return 0;
    return (int)strtol(text, NULL, 10);
}

/* What cannot be read is an unusable stack file, not a slip on the command line. */
#define unusable(...) (command_note(__VA_ARGS__), STATUS_USAGE)

/* --- finding ---------------------------------------------------------------------------------- */

/* In the current folder, else in the nearest one above. */
static char *search(const char *start)
{
    char dir[PATH_MAX], path[PATH_MAX + 16];

    snprintf(dir, sizeof(dir), "%s", start);
    for (;;) {
        char *slash;
        for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
            snprintf(path, sizeof(path), "%s/%s", dir[1] ? dir : "", file_names[i]);
            if (access(path, F_OK) == 0)
                return strdup(strcmp(dir, start) == 0 ? file_names[i] : path);
        }
        slash = strrchr(dir, '/');
        if (!slash || !dir[1])
            return NULL;
        slash[slash == dir] = '\0';
    }
}

static int find(const struct command_context *context, struct stack_source *source)
{
    char cwd[PATH_MAX];

    if (context->file) {
        source->path = strdup(context->file);
        if (source->path)
            return 0;
        (void)command_failed("out of memory");
        return STATUS_FAILED;
    }
    if (!getcwd(cwd, sizeof(cwd)))
        return unusable("cannot tell the current folder: %s", strerror(errno));
    source->path = search(cwd);
    if (source->path)
        return 0;
    return unusable("no stack file: there is no bulkhead.yaml or bulkhead.yml in %s or a folder "
                    "above it; name one with -f FILE, or a stack that runs with -p NAME",
                    cwd);
}

static int find_project_dir(const struct command_context *context, struct stack_source *source)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(source->path, '/');
    size_t length = slash ? (size_t)(slash - source->path) : 0;

    if (context->project_dir)
        snprintf(dir, sizeof(dir), "%s", context->project_dir);
    else if (strcmp(source->path, "-") == 0 || !slash)
        snprintf(dir, sizeof(dir), ".");
    else
        snprintf(dir, sizeof(dir), "%.*s", length ? (int)length : 1, source->path);
    source->project_dir = realpath(dir, NULL);
    if (source->project_dir)
        return 0;
    return unusable("the project's folder %s: %s", dir, strerror(errno));
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_all(int fd, struct stack_source *source)
{
    size_t room = 0;

    for (;;) {
        ssize_t got;
        if (source->length == room) {
            char *more;
            room = room ? 2 * room : 16384;
            more = realloc(source->text, room + 1);
            if (!more)
                return -ENOMEM;
            source->text = more;
        }
        got = read(fd, source->text + source->length, room - source->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        source->length += (size_t)got;
        source->text[source->length] = '\0';
        if (got == 0)
            return 0;
        if (source->length > STACKFILE_BYTES_MAX)
            return -EFBIG;
    }
}

static int read_source(struct stack_source *source)
{
    bool standard = strcmp(source->path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(source->path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0)
        return unusable("cannot read the stack file %s: %s", source->path, strerror(errno));
    result = read_all(fd, source);
    if (!standard)
        close(fd);
    if (result == 0)
        return 0;
    return unusable("cannot read the stack file %s: %s",
                    standard ? "from standard input" : source->path, strerror(-result));
}

int stack_source_open(const struct command_context *context, struct stack_source *ret)
{
    struct stack_source source = {0};
    int status = find(context, &source);

    if (status == 0)
        status = read_source(&source);
    if (status == 0)
        status = find_project_dir(context, &source);
    if (status == 0)
        *ret = source;
    else
        stack_source_finish(&source);
    return status;
}

void stack_source_finish(struct stack_source *source)
{
    free(source->path);
    free(source->text);
    free(source->project_dir);
    *source = (struct stack_source){0};
}

/* --- loading ---------------------------------------------------------------------------------- */

int stack_source_load(const struct command_context *context, const struct stack_source *source,
                      struct spec *ret_spec, struct faults *faults)
{
    struct stackfile_request request = {
        .name = strcmp(source->path, "-") == 0 ? "(standard input)" : source->path,
        .text = source->text,
        .length = source->length,
        .project_dir = source->project_dir,
        .project_name = context->name,
        .lowering_oom_score_allowed = process_may_raise(),
        .own_oom_score_adj = process_oom_score_adj(),
    };

    return stackfile_load(&request, ret_spec, faults);
}

int stack_source_read(const struct command_context *context, bool tell,
                      struct stack_source *ret_source, struct spec *ret_spec)
{
    struct faults faults;
    struct stack_source source;
    int status = stack_source_open(context, &source);
    int result;

    if (status != 0)
        return status;
    faults_init(&faults);
    result = stack_source_load(context, &source, ret_spec, &faults);
    if (result == 1 || (result == 0 && tell))
        show_faults(&faults, source.text, source.length, context->colour_err);
    if (result == 0) {
        *ret_source = source;
        return 0;
    }
    stack_source_finish(&source);
    return result < 0 ? command_failed("%s", strerror(-result)) : STATUS_USAGE;
}
