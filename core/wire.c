/* See wire.h. */
#include "core/wire.h"

#include <signal.h>
#include <string.h>

#include "core/health.h"
#include "core/pack.h"

#define REQUEST_MAGIC UINT32_C(0x52484b42) // "BKHR"
#define REPLY_MAGIC   UINT32_C(0x41484b42) // "BKHA"
#define UPGRADE_MAGIC UINT32_C(0x55484b42) // "BKHU"

#define FLAG_ALONE 1u
#define FLAG_RUN   2u
#define FLAGS_MAX  (FLAG_ALONE | FLAG_RUN)

const char *wire_verb_name(enum wire_verb verb)
{
    static const char *const names[] = {
#define X(id, name) name,
        WIRE_VERBS(X)
#undef X
    };
    return verb < WIRE_VERBS_COUNT ? names[verb] : "?";
}

/* Two words, and neither a version nor anything that could have another meaning some day. */
static size_t encode_upgrade(uint32_t table, unsigned char *frame, size_t size)
{
    struct packer packer = {frame, size, 0, false};

    pack_u32(&packer, UPGRADE_MAGIC);
    pack_u32(&packer, table);
    return packer.failed ? 0 : packer.used;
}

size_t wire_request_encode(const struct wire_request *request, unsigned char *frame, size_t size)
{
    struct packer packer = {frame, size, 0, request->names_count > WIRE_NAMES_MAX};

    if (packer.failed)
        return 0;
    if (request->verb == WIRE_UPGRADE)
        return encode_upgrade(request->table, frame, size);
    pack_u32(&packer, REQUEST_MAGIC);
    pack_u32(&packer, WIRE_VERSION);
    pack_u32(&packer, (uint32_t)request->verb);
    pack_i64(&packer, request->grace_ns);
    pack_u32(&packer, (uint32_t)request->signal);
    pack_u32(&packer, (request->alone ? FLAG_ALONE : 0) | (request->run ? FLAG_RUN : 0));
    pack_u32(&packer, request->names_count);
    for (uint32_t i = 0; i < request->names_count; i++)
        pack_string(&packer, request->names[i]);
    return packer.failed ? 0 : packer.used;
}

/* What is well formed may still ask for nothing. NULL: it does not. */
static const char *find_nonsense(const struct wire_request *request)
{
    if (request->verb == WIRE_KILL && request->signal == 0)
        return "a kill request without a signal";
    if (request->verb == WIRE_EXEC_SIGNAL && request->signal == 0)
        return "an exec-signal request without a signal";
    if (request->verb == WIRE_EXEC && request->names_count != 1)
        return "an exec request names one member";
    if (request->alone && request->verb != WIRE_START && request->verb != WIRE_RESTART)
        return "only a start or restart can be for a service alone";
    if (request->run && request->verb != WIRE_EXEC)
        return "only an exec request can be a run";
    return NULL;
}

int wire_request_decode(const unsigned char *frame, size_t size, struct wire_request *ret,
                        const char **ret_why)
{
    struct unpacker unpacker = {frame, size, 0, false};
    uint32_t magic = unpack_u32(&unpacker), version = unpack_u32(&unpacker), flags;
    const char *nonsense;

    *ret_why = "the request is malformed";
    if (!unpacker.failed && magic == UPGRADE_MAGIC) {
        *ret = (struct wire_request){.verb = WIRE_UPGRADE, .grace_ns = -1, .table = version};
        return unpacked_all(&unpacker) ? 0 : 1;
    }
    if (unpacker.failed || magic != REQUEST_MAGIC)
        return 1;
    if (version != WIRE_VERSION) {
        *ret_why = "the request is of another version; the command line and the supervisor must be "
                   "of the same build";
        return 1;
    }
    *ret = (struct wire_request){0};
    ret->verb = (enum wire_verb)unpack_count(&unpacker, WIRE_UPGRADE - 1); // which has its own
    ret->grace_ns = unpack_i64(&unpacker);
    ret->signal = (int32_t)unpack_count(&unpacker, (uint32_t)SIGRTMAX);
    flags = unpack_count(&unpacker, FLAGS_MAX);
    ret->alone = flags & FLAG_ALONE;
    ret->run = flags & FLAG_RUN;
    ret->names_count = unpack_count(&unpacker, WIRE_NAMES_MAX);
    for (uint32_t i = 0; i < ret->names_count; i++)
        ret->names[i] = unpack_string(&unpacker);
    if (!unpacked_all(&unpacker) || ret->grace_ns < -1)
        return 1;
    nonsense = find_nonsense(ret);
    if (nonsense)
        *ret_why = nonsense;
    return nonsense ? 1 : 0;
}

