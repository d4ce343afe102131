/* See marks.h. */
#include "supervisor/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/sys/cgroup_find.h"
#include "supervisor/sys/process.h"

#define TEXT_BYTES 64
#define MAIN       "main"
#define AIDE       "aide"

void marks_set_main(int cgroup, pid_t pid)
{
    struct process process;
    char text[TEXT_BYTES];

    if (process_look(pid, &process) < 0) // it was reaped already
        return;
    snprintf(text, sizeof(text), "%d %llu", (int)pid, (unsigned long long)process.start);
    (void)cgroup_set_mark(cgroup, MAIN, text);
}

void marks_set_aide(int cgroup, const struct aide_mark *mark)
{
    char text[TEXT_BYTES];

    snprintf(text, sizeof(text), "%u %u %s", mark->generation, mark->serial, aide_name(mark->kind));
    (void)cgroup_set_mark(cgroup, AIDE, text);
}

/* Digits and what ends them. */
static bool take_number(char **at, char end, uint64_t most, uint64_t *ret)
{
    char *behind;
    unsigned long long number;

    if (**at < '0' || **at > '9')
        return false;
    number = strtoull(*at, &behind, 10);
    if (*behind != end || number > most)
        return false;
    *at = behind + (end != '\0');
    *ret = number;
    return true;
}

bool marks_get_main(int cgroup, struct main_mark *ret)
{
    char text[TEXT_BYTES], *at = text;
    uint64_t pid, start;

    if (cgroup_get_mark(cgroup, MAIN, text, sizeof(text)) < 0 ||
        !take_number(&at, ' ', INT32_MAX, &pid) || !take_number(&at, '\0', INT64_MAX, &start) ||
        pid < 2)
        return false;
    *ret = (struct main_mark){(pid_t)pid, start};
    return true;
}

bool marks_get_aide(int cgroup, struct aide_mark *ret)
{
    char text[TEXT_BYTES], *at = text;
    uint64_t generation, serial;
    int kind = 0;

    if (cgroup_get_mark(cgroup, AIDE, text, sizeof(text)) < 0 ||
        !take_number(&at, ' ', UINT32_MAX, &generation) ||
        !take_number(&at, ' ', UINT32_MAX, &serial))
        return false;
    while (kind < AIDE_KINDS && strcmp(aide_name((enum aide_kind)kind), at) != 0)
        kind++;
    if (kind == AIDE_KINDS)
        return false;
    *ret = (struct aide_mark){(uint32_t)generation, (uint32_t)serial, (enum aide_kind)kind};
    return true;
}
