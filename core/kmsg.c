/* See kmsg.h. */
#include "core/kmsg.h"

#include <string.h>

#include "core/nsec.h"

#define SVC    "/svc/"
#define CHOSEN "task_memcg="
#define GROUP  "Tasks in "
#define KILLED "Killed process "

/* Digits, and the byte after them is `end`. *at goes behind it. */
static bool take_number(const char **at, const char *limit, char end, int64_t *ret)
{
    const char *digit = *at;
    int64_t value = 0;

    for (; digit < limit && *digit >= '0' && *digit <= '9'; digit++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *digit - '0', &value))
            return false;
    if (digit == *at || digit == limit || *digit != end)
        return false;
    *at = digit + 1;
    *ret = value;
    return true;
}

bool kmsg_read(const char *bytes, size_t size, struct kmsg_record *ret)
{
    const char *limit = bytes + size, *at = bytes;
    int64_t priority, sequence, usec;
    size_t used = 0;

    if (!take_number(&at, limit, ',', &priority) || !take_number(&at, limit, ',', &sequence) ||
        !take_number(&at, limit, ',', &usec) || usec > INT64_MAX / NSEC_PER_USEC)
        return false;
    at = memchr(at, ';', (size_t)(limit - at));
    if (!at)
        return false;
    for (at++; at < limit && *at != '\n' && *at != '\0' && used + 1 < KMSG_TEXT_MAX; at++)
        ret->text[used++] = *at >= ' ' && *at < 0x7f ? *at : '?';
    ret->text[used] = '\0';
    ret->at_ns = usec * NSEC_PER_USEC;
    return true;
}

/* A path of `length` that ends in "/STACK/svc/[groups/]NAME". */
static bool path_names(const char *path, size_t length, const char *stack, const char *name)
{
    size_t name_length = strlen(name), stack_length = strlen(stack);
    const char *svc = memmem(path, length, SVC, strlen(SVC));

    if (!svc || (size_t)(svc - path) <= stack_length || length <= name_length)
        return false;
    return svc[-(ptrdiff_t)stack_length - 1] == '/' &&
           memcmp(svc - stack_length, stack, stack_length) == 0 &&
           path[length - name_length - 1] == '/' &&
           memcmp(path + length - name_length, name, name_length) == 0;
}

bool kmsg_names(const char *text, const char *stack, const char *name, int64_t *ret_pid)
{
    const char *path = strstr(text, CHOSEN), *pid;

    *ret_pid = 0;
    if (path) {
        path += strlen(CHOSEN);
        pid = strstr(path, ",pid=");
        if (pid) {
            pid += strlen(",pid=");
            if (!take_number(&pid, pid + strlen(pid), ',', ret_pid))
                *ret_pid = 0;
        }
        return path_names(path, strcspn(path, ","), stack, name);
    }
    if (strncmp(text, GROUP, strlen(GROUP)) != 0)
        return false;
    path = text + strlen(GROUP);
    return path_names(path, strcspn(path, " "), stack, name);
}

bool kmsg_killed(const char *text, int64_t pid)
{
    const char *at = strstr(text, KILLED);
    int64_t killed;

    if (!at || !strstr(text, "ut of memory"))
        return false;
    at += strlen(KILLED);
    return take_number(&at, at + strlen(at), ' ', &killed) && killed == pid && pid > 0;
}
