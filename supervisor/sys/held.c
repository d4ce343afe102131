/* See held.h. */
#include "supervisor/sys/held.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proctext.h"

#define SOCKETS_MAX 4096
#define FILES_MAX   65536
#define LINES_MAX   65536 // of a table of sockets
#define LINE_BYTES  512
#define LISTENS     10 // TCP_LISTEN
#define UNCONNECTED 7  // TCP_CLOSE, which for UDP is one that anybody may write to

/* One process on the way. */
struct look {
    struct held *held;
    char proc[48]; // "/proc/812/task/813"
    size_t sockets_count;
    uint64_t sockets[SOCKETS_MAX];    // inodes
    int64_t passing_from, passing_to; // ports that the kernel gives out by itself
};

/* "TCP port " "8080", in printing ASCII. */
static void say(struct held *held, const char *what, const char *name)
{
    char safe[QUARANTINE_TEXT_MAX], text[QUARANTINE_TEXT_MAX + 32];
    size_t used = strlen(held->text);

    (void)proctext_safe(name, safe, sizeof(safe));
    snprintf(text, sizeof(text), "%s%s", what, safe);
    if (strstr(held->text, text)) // of the same, in another table
        return;
    held->count++;
    snprintf(held->text + used, sizeof(held->text) - used, "%s%.150s", used ? ", " : "", text);
}

static void say_port(struct held *held, const char *what, uint16_t port)
{
    char text[8];

    snprintf(text, sizeof(text), "%d", port);
    say(held, what, text);
}

static FILE *open_of(const struct look *look, const char *file)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", look->proc, file);
    return fopen(path, "re");
}

/* --- files -------------------------------------------------------------------------------- */

static bool is_locked(const struct look *look, const char *number)
{
    char file[32], line[LINE_BYTES];
    bool found = false;
    FILE *info;

    snprintf(file, sizeof(file), "fdinfo/%.16s", number);
    info = open_of(look, file);
    if (!info)
        return false;
    while (!found && fgets(line, sizeof(line), info))
        found = strncmp(line, "lock:", 5) == 0 && proctext_is_lock(line);
    fclose(info);
    return found;
}

static void take_file(struct look *look, int directory, const char *number)
{
    char link[PATH_MAX];
    ssize_t length = readlinkat(directory, number, link, sizeof(link) - 1);
    uint64_t inode;

    if (length <= 0)
        return;
    link[length] = '\0';
    if (proctext_socket(link, &inode)) {
        if (look->sockets_count < SOCKETS_MAX)
            look->sockets[look->sockets_count++] = inode;
    } else if (link[0] == '/' && is_locked(look, number)) {
        say(look->held, "a lock on ", link);
    }
}

static void take_files(struct look *look)
{
    char path[64];
    struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "%s/fd", look->proc);
    directory = opendir(path);
    if (!directory) {
        if (errno != ENOENT && errno != ESRCH) // else it is gone
            say(look->held, "files that cannot be looked at: ", strerrordesc_np(errno));
        return;
    }
    errno = 0;
    for (int i = 0; i < FILES_MAX && (entry = readdir(directory)); i++)
        if (entry->d_name[0] != '.')
            take_file(look, dirfd(directory), entry->d_name);
    closedir(directory);
}

/* --- sockets ------------------------------------------------------------------------------ */

static bool has_socket(const struct look *look, uint64_t inode)
{
    for (size_t i = 0; i < look->sockets_count; i++)
        if (look->sockets[i] == inode)
            return true;
    return false;
}

/* What listens stands first in the table of TCP. */
static bool take_tcp(struct look *look, const char *line)
{
    struct proctext_inet inet;

    if (!proctext_inet(line, &inet))
        return true; // the head
    if (inet.state == LISTENS && has_socket(look, inet.inode))
        say_port(look->held, "TCP port ", inet.port);
    return inet.state == LISTENS;
}

/* One that the kernel has chosen is a client's. */
static bool take_udp(struct look *look, const char *line)
{
    struct proctext_inet inet;

    if (proctext_inet(line, &inet) && inet.state == UNCONNECTED && has_socket(look, inet.inode) &&
        (inet.port < look->passing_from || inet.port > look->passing_to))
        say_port(look->held, "UDP port ", inet.port);
    return true;
}

/* "@" and five digits is a name that the kernel has chosen. */
static bool is_chosen(const char *path)
{
    return strspn(path + 1, "0123456789abcdef") == 5 && strlen(path) == 6;
}

static bool take_unix(struct look *look, const char *line)
{
    struct proctext_unix name;

    if (proctext_unix(line, &name) && name.path[0] == '@' && (name.listens || name.is_datagram) &&
        !is_chosen(name.path) && has_socket(look, name.inode))
        say(look->held, "the abstract socket ", name.path);
    return true;
}

static void read_table(struct look *look, const char *file,
                       bool take(struct look *look, const char *line))
{
    char line[LINE_BYTES];
    FILE *table = open_of(look, file);
    bool more = table != NULL;

    for (int i = 0; more && i < LINES_MAX && fgets(line, sizeof(line), table); i++) {
        line[strcspn(line, "\n")] = '\0';
        more = take(look, line);
    }
    if (table)
        fclose(table);
}

static void read_range(struct look *look)
{
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    char line[LINE_BYTES];

    look->passing_from = 32768; // the kernel's default
    look->passing_to = 60999;
    if (file && fgets(line, sizeof(line), file))
        (void)proctext_range(line, &look->passing_from, &look->passing_to);
    if (file)
        fclose(file);
}

void held_add(struct held *held, int32_t pid, int32_t tid)
{
    struct look look = {.held = held};

    snprintf(look.proc, sizeof(look.proc), "/proc/%d/task/%d", pid, tid);
    take_files(&look);
    if (look.sockets_count == 0)
        return;
    read_range(&look);
    read_table(&look, "net/tcp", take_tcp);
    read_table(&look, "net/tcp6", take_tcp);
    read_table(&look, "net/udp", take_udp);
    read_table(&look, "net/udp6", take_udp);
    read_table(&look, "net/unix", take_unix);
}
