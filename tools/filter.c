/* Prints the recorder's seccomp filter as C: see recorder/filter.h. Runs while bulkhead is built.
 */
#include <errno.h>
#include <linux/filter.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "cli/plan/seccomp.h"
#include "recorder/calls.h"

static const struct seccomp_rule special[] = {
    {.call = "mmap", .is_masked = true, .argument = 2, .mask = PROT_EXEC, .value = 0},
    {.call = "mprotect", .is_masked = true, .argument = 2, .mask = PROT_EXEC, .value = 0},
    {.call = "clone", .is_masked = true, .mask = CLONE_THREAD, .value = CLONE_THREAD},
    {.call = "clone3", .error = ENOSYS}, // its flags are out of a filter's sight: libc falls back
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int compile(FILE *program)
{
    struct seccomp_rule rules[COUNT(recorder_calls) + COUNT(special)] = {{0}};

    if (!program)
        return -errno;
    for (size_t i = 0; i < COUNT(recorder_calls); i++)
        rules[i].call = recorder_calls[i];
    memcpy(rules + COUNT(recorder_calls), special, sizeof(special));
    return seccomp_compile(rules, COUNT(rules), fileno(program));
}

int main(void)
{
    struct sock_filter step;
    unsigned int count = 0;
    FILE *program = tmpfile();
    int failed = compile(program);

    if (failed != 0) {
        fprintf(stderr, "filter: %s\n", strerror(-failed));
        return 1;
    }
    rewind(program);
    puts("#include \"recorder/filter.h\"\n\nconst struct sock_filter recorder_filter[] = {");
    while (fread(&step, sizeof(step), 1, program) == 1) {
        printf("    {0x%02x, %u, %u, 0x%08x},\n", step.code, step.jt, step.jf, step.k);
        count++;
    }
    printf("};\nconst unsigned short recorder_filter_length = %u;\n", count);
    fclose(program);
    return 0;
}
