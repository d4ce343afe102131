/* See control.h. */
#include "supervisor/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/paths.h"
#include "supervisor/aide_bonds.h"
#include "supervisor/request.h"
#include "supervisor/row.h"
#include "supervisor/supervisor.h"
#include "supervisor/sys/sock.h"

/* To one client, so that nobody waits for a big listing. */
#define ROWS_PER_TURN       64
#define GUEST_ROWS_PER_TURN 8

/* --- sending ------------------------------------------------------------------------------ */

static int send_reply(const struct client *client, const struct wire_reply *reply)
{
    unsigned char frame[WIRE_REPLY_MAX];
    size_t size = wire_reply_encode(reply, frame, sizeof(frame));

    return sock_send(client->fd, frame, size);
}

/* Answers are small and few: one that does not even take this is not to wait for it, and is told so
 * by the end of the conversation. */
static void answer(const struct client *client, const struct wire_reply *reply)
{
    if (send_reply(client, reply) < 0)
        sock_shut(client->fd);
}

void control_done(const struct client *client)
{
    const struct wire_reply reply = {.kind = WIRE_DONE};

    answer(client, &reply);
}

void control_error(const struct client *client, const char *format, ...)
{
    struct wire_reply reply = {.kind = WIRE_ERROR};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reply.message, sizeof(reply.message), format, arguments);
    va_end(arguments);
    answer(client, &reply);
}

static int send_info(const struct supervisor *supervisor, const struct client *client)
{
    struct wire_reply reply = {
        .kind = WIRE_INFO,
        .info = {.supervisor_pid = getpid(),
                 .keeper_pid = supervisor->reaper.channel >= 0 ? getppid() : 0,
                 .members = supervisor->roster.members_count,
                 .ending = supervisor->fleet.ending,
                 .started_wall_ns = supervisor->control.started_wall_ns,
                 .journal_lost = (int64_t)supervisor->journal.lost},
    };

    memcpy(reply.info.stack, supervisor->roster.stack, sizeof(reply.info.stack));
    return send_reply(client, &reply);
}

static int send_row(const struct supervisor *supervisor, const struct client *client,
                    uint32_t index)
{
    struct wire_reply reply = {.kind = WIRE_ROW};

    row_fill(&supervisor->fleet, index, supervisor->now, &reply.row);
    if (supervisor->slots[index].pid) {
        reply.row.hash = (uint64_t)supervisor->fleet.kept[index].hash;
        reply.row.limits_hash = (uint64_t)supervisor->fleet.kept[index].limits_hash;
    }
    return send_reply(client, &reply);
}

static int send_left(const struct client *client, const struct quarantined *one)
{
    struct wire_reply reply = {
        .kind = WIRE_LEFT,
        .left = {.service_length = one->service_length,
                 .number = one->number,
                 .generation = one->generation,
                 .since_wall_ns = one->since_wall_ns},
    };

    memcpy(reply.left.name, one->name, sizeof(reply.left.name));
    memcpy(reply.left.who, one->text[QUARANTINE_STUCK], sizeof(reply.left.who));
    memcpy(reply.left.where, one->text[QUARANTINE_WHERE], sizeof(reply.left.where));
    memcpy(reply.left.held, one->text[QUARANTINE_HELD], sizeof(reply.left.held));
    memcpy(reply.left.compartment, one->compartment, sizeof(reply.left.compartment));
    return send_reply(client, &reply);
}

/* --- clients ------------------------------------------------------------------------------ */

static void drop(struct supervisor *supervisor, struct client *client)
{
    uint32_t index = (uint32_t)(client - supervisor->control.clients);

    loop_remove(&supervisor->loop, client->fd);
    close(client->fd);
    client->fd = -1;
    supervisor->control.open--;
    reload_client_gone(supervisor, index);
    limits_client_gone(supervisor, index);
    if (client->state == CLIENT_EXECUTING)
        aide_client_gone(supervisor, index);
}

static void be_patient(const struct supervisor *supervisor, struct client *client)
{
    client->deadline = instant_add(supervisor->now, CONTROL_PATIENCE);
}

