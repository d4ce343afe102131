/* The bare loop: what must be done to keep services in compartments, and nothing more. The physical
 * limit that the supervisor is measured against.
 *
 * usage: bare CGROUP CONTROL LIMIT COUNT PROGRAM RING FIFO
 *
 * Runs COUNT times PROGRAM RING FIFO SLOT, each in a fresh cgroup below CGROUP with a memory limit
 * of LIMIT bytes (0: none, and then no memory file is touched). One packet on the socket CONTROL
 * starts all ('s') or stops all ('x'). Who dies unasked is started again at once, its old cgroup is
 * removed after that.
 *
 * It has no keeper, no journal, no verdict, no policy, no logs (its services share its own stdio),
 * checks nothing that cannot fail here, and ends at the first surprise and with its driver. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SERVICES_MAX 4096
#define EVENTS_MAX   64

enum { LISTENER = SERVICES_MAX }; // tag of the control socket in epoll, above those of services

struct service {
    unsigned generation;
    pid_t pid; // 0: not there
    int pidfd;
    int cgroup; // its directory
    char slot[12];
};

static struct {
    int parent; // directory of CGROUP
    int epoll;
    int listener;
    const char *limit; // NULL: none
    char **arguments;  // PROGRAM RING FIFO
    bool wanted;
    unsigned count;
    struct service service[SERVICES_MAX];
} loop;

static _Noreturn void fail(const char *what)
{
    perror(what);
    _exit(1);
}

/* --- a compartment ------------------------------------------------------------------------- */

static void name_of(const struct service *service, unsigned generation, char name[32])
{
    snprintf(name, 32, "s-%s.%u", service->slot, generation);
}

static void write_file(int cgroup, const char *file, const char *text)
{
    int fd = openat(cgroup, file, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        fail(file);
    close(fd);
}

static void set_limit(int cgroup)
{
    char text[32] = "";
    int fd = openat(cgroup, "memory.max", O_RDWR | O_CLOEXEC);

    if (fd < 0 || write(fd, loop.limit, strlen(loop.limit)) < 0 ||
        pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
        strtoll(text, NULL, 10) != strtoll(loop.limit, NULL, 10))
        fail("memory.max");
    close(fd);
}

static void make_compartment(struct service *service)
{
    char name[32];

    name_of(service, ++service->generation, name);
    if (mkdirat(loop.parent, name, 0755) < 0)
        fail(name);
    service->cgroup = openat(loop.parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (service->cgroup < 0)
        fail(name);
    if (loop.limit) {
        write_file(service->cgroup, "memory.oom.group", "1");
        write_file(service->cgroup, "memory.swap.max", "0");
        set_limit(service->cgroup);
    }
}

static void read_file(int cgroup, const char *file)
{
    char text[1024];
    int fd = openat(cgroup, file, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || read(fd, text, sizeof(text)) < 0)
        fail(file);
    close(fd);
}

static void read_counters(int cgroup)
{
    if (loop.limit) {
        read_file(cgroup, "memory.events.local");
        read_file(cgroup, "memory.peak");
    }
    read_file(cgroup, "cgroup.events");
}

static void remove_compartment(const struct service *service, unsigned generation)
{
    char name[32];

    name_of(service, generation, name);
    if (unlinkat(loop.parent, name, AT_REMOVEDIR) < 0)
        fail(name);
}

/* --- a process ----------------------------------------------------------------------------- */

static void start(struct service *service)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)(service - loop.service)};
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP | CLONE_PIDFD,
        .exit_signal = SIGCHLD,
        .pidfd = (uintptr_t)&service->pidfd,
    };
    char *argv[] = {loop.arguments[0], loop.arguments[1], loop.arguments[2], service->slot, NULL};
    long pid;

    make_compartment(service);
    args.cgroup = (unsigned long long)service->cgroup;
    pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0) {
        execve(argv[0], argv, environ);
        _exit(127);
    }
    if (pid < 0)
        fail("clone3");
    service->pid = (pid_t)pid;
    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, service->pidfd, &event) < 0)
        fail("epoll_ctl");
}

static void bury(struct service *service)
{
    unsigned generation = service->generation;
    siginfo_t info;

    read_counters(service->cgroup);
    if (waitid(P_PIDFD, (id_t)service->pidfd, &info, WEXITED) < 0)
        fail("waitid");
    if (info.si_code == CLD_EXITED) { // not from here: it would be born and fail for ever
        fprintf(stderr, "bare: service %s exited with %d\n", service->slot, info.si_status);
        _exit(1);
    }
    close(service->pidfd); // which takes it out of epoll
    close(service->cgroup);
    service->pid = 0;
    if (loop.wanted)
        start(service);
    remove_compartment(service, generation);
}

/* --- the loop ------------------------------------------------------------------------------ */

static void obey(void)
{
    char verb = 0;
    int fd = accept4(loop.listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0 || recv(fd, &verb, 1, 0) < 0)
        fail("control");
    loop.wanted = verb == 's';
    for (unsigned i = 0; i < loop.count; i++) {
        struct service *service = &loop.service[i];
        if (verb == 's' && !service->pid)
            start(service);
        else if (verb == 'x' && service->pid)
            kill(service->pid, SIGTERM);
    }
    close(fd);
}

static _Noreturn void run(void)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int count = epoll_wait(loop.epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 == LISTENER)
                obey();
            else
                bury(&loop.service[events[i].data.u32]);
        }
    }
}

static void listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = LISTENER};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    loop.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (loop.listener < 0 ||
        bind(loop.listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(loop.listener, 4) < 0 ||
        epoll_ctl(loop.epoll, EPOLL_CTL_ADD, loop.listener, &event) < 0)
        fail(path);
}

int main(int argc, char **argv)
{
    long count = argc == 8 ? strtol(argv[4], NULL, 10) : 0;

    if (count < 1 || count > SERVICES_MAX) {
        fprintf(stderr, "usage: bare CGROUP CONTROL LIMIT COUNT PROGRAM RING FIFO\n");
        return 2;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); // never without the driver
    loop.parent = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    loop.limit = strcmp(argv[3], "0") == 0 ? NULL : argv[3];
    loop.count = (unsigned)count;
    loop.arguments = &argv[5];
    for (unsigned i = 0; i < loop.count; i++)
        snprintf(loop.service[i].slot, sizeof(loop.service[i].slot), "%u", i);
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.parent < 0 || loop.epoll < 0)
        fail(argv[1]);
    listen_at(argv[2]);
    run();
}
