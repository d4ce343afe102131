/* See explain.h. */
#include "cli/show/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int explain(struct fault *ret, const char *remedy, const char *format, ...)
{
    struct faults faults;
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    faults_init(&faults);
    faults_add(&faults, FAULT_ERROR, (struct mark){0}, remedy, "%s", text);
    *ret = faults.item[0];
    return 1;
}

int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
