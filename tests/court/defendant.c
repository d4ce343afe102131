/* defendant SOCKET: the service of the court of deaths. It connects to SOCKET (SOCK_SEQPACKET),
 * reads one order a message, and dies as it is told; to an order that it survives it answers "ok".
 * defendant probe FILE: is well unless FILE has the PID of a process that lives.
 * defendant hook SOCKET NAME: says its name, and obeys orders until nobody has any more.
 *
 *   hold BYTES       touches and keeps that much memory
 *   share BYTES      the same in a memfd
 *   leak BYTES US    that much more every US, for ever
 *   exit CODE
 *   raise SIGNAL
 *   fault NAME       a real fault: segv, abrt, ill, trap, fpe
 *   at NS ORDER      ORDER at that instant of CLOCK_MONOTONIC
 *   child ORDER      a child does it, and this one goes on
 *   lose ORDER       the same, and waits for its end
 *   job BYTES ORDER  as lose, in a cgroup of its own below this one's, with that limit
 *   on-term ORDER    once SIGTERM comes; "on-term ignore": never
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ORDER_MAX = 256, UNUSABLE = 99 };

static int orders = -1; // the socket
static volatile sig_atomic_t term_came;
static char on_term[ORDER_MAX];

static void obey(char *order);

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "defendant: %s: %s\n", what, strerror(errno));
    exit(UNUSABLE);
}

static void note_term(int signal)
{
    (void)signal;
    term_came = 1;
}

/* The word before the first space; the rest begins at *order. */
static char *take_word(char **order)
{
    char *word = *order, *space = strchr(word, ' ');

    *order = space ? space + 1 : word + strlen(word);
    if (space)
        *space = '\0';
    return word;
}

static long take_number(char **order)
{
    return strtol(take_word(order), NULL, 10);
}

/* --- memory ------------------------------------------------------------------------------- */

static void touch(size_t bytes)
{
    char *more = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (more == MAP_FAILED)
        fail("mmap");
    for (size_t at = 0; at < bytes; at += 4096)
        more[at] = 1;
}

static void share(size_t bytes)
{
    int fd = memfd_create("defendant", MFD_CLOEXEC);
    char *more;

    if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
        fail("memfd");
    more = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (more == MAP_FAILED)
        fail("mmap");
    for (size_t at = 0; at < bytes; at += 4096)
        more[at] = 1;
}

static void leak(size_t bytes, long pause_us)
{
    struct timespec pause = {pause_us / 1000000, pause_us % 1000000 * 1000};

    for (;;) {
        touch(bytes);
        if (pause_us > 0)
            nanosleep(&pause, NULL);
    }
}

/* --- ends --------------------------------------------------------------------------------- */

static void raise_plainly(int number)
{
    sigset_t set;

    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
}

static void fault(const char *name)
{
    volatile char *forbidden = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (strcmp(name, "segv") == 0)
        *forbidden = 1;
    else if (strcmp(name, "abrt") == 0)
        abort();
    else if (strcmp(name, "ill") == 0)
        __asm__ volatile("ud2");
    else if (strcmp(name, "trap") == 0)
        __asm__ volatile("int3");
    else if (strcmp(name, "fpe") == 0)
        __asm__ volatile("xorl %%ecx, %%ecx; xorl %%edx, %%edx; divl %%ecx" ::
                             : "eax", "ecx", "edx");
}

static void block_term(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(how, &set, NULL);
}

/* --- others of the compartment ------------------------------------------------------------ */

static pid_t begin_child(char *order, const char *procs)
{
    pid_t pid = fork();

    if (pid < 0)
        fail("fork");
    if (pid > 0)
        return pid;
    close(orders);
    signal(SIGTERM, SIG_DFL);
    block_term(SIG_UNBLOCK);
    if (procs) {
        int fd = open(procs, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, "0", 1) != 1)
            fail(procs);
    }
    obey(order);
    for (;;)
        pause();
}