/* What to wait for: that it takes more, or that it says something (or goes). */
static void wait_for(struct supervisor *supervisor, struct client *client, bool out)
{
    uint32_t index = (uint32_t)(client - supervisor->control.clients);

    if (client->waits_out == out)
        return;
    client->waits_out = out;
    if (loop_change(&supervisor->loop, client->fd, out ? EPOLLOUT : EPOLLIN, SOURCE_CLIENT, index) <
        0)
        drop(supervisor, client);
}

/* The member that changed longest ago of those that the client has not been told of, or -1. */
static ptrdiff_t next_changed(const struct supervisor *supervisor, int64_t seen)
{
    const struct incarnation *members = supervisor->fleet.members;
    ptrdiff_t next = -1;

    if (supervisor->fleet.sequence <= seen)
        return -1;
    for (uint32_t i = 0; i < supervisor->roster.members_count; i++)
        if (members[i].changed > seen && (next < 0 || members[i].changed < members[next].changed))
            next = (ptrdiff_t)i;
    return next;
}

/* After the rows, for one who asked once. */
static const struct quarantined *next_left(const struct supervisor *supervisor,
                                           struct client *client)
{
    return client->watch ? NULL : quarantine_next(&supervisor->quarantine, &client->left);
}

/* One frame of what the client is to be told: 1: sent, 0: nothing is left, or negative errno. */
static int tell_one(struct supervisor *supervisor, struct client *client)
{
    const struct quarantined *left;
    ptrdiff_t changed;
    int result;

    if (client->state == CLIENT_LISTING && !client->info_sent) {
        result = send_info(supervisor, client);
        client->info_sent = result == 0;
    } else if (client->state == CLIENT_LISTING &&
               client->cursor < supervisor->roster.members_count) {
        result = send_row(supervisor, client, client->cursor);
        client->cursor += result == 0;
    } else if (client->state == CLIENT_LISTING && (left = next_left(supervisor, client))) {
        result = send_left(client, left);
        client->left += result == 0;
    } else if (client->state == CLIENT_LISTING) {
        const struct wire_reply done = {.kind = WIRE_DONE};
        result = send_reply(client, &done);
        if (result == 0)
            client->state = client->watch ? CLIENT_WATCHING : CLIENT_ASKING;
    } else if (client->state == CLIENT_WATCHING) {
        changed = next_changed(supervisor, client->seen);
        if (changed < 0)
            return 0;
        result = send_row(supervisor, client, (uint32_t)changed);
        if (result == 0)
            client->seen = supervisor->fleet.members[changed].changed;
    } else {
        return 0;
    }
    return result < 0 ? result : 1;
}

/* Tells as much as the socket takes, and what is fair. */
static void tell(struct supervisor *supervisor, struct client *client)
{
    int rows = client->guest ? GUEST_ROWS_PER_TURN : ROWS_PER_TURN, result = 1;

    for (int i = 0; i < rows && result == 1; i++) {
        result = tell_one(supervisor, client);
        if (result == 1)
            be_patient(supervisor, client);
    }
    if (result < 0 && result != -EAGAIN)
        drop(supervisor, client);
    else
        wait_for(supervisor, client, result != 0);
}

void control_list(struct supervisor *supervisor, struct client *client, bool watch)
{
    client->state = CLIENT_LISTING;
    client->watch = watch;
    client->info_sent = false;
    client->cursor = 0;
    client->left = 0;
    client->seen = supervisor->fleet.sequence; // what changes from now on is told again
    tell(supervisor, client);
}

/* --- reading ------------------------------------------------------------------------------ */

/* One frame, decoded and served, or an error. False: there is nobody to talk to any more. */
static bool take_frame(struct supervisor *supervisor, struct client *client, unsigned char *frame,
                       struct wire_request *request)
{
    struct request_files files = {.count = WIRE_FILES_MAX};
    const char *why = "the request is too long, or brings too many files";
    ssize_t length =
        sock_receive_files(client->fd, frame, WIRE_REQUEST_MAX, files.fd, &files.count);

