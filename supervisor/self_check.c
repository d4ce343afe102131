/* See self_check.h. */
#include "supervisor/self_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/handover.h"
#include "core/paths.h"
#include "core/restore.h"
#include "supervisor/planned.h"

static int read_plan(int runtime, struct roster *roster)
{
    char why[256];
    int plan = openat(runtime, PATH_PLAN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int result;

    if (plan < 0) {
        dprintf(STDERR_FILENO, "cannot read the plan: %s\n", strerrordesc_np(errno));
        return HANDOVER_FAILED;
    }
    result = planned_read(plan, roster, why, sizeof(why));
    close(plan);
    if (result != 0)
        dprintf(STDERR_FILENO, "%s\n", why);
    return result == 0 ? HANDOVER_DONE : HANDOVER_FAILED;
}

/* malloc'ed; NULL: there is none that could be read, which is no fault of this build. */
static char *load_journal(int runtime, size_t *ret_size)
{
    int file = openat(runtime, PATH_JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat status;
    ssize_t length = -1;
    char *text = NULL;

    if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= (off_t)RESTORE_BYTES_MAX)
        text = malloc((size_t)status.st_size + 1);
    if (text)
        length = pread(file, text, (size_t)status.st_size, 0);
    if (file >= 0)
        close(file);
    if (length >= 0) {
        *ret_size = (size_t)length;
        return text;
    }
    free(text);
    return NULL;
}

static int read_journal(int runtime)
{
    struct restored restored;
    const char *why = NULL;
    size_t size;
    char *text = load_journal(runtime, &size);
    int result = text ? restore_fleet(text, size, &restored, &why) : 0;

    if (text && result == 0)
        restored_finish(&restored);
    if (result != 0)
        dprintf(STDERR_FILENO, "cannot go on with the journal: %s\n",
                result < 0 ? strerrordesc_np(-result) : why);
    free(text);
    return result == 0 ? HANDOVER_DONE : HANDOVER_FAILED;
}

int self_check(const char *runtime_dir)
{
    int runtime = open(runtime_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct roster roster = {0};
    int status;

    if (runtime < 0) {
        dprintf(STDERR_FILENO, "%s: %s\n", runtime_dir, strerrordesc_np(errno));
        return HANDOVER_FAILED;
    }
    status = read_plan(runtime, &roster);
    if (status == HANDOVER_DONE)
        status = read_journal(runtime);
    roster_finish(&roster);
    close(runtime);
    return status;
}
