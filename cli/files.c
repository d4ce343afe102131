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

static int find(const struct command_context *context, char **ret_path)
{
    char cwd[PATH_MAX];

    if (context->file) {
        *ret_path = strdup(context->file);
        return *ret_path ? 0 : command_failed("out of memory");
    }
    if (!getcwd(cwd, sizeof(cwd)))
        return unusable("cannot tell the current folder: %s", strerror(errno));
    *ret_path = search(cwd);
    if (*ret_path)
        return 0;
    return unusable("no stack file: there is no bulkhead.yaml or bulkhead.yml in %s or a folder "
                    "above it; name one with -f FILE, or a stack that runs with -p NAME",
                    cwd);
}

static int find_project_dir(const struct command_context *context, const char *path,
                            struct stack_source *source)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;

    if (context->project_dir)
        snprintf(dir, sizeof(dir), "%s", context->project_dir);
    else if (strcmp(path, "-") == 0 || !slash)
        snprintf(dir, sizeof(dir), ".");
    else
        snprintf(dir, sizeof(dir), "%.*s", length ? (int)length : 1, path);
    source->project_dir = realpath(dir, NULL);
    if (source->project_dir)
        return 0;
    return unusable("the project's folder %s: %s", dir, strerror(errno));
}

/* --- reading ---------------------------------------------------------------------------------- */

static int read_all(int fd, char **ret_text, size_t *ret_length)
{
    char *text = NULL;
    size_t length = 0, room = 0;

    for (;;) {
        ssize_t got;
        if (length == room) {
            char *more;
            room = room ? 2 * room : 16384;
            more = realloc(text, room);
            if (!more)
                break;
            text = more;
        }
        got = read(fd, text + length, room - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        length += (size_t)got;
        errno = EFBIG;
        if (length > STACKFILE_BYTES_MAX)
            break;
        if (got > 0)
            continue;
        *ret_text = text;
        *ret_length = length;
        return 0;
    }
    free(text);
    return -errno;
}

/* Adds one file to the source. `name` is what messages call it. */
static int add_file(struct stack_source *source, const char *name, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stackfile_text *more;
    char *text = NULL, *kept;
    size_t length = 0;
    int result;

    if (fd < 0)
        return -errno;
    result = read_all(fd, &text, &length);
    if (!standard)
        close(fd);
    if (result != 0)
        return result;
    more = realloc(source->texts, (source->count + 1) * sizeof(*more));
    kept = strdup(name);
    if (more)
        source->texts = more;
    if (!more || !kept) {
        free(text);
        free(kept);
        return -ENOMEM;
    }
    source->texts[source->count++] = (struct stackfile_text){kept, text, length};
    return 0;
}

static int read_file(struct stack_source *source, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    int result = add_file(source, standard ? "(standard input)" : path, path);

    source->files = source->count;
    if (result == 0)
        return 0;
    return unusable("cannot read the stack file %s: %s", standard ? "from standard input" : path,
                    strerror(-result));
}

int stack_source_open(const struct command_context *context, struct stack_source *ret)
{
    struct stack_source source = {0};
    char *path = NULL;
    int status = find(context, &path);

    if (status == 0)
        status = read_file(&source, path);
    if (status == 0)
        status = find_project_dir(context, path, &source);
    free(path);
    if (status == 0)
        *ret = source;
    else
        stack_source_finish(&source);
    return status;
}

void stack_source_finish(struct stack_source *source)
{
    for (size_t i = 0; i < source->count; i++) {
        free((char *)source->texts[i].name);
        free((char *)source->texts[i].text);
    }
    free(source->texts);
    free(source->project_dir);
    *source = (struct stack_source){0};
}

void stack_source_show(const struct stack_source *source, const struct faults *faults, bool colour)
{
    show_faults(faults, source->texts, source->count, colour);
}

/* --- loading ---------------------------------------------------------------------------------- */

/* The reader that include, extends and env_file go through. */
static int read_other(void *self, const char *path, struct stackfile_text *ret_text)
{
    struct stack_source *source = self;
    int result = add_file(source, path, path);

    if (result == 0)
        *ret_text = source->texts[source->count - 1];
    return result;
}

int stack_source_load(const struct command_context *context, struct stack_source *source,
                      struct spec *ret_spec, struct faults *faults)
{
    const struct stackfile_source others = {read_other, source};
    struct stackfile_text *files = calloc(source->files, sizeof(*files));
    struct stackfile_request request = {
        .files = files,
        .files_count = source->files,
        .environment = (const char *const *)context->environment,
        .source = &others,
        .project_dir = source->project_dir,
        .project_name = context->name,
        .lowering_oom_score_allowed = process_may_raise(),
        .own_oom_score_adj = process_oom_score_adj(),
    };
    int result;

    if (!files)
        return -ENOMEM;
    memcpy(files, source->texts, source->files * sizeof(*files));
    result = stackfile_load(&request, ret_spec, faults);
    free(files);
    return result;
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
        stack_source_show(&source, &faults, context->colour_err);
    if (result == 0) {
        *ret_source = source;
        return 0;
    }
    stack_source_finish(&source);
    return result < 0 ? command_failed("%s", strerror(-result)) : STATUS_USAGE;
}
