/* See render.h: values. Tables are in table.c, times that people write in times.c. */
#include "cli/show/render.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/nsec.h"

char *render_bytes(int64_t bytes, char text[RENDER_MAX])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t unit = 0;

    if (bytes < 1024) {
        snprintf(text, RENDER_MAX, "%lldB", (long long)bytes);
        return text;
    }
    while (value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0])) {
        value /= 1024;
        unit++;
    }
    snprintf(text, RENDER_MAX, "%.1f%s", value, units[unit]);
    return text;
}

char *render_span(int64_t ns, char text[RENDER_MAX])
{
    int64_t ms = ns > 0 ? ns / NSEC_PER_MSEC : 0;
    long long seconds = (long long)(ms / 1000);

    if (ns > 0 && ms == 0)
        snprintf(text, RENDER_MAX, "%.1fms", (double)ns / (double)NSEC_PER_MSEC);
    else if (ms < 1000)
        snprintf(text, RENDER_MAX, "%lldms", (long long)ms);
    else if (ms < 59950)
        snprintf(text, RENDER_MAX, "%.1fs", (double)ms / 1000);
    else if (seconds < 3600)
        snprintf(text, RENDER_MAX, "%lldm%02llds", (seconds + (ms < 60000)) / 60,
                 ms < 60000 ? 0 : seconds % 60);
    else if (seconds < 86400)
        snprintf(text, RENDER_MAX, "%lldh%02lldm", seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, RENDER_MAX, "%lldd%02lldh", seconds / 86400, seconds / 3600 % 24);
    return text;
}

static void write_time(int64_t wall_ns, int64_t unit_ns, int digits, char text[RENDER_MAX])
{
    time_t seconds = (time_t)(wall_ns / NSEC_PER_SEC);
    struct tm parts = {0};
    size_t used;

    text[0] = '\0';
    if (wall_ns <= 0)
        return;
    gmtime_r(&seconds, &parts);
    used = strftime(text, RENDER_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, RENDER_MAX - used, ".%0*lldZ", digits,
             (long long)(wall_ns % NSEC_PER_SEC / unit_ns));
}

char *render_time(int64_t wall_ns, char text[RENDER_MAX])
{
    write_time(wall_ns, 1, 9, text);
    return text;
}

char *render_time_ms(int64_t wall_ns, char text[RENDER_MAX])
{
    write_time(wall_ns, NSEC_PER_MSEC, 3, text);
    return text;
}

char *render_signal(int signal, char text[RENDER_MAX])
{
    const char *name = sigabbrev_np(signal);

    if (name)
        snprintf(text, RENDER_MAX, "SIG%s", name);
    else
        snprintf(text, RENDER_MAX, "signal %d", signal);
    return text;
}

int render_parse_signal(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    int signal;

    if (*text >= '0' && *text <= '9')
        return *end == '\0' && number > 0 && number < NSIG ? (int)number : 0;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (signal = 1; signal < NSIG; signal++) {
        const char *name = sigabbrev_np(signal);

        if (name && strcasecmp(name, text) == 0)
            return signal;
    }
    return 0;
}

const char *render_name_colour(bool on, size_t index)
{
    static const char *const colours[] = {
        "\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m",
        "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m",
    };

    return on ? colours[index % (sizeof(colours) / sizeof(colours[0]))] : "";
}

const char *render_style(bool on, enum render_style style)
{
    static const char *const sequences[] = {
        [STYLE_OFF] = "\x1b[0m",  [STYLE_BOLD] = "\x1b[1m",   [STYLE_DIM] = "\x1b[2m",
        [STYLE_RED] = "\x1b[31m", [STYLE_GREEN] = "\x1b[32m", [STYLE_YELLOW] = "\x1b[33m",
    };

    return on ? sequences[style] : "";
}

size_t render_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}
