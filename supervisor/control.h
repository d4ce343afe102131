/* The control socket: requests of people become events; what they ask to see is shown.
 *
 * Frames are core/wire.h. A client has a state of fixed size: rows are made when its socket takes
 * them, so one that does not read costs nothing and sees the latest when it does. */
#ifndef BULKHEAD_SUPERVISOR_CONTROL_H
#define BULKHEAD_SUPERVISOR_CONTROL_H

#include "core/wire.h"
#include "supervisor/listener.h"

#define CONTROL_CLIENTS_MAX 128
#define CONTROL_GUESTS_MAX  32 // of them: they cannot keep the owner out
#define CONTROL_NO_GROUP    ((gid_t)-1)
#define CONTROL_PATIENCE    span_sec(10) // with one that sends no request, or reads no reply

struct supervisor;

enum client_state {
    CLIENT_ASKING,    // no request yet
    CLIENT_LISTING,   // INFO and rows are being sent
    CLIENT_WATCHING,  // rows follow as they change
    CLIENT_EXECUTING, // EXEC: a process lives for as long as it stays (aide.h)
};

struct client {
    int fd; // -1: free
    enum client_state state;
    bool guest;      // of the socket's group, not the owner: it may look, and no more
    bool watch;      // LISTING: WATCHING follows
    bool info_sent;  // LISTING
    bool waits_out;  // registered for EPOLLOUT
    uint32_t cursor; // LISTING: next member
    uint32_t left;   // LISTING: next place of the quarantine
    int64_t seen;    // WATCHING: sequence number of the last change told
    instant deadline;
};

struct control_socket {
    struct listener listener;
    gid_t group;   // whose members are guests; CONTROL_NO_GROUP: nobody is
    uint32_t open; // clients
    int64_t started_wall_ns;
    struct client clients[CONTROL_CLIENTS_MAX];
};

/* Listens in the current folder, for its group, too, when that may read it. 0 or negative errno. */
int control_open(struct supervisor *supervisor);
void control_close(struct supervisor *supervisor); // says BYE and removes the socket

/* Listens anew in the current folder, which is another one than before. 0 or negative errno. */
int control_reopen(struct supervisor *supervisor);

void control_accept(struct supervisor *supervisor);
void control_client(struct supervisor *supervisor, uint32_t index); // is ready

/* What is said to one client; it is not waited for. */
void control_done(const struct client *client);
void control_error(const struct client *client, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void control_list(struct supervisor *supervisor, struct client *client, bool watch);

/* EXEC: from now on it waits for a process; what it is told of that, and then no more. */
void control_executes(struct client *client);
void control_tell(struct supervisor *supervisor, uint32_t index, const struct wire_reply *reply,
                  bool is_last);

/* There are other members now: listings begin anew, and who watches gets one (INFO, rows, DONE). */
void control_reloaded(struct supervisor *supervisor);

/* Tells watchers what changed, and drops clients whose time is up. */
void control_turn(struct supervisor *supervisor);
instant control_deadline(const struct control_socket *control);

/* Everybody has been told everything (after a control_turn). */
bool control_idle(const struct control_socket *control);

#endif
