/* See files.h. */
#include "cli/host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli/host/cgfile.h"
#include "cli/show/show_faults.h"
#include "stackfile/stackfile.h"

#define CAPABILITY_SYS_RESOURCE 24 // capabilities(7)

static const char *const file_names[] = {"bulkhead.yaml", "bulkhead.yml", NULL};
static const char *const override_names[] = {"bulkhead.override.yaml", "bulkhead.override.yml",
                                             NULL};

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

struct paths {
    char *item[WORDS_MAX];
    size_t count;
};

static int add_path(struct paths *paths, const char *path)
{
    paths->item[paths->count] = strdup(path);
    if (!paths->item[paths->count])
        return command_failed("out of memory");
    paths->count++;
    return 0;
}

/* The first of the names that is in a folder: 0, or 1 where there is none. With a `dir` of "" the
 * path is the name alone. */
static int find_name(const char *dir, bool above, const char *const *names, struct paths *paths)
{
    char path[PATH_MAX + 32];

    for (; *names; names++) {
        snprintf(path, sizeof(path), "%s/%s", dir[1] ? dir : "", *names);
        if (access(path, F_OK) == 0)
            return add_path(paths, above ? path : *names);
    }
    return 1;
}

/* In the current folder, else in the nearest one above; with the override file beside it. */
static int search(const char *start, struct paths *paths)
{
    char dir[PATH_MAX];

    snprintf(dir, sizeof(dir), "%s", start);
    for (;;) {
        bool above = strcmp(dir, start) != 0;
        char *slash;

        if (find_name(dir, above, file_names, paths) == 0) {
            (void)find_name(dir, above, override_names, paths); // need not be there
            return 0;
        }
        slash = strrchr(dir, '/');
        if (!slash || !dir[1])
            return 1;
        slash[slash == dir] = '\0';
    }
}