    if (length == -EAGAIN)
        return true;
    if (length == 0 || (length < 0 && length != -EMSGSIZE)) {
        request_files_close(&files);
        return false;
    }
    if (client->state == CLIENT_ASKING)
        be_patient(supervisor, client);
    if (length > 0 && wire_request_decode(frame, (size_t)length, request, &why) == 0)
        request_serve(supervisor, client, request, &files);
    else
        control_error(client, "%s", why);
    request_files_close(&files);
    return true;
}

/* Reads one request into memory that is given back: a big one leaves nothing behind. */
static void take_request(struct supervisor *supervisor, struct client *client)
{
    size_t size = WIRE_REQUEST_MAX + sizeof(struct wire_request);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct wire_request *request = memory;

    if (memory == MAP_FAILED) {
        control_error(client, "the supervisor has no memory for this request: try again");
        drop(supervisor, client);
        return;
    }
    if (!take_frame(supervisor, client, (unsigned char *)memory + sizeof(*request), request))
        drop(supervisor, client);
    munmap(memory, size);
}

/* One who watches has nothing to say: what comes is its end, or a mistake. */
static void take_end(struct supervisor *supervisor, struct client *client)
{
    char byte;

    if (sock_receive(client->fd, &byte, sizeof(byte)) != -EAGAIN)
        drop(supervisor, client);
}

/* For a request of everybody, and for the facts that may still come. */
static bool has_room(const struct supervisor *supervisor)
{
    uint32_t members = supervisor->roster.members_count;

    return queue_room(&supervisor->events) >= members + FACTS_MAX(members);
}

void control_client(struct supervisor *supervisor, uint32_t index)
{
    struct client *client = &supervisor->control.clients[index];

    if (client->fd < 0)
        return;
    if (client->waits_out)
        tell(supervisor, client);
    else if (client->state != CLIENT_ASKING && client->state != CLIENT_EXECUTING)
        take_end(supervisor, client);
    else if (has_room(supervisor))
        take_request(supervisor, client); // else at the next turn: it stays ready
}

void control_executes(struct client *client)
{
    client->state = CLIENT_EXECUTING;
}

void control_tell(struct supervisor *supervisor, uint32_t index, const struct wire_reply *reply,
                  bool is_last)
{
    struct client *client = &supervisor->control.clients[index];

    if (send_reply(client, reply) < 0 || is_last)
        drop(supervisor, client);
}

void control_reloaded(struct supervisor *supervisor)
{
    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *client = &supervisor->control.clients[i];
        if (client->fd < 0)
            continue;
        if (client->state == CLIENT_WATCHING)
            client->watch = true;
        if (client->state != CLIENT_WATCHING && client->state != CLIENT_LISTING)
            continue;
        be_patient(supervisor, client);
        control_list(supervisor, client, client->watch);
    }
}

/* --- coming and going --------------------------------------------------------------------- */

static void refuse(int fd, const char *why)
{
    const struct client client = {.fd = fd};
    char byte;

    control_error(&client, "%s", why);
    (void)sock_receive(fd, &byte,
                       sizeof(byte)); // what he has asked for unread, he would not be told
    close(fd);
}

/* A free place; one who has been silent longest makes room, a guest only for a guest.
 * CONTROL_CLIENTS_MAX: none. */
static uint32_t find_place(struct supervisor *supervisor, bool guest)
{
    struct client *clients = supervisor->control.clients;
    uint32_t silent = CONTROL_CLIENTS_MAX, empty = CONTROL_CLIENTS_MAX, guests = 0;

    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (clients[i].fd < 0) {
            empty = i;
            continue;
        }
        guests += clients[i].guest;
        if (clients[i].state == CLIENT_ASKING && (clients[i].guest || !guest) &&
            (silent == CONTROL_CLIENTS_MAX || clients[i].deadline.ns < clients[silent].deadline.ns))
            silent = i;
    }
    if (empty < CONTROL_CLIENTS_MAX && (!guest || guests < CONTROL_GUESTS_MAX))
        return empty;
    if (silent < CONTROL_CLIENTS_MAX)
        drop(supervisor, &clients[silent]);
    return silent;
}

