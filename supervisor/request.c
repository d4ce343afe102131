/* See request.h. */
#include "supervisor/request.h"

#include <string.h>
#include <unistd.h>

#include "supervisor/aide_bonds.h"
#include "supervisor/exec.h"
#include "supervisor/supervisor.h"
#include "supervisor/upgrade.h"

static uint32_t client_index(const struct supervisor *supervisor, const struct client *client)
{
    return (uint32_t)(client - supervisor->control.clients);
}

#define MARKED_WORDS ((INSTANCES_MAX + 63) / 64)

static void mark(uint64_t marked[MARKED_WORDS], uint32_t index)
{
    marked[index / 64] |= UINT64_C(1) << index % 64;
}

static bool is_marked(const uint64_t marked[MARKED_WORDS], uint32_t index)
{
    return marked[index / 64] >> index % 64 & 1;
}

/* Marks the members that the request names, a service standing for all its instances. The first
 * name that nobody bears, or NULL. */
static const char *mark_named(const struct roster *roster, const struct wire_request *request,
                              uint64_t marked[MARKED_WORDS])
{
    for (uint32_t i = 0; i < roster->members_count && request->names_count == 0; i++)
        mark(marked, i);
    for (uint32_t i = 0; i < request->names_count; i++) {
        const char *name = request->names[i];
        bool found = false;
        for (uint32_t j = 0; j < roster->members_count; j++) {
            if (!member_is_of(&roster->members[j], name) &&
                strcmp(roster->members[j].name, name) != 0)
                continue;
            mark(marked, j);
            found = true;
        }
        if (!found)
            return name;
    }
    return NULL;
}

static enum event_kind event_of(enum wire_verb verb)
{
    switch (verb) {
    case WIRE_START:
        return EVENT_START;
    case WIRE_STOP:
        return EVENT_STOP;
    case WIRE_RESTART:
        return EVENT_RESTART;
    case WIRE_KILL:
        return EVENT_KILL;
    case WIRE_FORGET:
        return EVENT_FORGET;
    case WIRE_DOWN:
    case WIRE_PS:
    case WIRE_WATCH:
    case WIRE_RELOAD:
    case WIRE_LIMITS:
    case WIRE_EXEC:
    case WIRE_EXEC_SIGNAL:
    case WIRE_UPGRADE:
    case WIRE_VERBS_COUNT:
        break;
    }
    return EVENT_DOWN;
}

/* One event a member; all but the last say that more follow. */
static void push_requests(struct supervisor *supervisor, const struct wire_request *request,
                          const uint64_t marked[MARKED_WORDS])
{
    struct event event = {
        .kind = event_of(request->verb),
        .grace_ns =
            request->verb == WIRE_STOP || request->verb == WIRE_RESTART ? request->grace_ns : 0,
        .signal = request->verb == WIRE_KILL ? request->signal : 0,
        .alone = request->alone,
        .more = 1,
    };
    uint32_t last = supervisor->roster.members_count;

    while (last > 0 && !is_marked(marked, last - 1))
        last--;
    for (uint32_t i = 0; i < last; i++) {
        if (!is_marked(marked, i))
            continue;
        event.member = i;
        event.more = i + 1 < last;
        queue_push(&supervisor->events, &event);
    }
}

static void serve_change(struct supervisor *supervisor, const struct client *client,
                         const struct wire_request *request)
{
    uint64_t marked[MARKED_WORDS] = {0};
    const char *unknown;

    if (supervisor->fleet.ending) {
        control_error(client, "the stack is going down");
        return;
    }
    unknown = mark_named(&supervisor->roster, request, marked);
    if (unknown) {
        control_error(client, "no such service: %.80s", unknown);
        return;
    }
    if (request->verb == WIRE_LIMITS) {
        limits_serve(supervisor, client, marked);
        return;
    }
    push_requests(supervisor, request, marked);
    control_done(client);
}

/* What changes nothing. */
static bool is_a_look(enum wire_verb verb)
{
    return verb == WIRE_PS || verb == WIRE_WATCH;
}

void request_serve(struct supervisor *supervisor, struct client *client,
                   const struct wire_request *request, struct request_files *files)
{
    const struct event down = {.kind = EVENT_DOWN, .grace_ns = request->grace_ns};

    if (client->guest && !is_a_look(request->verb)) {
        control_error(client,
                      "permission denied: %s is for root and the user who runs the stack; the "
                      "socket's group may look and change nothing",
                      wire_verb_name(request->verb));
        return;
    }
    if ((client->state == CLIENT_EXECUTING) != (request->verb == WIRE_EXEC_SIGNAL)) {
        control_error(client, "%s is not for this connection", wire_verb_name(request->verb));
        return;
    }
    switch (request->verb) {
    case WIRE_PS:
    case WIRE_WATCH:
        control_list(supervisor, client, request->verb == WIRE_WATCH);
        return;
    case WIRE_DOWN:
        queue_push(&supervisor->events, &down);
        control_done(client);
        return;
    case WIRE_START:
    case WIRE_STOP:
    case WIRE_RESTART:
    case WIRE_KILL:
    case WIRE_FORGET:
    case WIRE_LIMITS:
        serve_change(supervisor, client, request);
        return;
    case WIRE_EXEC:
        exec_serve(supervisor, client, request, files);
        return;
    case WIRE_EXEC_SIGNAL:
        aide_signal(supervisor, client_index(supervisor, client), request->signal);
        return;
    case WIRE_RELOAD:
        reload_serve(supervisor, client, files);
        return;
    case WIRE_UPGRADE:
        upgrade_serve(supervisor, client, request, files);
        return;
    case WIRE_VERBS_COUNT:
        break;
    }
    control_error(client, "no such verb");
}

void request_files_close(struct request_files *files)
{
    while (files->count > 0)
        close(files->fd[--files->count]);
}
