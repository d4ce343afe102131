/* Commands that go into the background, swallow signals or fight over a port. See lint_rules.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan/lint_rules.h"

/* --- background ------------------------------------------------------------------------------- */

/* A program that leaves for the background unless, or if, it is told to. */
struct daemon {
    const char *program;
    const char *unless[4]; // words or parts of words that keep it in the foreground
    const char *only_if;   // leaves only with this word; NULL: by default
    const char *remedy;
};

static const struct daemon daemons[] = {
    {"nginx", {"daemon off"}, NULL, "write nginx -g \"daemon off;\""},
    {"apache2", {"FOREGROUND", "NO_DETACH"}, NULL, "write apache2 -DFOREGROUND"},
    {"httpd", {"FOREGROUND", "NO_DETACH", "-f"}, NULL, "write httpd -DFOREGROUND"},
    {"apachectl", {"FOREGROUND"}, NULL, "write apachectl -DFOREGROUND"},
    {"apache2ctl", {"FOREGROUND"}, NULL, "write apache2ctl -DFOREGROUND"},
    {"sshd", {"-D", "-d"}, NULL, "write sshd -D -e"},
    {"cron", {"-f"}, NULL, "write cron -f"},
    {"crond", {"-f", "-n", "-d"}, NULL, "write crond -f"},
    {"supervisord", {"-n", "--nodaemon"}, NULL, "write supervisord --nodaemon"},
    {"dnsmasq", {"-k", "--keep-in-foreground", "-d", "--no-daemon"}, NULL, "write dnsmasq -k"},
    {"haproxy", {"-db", "-W"}, "-D", "leave -D out"},
    {"redis-server", {"--daemonize no"}, "--daemonize", "write --daemonize no"},
    {"memcached", {NULL}, "-d", "leave -d out"},
    {"mysqld", {NULL}, "--daemonize", "leave --daemonize out"},
    {"mongod", {NULL}, "--fork", "leave --fork out"},
    {"gunicorn", {NULL}, "--daemon", "leave --daemon out"},
    {"php-fpm", {NULL}, "--daemonize", "write php-fpm --nodaemonize"},
    {"pg_ctl", {NULL}, "start", "write postgres -D FOLDER"},
    {"systemctl", {NULL}, "start", "write the service's own program"},
};

static bool has_word(const struct spec_service *service, const char *word)
{
    for (size_t i = 1; lint_word(service, i); i++)
        if (strcmp(lint_word(service, i), word) == 0)
            return true;
    return false;
}

/* "--daemonize no" is two words in a row; "daemon off" is part of one; "-f" is a word. */
static bool says(const struct spec_service *service, const char *text)
{
    const char *blank = strchr(text, ' ');
    size_t head = blank ? (size_t)(blank - text) : 0;

    for (size_t i = 1; lint_word(service, i); i++) {
        const char *word = lint_word(service, i), *next = lint_word(service, i + 1);
        if (text[0] != '-' ? strstr(word, text) != NULL : strcmp(word, text) == 0)
            return true;
        if (blank && next && strlen(word) == head && strncmp(word, text, head) == 0 &&
            strcmp(next, blank + 1) == 0)
            return true;
    }
    return false;
}

static bool leaves(const struct spec_service *service, const struct daemon *daemon)
{
    if (daemon->only_if && !has_word(service, daemon->only_if))
        return false;
    for (size_t i = 0; i < sizeof(daemon->unless) / sizeof(daemon->unless[0]); i++)
        if (daemon->unless[i] && says(service, daemon->unless[i]))
            return false;
    return true;
}

static struct mark command_mark(const struct spec_service *service)
{
    return service->command.set      ? service->command.at
           : service->entrypoint.set ? service->entrypoint.at
                                     : service->at;
}

void lint_background(const struct lint *lint)
{
    const char *program = lint_word(lint->service, 0);

    for (size_t i = 0; program && i < sizeof(daemons) / sizeof(daemons[0]); i++) {
        if (strcmp(lint_base_name(program), daemons[i].program) != 0 ||
            !leaves(lint->service, &daemons[i]))
            continue;
        lint_say(lint, daemons[i].only_if ? FAULT_WARNING : FAULT_NOTICE,
                 command_mark(lint->service), daemons[i].remedy,
                 "%s goes into the background%s: its end is then taken for the service's",
                 daemons[i].program,
                 daemons[i].only_if ? "" : ", unless its configuration says otherwise");
        return;
    }
}

/* --- shells ----------------------------------------------------------------------------------- */

static bool is_compound(const char *text)
{
    return strstr(text, "&&") || strpbrk(text, ";|\n");
}

/* Only a text that ends in exec, or traps the signal itself, hears it. */
void lint_shell(const struct lint *lint)
{
    const char *text = lint_shell_text(lint->service);
    const struct spec_hooks *hooks = &lint->service->hooks[SPEC_PRE_STOP];

    if (!text || !is_compound(text) || strstr(text, "exec ") || strstr(text, "trap ") ||
        hooks->count > 0)
        return;
    lint_say(lint, FAULT_NOTICE, command_mark(lint->service),
             "write exec before the last program of the text",
             "the shell gets the stop signal and does not pass it on: a stop waits for "
             "stop_grace_period and kills");
}

/* --- ports ------------------------------------------------------------------------------------ */

static bool is_port(const char *text)
{
    char *end;
    long number = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : 0;

    return number > 0 && number <= 65535 && *end == '\0';
}

static bool names_port(const char *option)
{
    static const char *const names[] = {"--port", "-p", "--listen", "--bind", "-b", "--http-port"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(option, names[i]) == 0)
            return true;
    return false;
}

/* The word that fixes a port: "--port=80", "--port" "80", "0.0.0.0:80", ":80"; or NULL. */
static const char *fixed_port(const struct spec_service *service)
{
    for (size_t i = 1; lint_word(service, i); i++) {
        const char *word = lint_word(service, i), *value = strchr(word, '=');
        const char *colon = strrchr(word, ':');
        if (value && strstr(word, "port") && strstr(word, "port") < value && is_port(value + 1))
            return word;
        if (colon && !strstr(word, "://") && is_port(colon + 1))
            return word;
        if (names_port(lint_word(service, i - 1)) && is_port(word))
            return word;
    }
    return NULL;
}

static const struct spec_env *fixed_variable(const struct spec_service *service)
{
    for (size_t i = 0; i < service->environment_count; i++) {
        const struct spec_env *variable = &service->environment[i];
        if (strcmp(variable->name, "PORT") == 0 && variable->value && is_port(variable->value))
            return variable;
    }
    return NULL;
}

void lint_ports(const struct lint *lint)
{
    const char *word = lint->scale > 1 ? fixed_port(lint->service) : NULL;
    const struct spec_env *variable = lint->scale > 1 ? fixed_variable(lint->service) : NULL;

    if (word)
        lint_say(lint, FAULT_NOTICE, command_mark(lint->service),
                 "fine for a port of others, or with SO_REUSEPORT; else scale: 1",
                 "%u instances, and each is told the same port: %s", lint->scale, word);
    else if (variable)
        lint_say(lint, FAULT_NOTICE, variable->at, "fine with SO_REUSEPORT; else scale: 1",
                 "%u instances, and each is told the same port: PORT=%s", lint->scale,
                 variable->value);
}