static void pack_info(struct packer *packer, const struct wire_info *info)
{
    pack_u32(packer, (uint32_t)info->supervisor_pid);
    pack_u32(packer, (uint32_t)info->keeper_pid);
    pack_u32(packer, info->members);
    pack_u32(packer, info->ending);
    pack_i64(packer, info->started_wall_ns);
    pack_i64(packer, info->journal_lost);
    pack_string(packer, info->stack);
}

static void unpack_into(struct unpacker *unpacker, char *text, size_t size)
{
    const char *from = unpack_string(unpacker);

    if (strlen(from) >= size)
        unpacker->failed = true;
    else
        memcpy(text, from, strlen(from) + 1);
}

static void unpack_info(struct unpacker *unpacker, struct wire_info *info)
{
    info->supervisor_pid = (int32_t)unpack_u32(unpacker);
    info->keeper_pid = (int32_t)unpack_u32(unpacker);
    info->members = unpack_count(unpacker, INSTANCES_MAX);
    info->ending = unpack_count(unpacker, 1);
    info->started_wall_ns = unpack_i64(unpacker);
    info->journal_lost = unpack_i64(unpacker);
    unpack_into(unpacker, info->stack, sizeof(info->stack));
}

static void pack_row(struct packer *packer, const struct wire_row *row)
{
    pack_u32(packer, row->member);
    pack_u32(packer, row->service_length);
    pack_u32(packer, row->number);
    pack_u32(packer, row->state);
    pack_u32(packer, row->want);
    pack_u32(packer, row->generation);
    pack_u32(packer, (uint32_t)row->pid);
    pack_u32(packer, (uint32_t)row->exit_code);
    pack_u32(packer, (uint32_t)row->signal);
    pack_u32(packer, row->verdict);
    pack_u32(packer, (uint32_t)row->step);
    pack_u32(packer, (uint32_t)row->error);
    pack_u32(packer, row->hook);
    pack_u32(packer, row->hook_index);
    pack_i64(packer, row->restarts);
    pack_i64(packer, row->started_wall_ns);
    pack_i64(packer, row->uptime_ns);
    pack_i64(packer, row->deadline_in_ns);
    pack_i64(packer, row->peak_bytes);
    pack_i64(packer, row->limit_bytes);
    pack_i64(packer, row->enclosing);
    pack_i64(packer, row->waits_for);
    pack_i64(packer, row->sequence);
    pack_u32(packer, row->health);
    pack_u32(packer, row->budget);
    pack_u64(packer, row->hash);
    pack_u64(packer, row->limits_hash);
    pack_string(packer, row->name);
    pack_string(packer, row->group);
}

static void unpack_row(struct unpacker *unpacker, struct wire_row *row)
{
    row->member = unpack_count(unpacker, INSTANCES_MAX);
    row->service_length = unpack_count(unpacker, NAME_BYTES_MAX);
    row->number = unpack_count(unpacker, INSTANCES_MAX);
    row->state = unpack_count(unpacker, STATES_COUNT - 1);
    row->want = unpack_count(unpacker, 1);
    row->generation = unpack_u32(unpacker);
    row->pid = (int32_t)unpack_u32(unpacker);
    row->exit_code = (int32_t)unpack_u32(unpacker);
    row->signal = (int32_t)unpack_u32(unpacker);
    row->verdict = unpack_count(unpacker, VERDICTS_COUNT - 1);
    row->step = (int32_t)unpack_count(unpacker, SPAWN_STEPS_COUNT - 1);
    row->error = (int32_t)unpack_u32(unpacker);
    row->hook = unpack_count(unpacker, AIDE_KINDS - 1);
    row->hook_index = unpack_count(unpacker, HOOKS_MAX - 1);
    row->restarts = unpack_i64(unpacker);
    row->started_wall_ns = unpack_i64(unpacker);
    row->uptime_ns = unpack_i64(unpacker);
    row->deadline_in_ns = unpack_i64(unpacker);
    row->peak_bytes = unpack_i64(unpacker);
    row->limit_bytes = unpack_i64(unpacker);
    row->enclosing = unpack_i64(unpacker);
    row->waits_for = unpack_i64(unpacker);
    row->sequence = unpack_i64(unpacker);
    row->health = unpack_count(unpacker, HEALTHS_COUNT - 1);
    row->budget = unpack_count(unpacker, CAUSES_COUNT);
    row->hash = unpack_u64(unpacker);
    row->limits_hash = unpack_u64(unpacker);
    unpack_into(unpacker, row->name, sizeof(row->name));
    unpack_into(unpacker, row->group, sizeof(row->group));
    if (row->service_length > strlen(row->name))
        unpacker->failed = true;
}

