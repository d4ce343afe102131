/* The asking end of the control socket: one connection, requests out, replies in.
 *
 * Outcomes: 0; CLIENT_*, with the reason in words and the remedy in *ret_fault; or a negative errno
 * that nobody can explain better, with *ret_fault filled as well. Source: unix(7), SOCK_SEQPACKET.
 */
#ifndef BULKHEAD_CLI_STACK_CLIENT_H
#define BULKHEAD_CLI_STACK_CLIENT_H

#include "core/fault.h"
#include "core/wire.h"

enum client_outcome {
    CLIENT_NOT_RUNNING = 1, // nobody listens and nobody holds the stack's lock
    CLIENT_ABANDONED,       // nobody listens, but processes of the stack are left
    CLIENT_REFUSED,         // the supervisor answered ERROR
    CLIENT_MALFORMED,       // the answer is not one: another version?
    CLIENT_SILENT,          // no answer within CLIENT_DEADLINE_MS
    CLIENT_GONE,            // the supervisor ended during the conversation
    CLIENT_AWAY,            // nobody listens, but there is a keeper, who starts another supervisor
};

#define CLIENT_DEADLINE_MS 10000
#define CLIENT_RETURN_MS   25000 // so long a supervisor that has died is waited for
#define CLIENT_PAUSE_MS    10    // between two looks whether it is back

struct client {
    int fd; // -1: not open
    char stack[NAME_BYTES_MAX + 1];
};

/* Waits up to CLIENT_RETURN_MS for a supervisor that its keeper brings back, never CLIENT_AWAY;
 * client_try() does not wait. */
int client_connect(const char *runtime_dir, const char *stack, struct client *ret,
                   struct fault *ret_fault);
int client_try(const char *runtime_dir, const char *stack, struct client *ret,
               struct fault *ret_fault);
void client_close(struct client *client); // may be closed already

int client_send(struct client *client, const struct wire_request *request, struct fault *ret_fault);

/* The same with open files (WIRE_*_FILES says which); they stay the caller's. */
int client_send_files(struct client *client, const struct wire_request *request, const int *files,
                      size_t files_count, struct fault *ret_fault);

/* The next frame within `timeout_ms` (-1: for ever). ERROR frames come back as CLIENT_REFUSED. */
int client_receive(struct client *client, int timeout_ms, struct wire_reply *ret,
                   struct fault *ret_fault);

/* Connects, sends one request, waits for DONE: for verbs that are answered by nothing else. When
 * the supervisor dies meanwhile, the next one is asked again, unless twice would be more than once
 * (RESTART, signals): then CLIENT_GONE, and nobody knows. */
int client_request(const char *runtime_dir, const char *stack, const struct wire_request *request,
                   struct fault *ret_fault);

#endif