static void welcome(struct supervisor *supervisor, int fd, bool guest)
{
    struct control_socket *control = &supervisor->control;
    uint32_t index = find_place(supervisor, guest);

    if (index == CONTROL_CLIENTS_MAX) {
        refuse(fd, "too many clients are connected to this stack");
        return;
    }
    if (fd >= supervisor->files_end - FILES_FOR_COUNTERS ||
        loop_add(&supervisor->loop, fd, EPOLLIN, SOURCE_CLIENT, index) < 0) {
        refuse(fd, "the supervisor has no file descriptors left");
        return;
    }
    control->clients[index] = (struct client){.fd = fd, .state = CLIENT_ASKING, .guest = guest};
    be_patient(supervisor, &control->clients[index]);
    control->open++;
}

void control_accept(struct supervisor *supervisor)
{
    struct control_socket *control = &supervisor->control;
    uid_t uid;
    int fd;

    if (listener_accept(&control->listener, &supervisor->loop, supervisor->now, &fd, &uid) < 0)
        return;
    if (uid == 0 || uid == geteuid())
        welcome(supervisor, fd, false);
    else if (control->group != CONTROL_NO_GROUP && sock_peer_is_in(fd, control->group))
        welcome(supervisor, fd, true);
    else
        refuse(fd, "permission denied: this stack belongs to somebody else");
}

/* `up --socket-group` has made the folder readable for that group; the socket is made in it. */
static gid_t find_group(const struct supervisor *supervisor)
{
    struct stat status;

    if (fstat(supervisor->runtime, &status) < 0 || !(status.st_mode & S_IRGRP))
        return CONTROL_NO_GROUP;
    return status.st_gid;
}

static int listen_here(struct supervisor *supervisor)
{
    struct control_socket *control = &supervisor->control;

    return listener_open(&control->listener, &supervisor->loop, PATH_CONTROL,
                         control->group == CONTROL_NO_GROUP ? 0600 : 0660, SOURCE_CONTROL);
}

int control_open(struct supervisor *supervisor)
{
    struct control_socket *control = &supervisor->control;

    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        control->clients[i].fd = -1;
    control->open = 0;
    control->started_wall_ns = supervisor->wall_ns;
    control->group = find_group(supervisor);
    return listen_here(supervisor);
}

int control_reopen(struct supervisor *supervisor)
{
    listener_close(&supervisor->control.listener);
    return listen_here(supervisor);
}

static void say_bye(struct supervisor *supervisor, struct client *client)
{
    const struct wire_reply bye = {.kind = WIRE_BYE};

    (void)send_reply(client, &bye);
    drop(supervisor, client);
}

void control_close(struct supervisor *supervisor)
{
    struct control_socket *control = &supervisor->control;

    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i].fd >= 0)
            say_bye(supervisor, &control->clients[i]);
    if (control->listener.fd >= 0)
        (void)unlink(PATH_CONTROL);
    listener_close(&control->listener);
}

/* One who watches, or waits for a process, may be silent for ever. */
static bool has_deadline(const struct client *client)
{
    return client->state == CLIENT_ASKING || client->state == CLIENT_LISTING;
}

void control_turn(struct supervisor *supervisor)
{
    struct control_socket *control = &supervisor->control;

    listener_turn(&control->listener, &supervisor->loop, supervisor->now);
    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX && control->open > 0; i++) {
        struct client *client = &control->clients[i];
        if (client->fd < 0)
            continue;
        if (client->state == CLIENT_WATCHING && !client->waits_out)
            tell(supervisor, client);
        else if (has_deadline(client) && instant_reached(client->deadline, supervisor->now))
            drop(supervisor, client);
    }
}

instant control_deadline(const struct control_socket *control)
{
    instant earliest = control->listener.again;

    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX && control->open > 0; i++)
        if (control->clients[i].fd >= 0 && has_deadline(&control->clients[i]))
            earliest = instant_min(earliest, control->clients[i].deadline);
    return earliest;
}

bool control_idle(const struct control_socket *control)
{
    for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX && control->open > 0; i++)
        if (control->clients[i].fd >= 0 && control->clients[i].waits_out)
            return false;
    return true;
}
