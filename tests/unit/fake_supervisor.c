/* See fake_supervisor.h. */
#include "tests/unit/fake_supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/sys/reap.h"

#define PATIENCE_MS 60000

struct fake {
    struct reaper reaper;
    uint32_t exits; // that ended with 7, not told yet
    bool told;
};

static uint32_t next_number(void)
{
    uint32_t number = 0;

    (void)!pread(FAKE_COUNTER, &number, sizeof(number), 0);
    number++;
    (void)!pwrite(FAKE_COUNTER, &number, sizeof(number), 0);
    return number;
}

static void print_file(const char *what, int fd)
{
    char text[64] = "";

    (void)!pread(fd, text, sizeof(text) - 1, 0);
    printf(" %s=%s", what, text);
}

static int file_of(const char *text)
{
    int fd = memfd_create("text", MFD_CLOEXEC);

    (void)!pwrite(fd, text, strlen(text), 0);
    return fd;
}

static void hear(struct fake *fake, const struct keeper_news *news)
{
    switch (news->kind) {
    case NEWS_EXITED:
        if (news->record.code == 7)
            fake->exits++; // told at the end: when orphans have ended is nobody's choice
        else
            printf(" exited=%d:%d", news->record.code, news->record.signal);
        break;
    case NEWS_SIGNALLED:
        printf(" signalled=%d", news->signal);
        break;
    case NEWS_HELD:
        print_file(news->tag, news->file);
        close(news->file);
        break;
    case NEWS_TOLD:
        fake->told = true;
        printf(" told");
        break;
    }
}

/* Until so many more records have come, or TOLD has. Acknowledges when it has to. */
static void listen_to_keeper(struct fake *fake, uint32_t records)
{
    struct keeper_news news;

    while (records > 0 || !fake->told) {
        struct pollfd wait = {.fd = HANDOVER_KEEPER, .events = POLLIN};
        int result = reaper_next(&fake->reaper, &news);
        if (result < 0 || (result == 0 && poll(&wait, 1, PATIENCE_MS) <= 0)) {
            printf(" nothing\n");
            exit(99);
        }
        if (result == 0)
            continue;
        hear(fake, &news);
        if (records > 0 && (news.kind == NEWS_EXITED || news.kind == NEWS_SIGNALLED))
            records--;
        if (fake->reaper.pending == KEEPER_RECORDS_MAX)
            reaper_acknowledge(&fake->reaper);
    }
    if (fake->exits > 0)
        printf(" exits=%u", fake->exits);
    fake->exits = 0;
}

/* They have ended, or are about to: their ends of the pipe are closed. */
static void leave_orphans(uint32_t count)
{
    int ends[2];
    char byte;

    (void)!pipe(ends);
    fflush(stdout);
    for (uint32_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(fork() == 0 ? 7 : 0);
        (void)waitpid(child, NULL, 0);
    }
    close(ends[1]);
    (void)!read(ends[0], &byte, 1);
    close(ends[0]);
}

static void hold(struct fake *fake, char *text)
{
    const char *tag = strsep(&text, ":");
    int fd = file_of(text ? text : "");

    (void)reaper_hold(&fake->reaper, tag, NULL, fd);
    close(fd);
}

static void end_by(int number)
{
    printf("\n");
    fflush(stdout);
    (void)raise(number);
}

static void do_step(struct fake *fake, char *word)
{
    char *value = word + strcspn(word, "=");
    uint32_t number;

    if (*value)
        *value++ = '\0';
    number = (uint32_t)strtoul(value, NULL, 10);
    if (strcmp(word, "ready") == 0)
        (void)reaper_ready(&fake->reaper);
    else if (strcmp(word, "kill") == 0)
        end_by((int)number);
    else if (strcmp(word, "orphans") == 0)
        leave_orphans(number);
    else if (strcmp(word, "stop") == 0)
        (void)kill(getppid(), (int)number);
    else if (strcmp(word, "acknowledge") == 0)
        reaper_acknowledge(&fake->reaper);
    else if (strcmp(word, "hold") == 0)
        hold(fake, value);
    else if (strcmp(word, "drop") == 0)
        (void)reaper_drop(&fake->reaper, value, NULL);
    else if (strcmp(word, "plan") == 0)
        (void)reaper_plan(&fake->reaper, file_of(value));
    else if (strcmp(word, "upgrade") == 0)
        (void)reaper_upgrade(&fake->reaper, open(value, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    else if (strcmp(word, "told") == 0)
        listen_to_keeper(fake, 0);
    else if (strcmp(word, "news") == 0)
        listen_to_keeper(fake, number);
    else if (strcmp(word, "hangup") == 0)
        (void)reaper_become_parent(&fake->reaper);
}

int fake_supervisor(const char *script, const char *how)
{
    struct fake fake = {0};
    uint32_t number = next_number();
    char part[512] = "", *words = part, *word;
    int status = 0;

    reaper_init(&fake.reaper, HANDOVER_KEEPER);
    for (uint32_t i = 1; i < number && strchr(script, '|'); i++)
        script = strchr(script, '|') + 1;
    snprintf(part, sizeof(part), "%.*s", (int)strcspn(script, "|"), script);
    printf("%u%s%s", number, how ? " " : "", how ? how : "");
    print_file("plan", HANDOVER_PLAN);
    while ((word = strsep(&words, " "))) {
        if (strncmp(word, "exit=", 5) == 0)
            status = atoi(word + 5);
        else
            do_step(&fake, word);
    }
    printf("\n");
    fflush(stdout);
    return status;
}