static void pack_left(struct packer *packer, const struct wire_left *left)
{
    pack_u32(packer, left->service_length);
    pack_u32(packer, left->number);
    pack_u32(packer, left->generation);
    pack_i64(packer, left->since_wall_ns);
    pack_string(packer, left->name);
    pack_string(packer, left->who);
    pack_string(packer, left->where);
    pack_string(packer, left->held);
    pack_string(packer, left->compartment);
}

static void unpack_left(struct unpacker *unpacker, struct wire_left *left)
{
    left->service_length = unpack_count(unpacker, NAME_BYTES_MAX);
    left->number = unpack_count(unpacker, INSTANCES_MAX);
    left->generation = unpack_u32(unpacker);
    left->since_wall_ns = unpack_i64(unpacker);
    unpack_into(unpacker, left->name, sizeof(left->name));
    unpack_into(unpacker, left->who, sizeof(left->who));
    unpack_into(unpacker, left->where, sizeof(left->where));
    unpack_into(unpacker, left->held, sizeof(left->held));
    unpack_into(unpacker, left->compartment, sizeof(left->compartment));
    if (left->service_length > strlen(left->name))
        unpacker->failed = true;
}

static void pack_exec(struct packer *packer, const struct wire_exec *exec)
{
    pack_u32(packer, (uint32_t)exec->pid);
    pack_u32(packer, (uint32_t)exec->code);
    pack_u32(packer, (uint32_t)exec->signal);
    pack_u32(packer, exec->oom);
}

static void unpack_exec(struct unpacker *unpacker, struct wire_exec *exec)
{
    exec->pid = (int32_t)unpack_u32(unpacker);
    exec->code = (int32_t)unpack_u32(unpacker);
    exec->signal = (int32_t)unpack_count(unpacker, SIGNAL_MAX);
    exec->oom = unpack_count(unpacker, 1);
}

size_t wire_reply_encode(const struct wire_reply *reply, unsigned char *frame, size_t size)
{
    struct packer packer = {frame, size, 0, false};

    pack_u32(&packer, REPLY_MAGIC);
    pack_u32(&packer, (uint32_t)reply->kind);
    switch (reply->kind) {
    case WIRE_INFO:
        pack_info(&packer, &reply->info);
        break;
    case WIRE_ROW:
        pack_row(&packer, &reply->row);
        break;
    case WIRE_LEFT:
        pack_left(&packer, &reply->left);
        break;
    case WIRE_ERROR:
        pack_string(&packer, reply->message);
        break;
    case WIRE_STARTED:
    case WIRE_EXITED:
        pack_exec(&packer, &reply->exec);
        break;
    case WIRE_DONE:
    case WIRE_BYE:
    case WIRE_REPLIES_END:
        break;
    }
    return packer.failed ? 0 : packer.used;
}

int wire_reply_decode(const unsigned char *frame, size_t size, struct wire_reply *ret,
                      const char **ret_why)
{
    struct unpacker unpacker = {frame, size, 0, false};
    uint32_t magic = unpack_u32(&unpacker), kind = unpack_u32(&unpacker);

    *ret_why = "the reply is malformed";
    *ret = (struct wire_reply){0};
    if (unpacker.failed || magic != REPLY_MAGIC || kind < WIRE_INFO || kind >= WIRE_REPLIES_END)
        return 1;
    ret->kind = (enum wire_reply_kind)kind;
    if (ret->kind == WIRE_INFO)
        unpack_info(&unpacker, &ret->info);
    else if (ret->kind == WIRE_ROW)
        unpack_row(&unpacker, &ret->row);
    else if (ret->kind == WIRE_LEFT)
        unpack_left(&unpacker, &ret->left);
    else if (ret->kind == WIRE_ERROR)
        unpack_into(&unpacker, ret->message, sizeof(ret->message));
    else if (ret->kind == WIRE_STARTED || ret->kind == WIRE_EXITED)
        unpack_exec(&unpacker, &ret->exec);
    return unpacked_all(&unpacker) ? 0 : 1;
}