static void lose(char *order, const char *procs)
{
    pid_t pid = begin_child(order, procs);

    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void put(const char *folder, const char *file, const char *value)
{
    char path[512];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        fail(path);
    close(fd);
}

/* A cgroup with processes hands no controllers down, so this one moves to a leaf of it first. */
static void job(const char *limit, char *order)
{
    static char own[256];
    char path[300], line[256] = "";
    FILE *file;

    if (!*own) {
        file = fopen("/proc/self/cgroup", "re");
        while (file && fgets(line, sizeof(line), file) && strncmp(line, "0::", 3) != 0)
            ;
        line[strcspn(line, "\n")] = '\0';
        snprintf(own, sizeof(own), "/sys/fs/cgroup%.200s", line + 3);
        snprintf(path, sizeof(path), "%s/main", own);
        mkdir(path, 0755);
        put(path, "cgroup.procs", "0");
        put(own, "cgroup.subtree_control", "+memory");
        fclose(file);
    }
    snprintf(path, sizeof(path), "%s/job", own);
    mkdir(path, 0755);
    put(path, "memory.max", limit);
    snprintf(path, sizeof(path), "%s/job/cgroup.procs", own);
    lose(order, path);
}

/* --- orders ------------------------------------------------------------------------------- */

static void wait_until(long ns)
{
    struct timespec at = {ns / 1000000000, ns % 1000000000};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

static void prepare_term(const char *order)
{
    struct sigaction action = {.sa_handler = note_term};

    snprintf(on_term, sizeof(on_term), "%s", order);
    if (strcmp(order, "ignore") == 0)
        action.sa_handler = SIG_IGN;
    block_term(SIG_BLOCK); // it comes while we wait for orders, and at no other time
    sigaction(SIGTERM, &action, NULL);
}

static void obey(char *order)
{
    const char *word = take_word(&order);

    if (strcmp(word, "hold") == 0) {
        touch((size_t)take_number(&order));
    } else if (strcmp(word, "share") == 0) {
        share((size_t)take_number(&order));
    } else if (strcmp(word, "leak") == 0) {
        size_t bytes = (size_t)take_number(&order);
        leak(bytes, take_number(&order));
    } else if (strcmp(word, "exit") == 0) {
        _exit((int)take_number(&order));
    } else if (strcmp(word, "raise") == 0) {
        raise_plainly((int)take_number(&order));
    } else if (strcmp(word, "fault") == 0) {
        fault(order);
    } else if (strcmp(word, "at") == 0) {
        wait_until(take_number(&order));
        obey(order);
    } else if (strcmp(word, "child") == 0) {
        (void)begin_child(order, NULL);
    } else if (strcmp(word, "lose") == 0) {
        lose(order, NULL);
    } else if (strcmp(word, "job") == 0) {
        const char *limit = take_word(&order);
        job(limit, order);
    } else if (strcmp(word, "on-term") == 0) {
        prepare_term(order);
    } else {
        errno = EINVAL;
        fail(word);
    }
}

static void listen_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    orders = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (orders < 0 || connect(orders, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail(path);
}

/* What it does not survive is how the hook fails; to be let go is success. */
static int be_hook(const char *path, const char *name)
{
    char order[ORDER_MAX];
    ssize_t length;

    listen_to(path);
    (void)!send(orders, name, strlen(name), MSG_NOSIGNAL);
    while ((length = recv(orders, order, sizeof(order) - 1, 0)) > 0) {
        order[length] = '\0';
        obey(order);
    }
    return 0;
}

/* Does the process live that the file names? */
static bool is_sick(const char *name)
{
    FILE *file = fopen(name, "re");
    int pid = 0;

    if (!file)
        return false;
    if (fscanf(file, "%d", &pid) != 1)
        pid = 0;
    fclose(file);
    return pid > 0 && kill(pid, 0) == 0;
}

static void serve(void)
{
    struct pollfd messages = {.fd = orders, .events = POLLIN};
    char order[ORDER_MAX];
    sigset_t none;
    ssize_t length;

    sigemptyset(&none);
    while (ppoll(&messages, 1, NULL, &none) < 0 && errno == EINTR)
        if (term_came) {
            term_came = 0;
            obey(on_term);
        }
    length = recv(orders, order, sizeof(order) - 1, 0);
    if (length <= 0) { // nobody has orders any more: it waits to be ended
        pause();
        return;
    }
    order[length] = '\0';
    obey(order);
    (void)!send(orders, "ok", 2, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "probe") == 0)
        return is_sick(argv[2]);
    if (argc == 4 && strcmp(argv[1], "hook") == 0)
        return be_hook(argv[2], argv[3]);
    if (argc != 2) {
        fprintf(stderr,
                "usage: defendant SOCKET | defendant probe FILE | defendant hook SOCKET NAME\n");
        return 2;
    }
    listen_to(argv[1]);
    for (;;)
        serve();
}