static int find(const struct command_context *context, struct paths *paths)
{
    char cwd[PATH_MAX];
    int status = 0;

    for (size_t i = 0; status == 0 && i < context->files.count; i++)
        status = add_path(paths, context->files.item[i]);
    if (status != 0 || paths->count > 0)
        return status;
    if (!getcwd(cwd, sizeof(cwd)))
        return unusable("cannot tell the current folder: %s", strerror(errno));
    if (search(cwd, paths) == 0)
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

#define SILENCE_MS 10000 // in which what is read has to give something

/* A FIFO that nobody opens for writing would be waited for without end. Standard input, a terminal
 * and the pipe of a shell's <(command) may take their time: somebody is there. */
static int patience_ms(int fd)
{
    struct statfs system;

    if (fd == STDIN_FILENO || isatty(fd))
        return -1;
    return fstatfs(fd, &system) == 0 && system.f_type == PIPEFS_MAGIC ? -1 : SILENCE_MS;
}

/* Something can be read, or there is an end. */
static int await_bytes(int fd, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int ready;

    do
        ready = poll(&one, 1, timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 ? 0 : ready == 0 ? -ETIMEDOUT : -errno;
}

static int read_all(int fd, char **ret_text, size_t *ret_length)
{
    int timeout_ms = patience_ms(fd), result;
    char *text = NULL;
    size_t length = 0, room = 0;

    for (;;) {
        ssize_t got;

        result = await_bytes(fd, timeout_ms);
        if (result != 0) {
            free(text);
            return result;
        }
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

#define STANDARD_INPUT "(standard input)"

/* A path as people would write it here: below the current folder without that. */
static const char *short_name(const char *path, char *room, size_t size)
{
    size_t length;

    if (!getcwd(room, size))
        return path;
    length = strlen(room);
    if (length > 1 && strncmp(path, room, length) == 0 && path[length] == '/')
        return path + length + 1;
    return path;
}

/* Adds one file to the source. `name` is what messages call it. */
static int add_file(struct stack_source *source, const char *name, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
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
    int result = add_file(source, standard ? STANDARD_INPUT : path, path);

    if (result == 0)
        return 0;
    return unusable("cannot read the stack file %s: %s", standard ? "from standard input" : path,
                    stackfile_unreadable(-result));
}

static int read_files(struct stack_source *source, const struct paths *paths)
{
    int status = 0;

    for (size_t i = 0; status == 0 && i < paths->count; i++) {
        for (size_t before = 0; before < i; before++)
            if (strcmp(paths->item[i], "-") == 0 && strcmp(paths->item[before], "-") == 0)
                return unusable("standard input can be one of the stack files, not two");
        status = read_file(source, paths->item[i]);
    }
    source->files = source->count;
    return status;
}

/* Those that were asked for, else .env if there is one. */
static int read_env_files(const struct command_context *context, struct stack_source *source)
{
    char path[PATH_MAX], name[PATH_MAX];
    int result = 0;

    for (size_t i = 0; result == 0 && i < context->env_files.count; i++) {
        const char *file = context->env_files.item[i];
        result = add_file(source, file, file);
        if (result != 0)
            return unusable("cannot read the file of variables %s: %s", file,
                            stackfile_unreadable(-result));
    }
    if (context->env_files.count == 0) {
        snprintf(path, sizeof(path), "%s/.env", source->project_dir);
        result = add_file(source, short_name(path, name, sizeof(name)), path);
        if (result != 0 && result != -ENOENT && result != -EISDIR)
            return unusable("cannot read %s: %s", path, stackfile_unreadable(-result));
    }
    source->env_files = source->count - source->files;
    return 0;
}

int stack_source_open(const struct command_context *context, struct stack_source *ret)
{
    struct stack_source source = {0};
    struct paths paths = {.count = 0};
    int status = find(context, &paths);

    if (status == 0)
        status = read_files(&source, &paths);
    if (status == 0)
        status = find_project_dir(context, paths.item[0], &source);
    if (status == 0)
        status = read_env_files(context, &source);
    for (size_t i = 0; i < paths.count; i++)
        free(paths.item[i]);
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
    char room[PATH_MAX];
    int result = add_file(source, short_name(path, room, sizeof(room)), path);

    if (result == 0)
        *ret_text = source->texts[source->count - 1];
    return result;
}

int stack_source_load(const struct command_context *context, struct stack_source *source,
                      const struct stackfile_listener *listener, struct spec *ret_spec,
                      struct faults *faults)
{
    const struct stackfile_source others = {read_other, source};
    size_t count = source->files + source->env_files;
    struct stackfile_text *files = calloc(count + 1, sizeof(*files)); // texts move later
    struct stackfile_request request = {
        .files = files,
        .files_count = source->files,
        .env_files = files ? files + source->files : NULL,
        .env_files_count = source->env_files,
        .environment = (const char *const *)context->environment,
        .source = &others,
        .listener = listener,
        .project_dir = source->project_dir,
        .project_name = context->name,
        .lowering_oom_score_allowed = process_may_raise(),
        .own_oom_score_adj = process_oom_score_adj(),
    };
    int result;

    if (!files)
        return -ENOMEM;
    if (source->texts)
        memcpy(files, source->texts, count * sizeof(*files));
    result = stackfile_load(&request, ret_spec, faults);
    free(files);
    return result;
}

int stack_source_tell(const struct command_context *context, bool tell, struct stack_source *source,
                      struct spec *ret_spec)
{
    struct faults faults;
    int result;

    faults_init(&faults);
    result = stack_source_load(context, source, NULL, ret_spec, &faults);
    if (result == 1 || (result == 0 && tell))
        stack_source_show(source, &faults, context->colour_err);
    if (result == 0)
        return 0;
    return result < 0 ? command_failed("%s", strerror(-result)) : STATUS_USAGE;
}

int stack_source_read(const struct command_context *context, bool tell,
                      struct stack_source *ret_source, struct spec *ret_spec)
{
    struct stack_source source;
    int status = stack_source_open(context, &source);

    if (status != 0)
        return status;
    status = stack_source_tell(context, tell, &source, ret_spec);
    if (status == 0)
        *ret_source = source;
    else
        stack_source_finish(&source);
    return status;
}
