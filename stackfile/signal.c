/* Signals by name and number, as Compose's stop_signal has them: see value.h. */
#include "stackfile/value.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGIOT},   {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

/* "RTMIN", "RTMIN+3", "RTMAX-1" */
static enum value_status realtime(const char *name, int64_t *ret_signal)
{
    bool from_max = strncasecmp(name, "RTMAX", 5) == 0;
    int64_t signal = from_max ? SIGRTMAX : SIGRTMIN;
    int64_t offset = 0;

    if (!from_max && strncasecmp(name, "RTMIN", 5) != 0)
        return VALUE_BAD;
    name += 5;
    if (*name && (*name != (from_max ? '-' : '+') || value_integer(name, &offset)))
        return VALUE_BAD;
    if (offset < SIGRTMIN - SIGRTMAX || offset > SIGRTMAX - SIGRTMIN)
        return VALUE_BAD;
    *ret_signal = signal + offset;
    return VALUE_OK;
}

enum value_status value_signal(const char *text, int64_t *ret_signal)
{
    char unused[VALUE_SIGNAL_MAX];
    int64_t number;

    if (!value_integer(text, &number)) {
        if (!value_signal_name(number, unused))
            return VALUE_BAD;
        *ret_signal = number;
        return VALUE_OK;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (strcasecmp(text, signals[i].name) == 0) {
            *ret_signal = signals[i].number;
            return VALUE_OK;
        }
    }
    return realtime(text, ret_signal);
}

const char *value_signal_name(int64_t signal, char buffer[VALUE_SIGNAL_MAX])
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (signals[i].number == signal) {
            snprintf(buffer, VALUE_SIGNAL_MAX, "SIG%s", signals[i].name);
            return buffer;
        }
    }
    if (signal < SIGRTMIN || signal > SIGRTMAX)
        return NULL;
    if (signal == SIGRTMIN)
        return "SIGRTMIN";
    snprintf(buffer, VALUE_SIGNAL_MAX, "SIGRTMIN+%d", (int)(signal - SIGRTMIN));
    return buffer;
}
