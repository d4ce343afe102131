/* See planfile.h. */
#include "core/planfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/planfile_launch.h"

static const char magic[8] = {'B', 'H', 'P', 'L', 'A', 'N', '\r', '\n'};

void plan_finish(struct plan *plan)
{
    arena_finish(&plan->arena);
    *plan = (struct plan){0};
}

/* --- encode ------------------------------------------------------------------------------- */

static void pack_policy(struct packer *packer, const struct policy *policy)
{
    const int64_t *field = (const int64_t *)policy;

    for (size_t i = 0; i < sizeof(*policy) / sizeof(*field); i++)
        pack_i64(packer, field[i]);
}

static void pack_logging(struct packer *packer, const struct logging *logging)
{
    pack_u32(packer, (uint32_t)logging->driver);
    pack_u32(packer, logging->blocking);
    pack_i64(packer, logging->file_bytes);
    pack_i64(packer, logging->files);
    pack_i64(packer, logging->buffer_bytes);
}

/* Where a launch record will be: each takes its place after the one before. */
static void pack_place(struct packer *packer, const struct launch *launch, uint64_t *offset)
{
    size_t size = planfile_launch_size(launch);

    pack_u64(packer, *offset);
    pack_u32(packer, (uint32_t)size);
    *offset += size;
}

static void pack_member(struct packer *packer, const struct plan_member *member, uint64_t *offset)
{
    pack_string(packer, member->service);
    pack_u32(packer, member->number);
    pack_u32(packer, member->group);
    pack_policy(packer, &member->policy);
    pack_u64(packer, member->hash);
    pack_u64(packer, member->limits_hash);
    pack_logging(packer, &member->logging);
    pack_u32(packer, (uint32_t)member->needs_count);
    for (size_t i = 0; i < member->needs_count; i++) {
        pack_u32(packer, member->needs[i].member);
        pack_u32(packer, member->needs[i].condition);
        pack_u32(packer, member->needs[i].optional);
        pack_u32(packer, member->needs[i].restart);
    }
    pack_place(packer, &member->launch, offset);
    pack_u32(packer, (uint32_t)member->aides_count);
    for (size_t i = 0; i < member->aides_count; i++) {
        pack_u32(packer, member->aides[i].kind);
        pack_i64(packer, member->aides[i].timeout_ns);
        pack_place(packer, &member->aides[i].launch, offset);
    }
}

static void pack_groups(struct packer *packer, const struct plan *plan)
{
    pack_u32(packer, plan->groups_count);
    for (uint32_t i = 0; i < plan->groups_count; i++) {
        pack_string(packer, plan->groups[i].name);
        pack_u32(packer, plan->groups[i].parent);
        pack_i64(packer, plan->groups[i].limit_bytes);
    }
}

static void pack_index(struct packer *packer, const struct plan *plan, uint64_t launch_start)
{
    uint64_t offset = launch_start;

    pack_string(packer, plan->stack);
    pack_string(packer, plan->cgroup_dir);
    pack_string(packer, plan->runtime_dir);
    pack_string(packer, plan->state_dir);
    pack_groups(packer, plan);
    pack_i64(packer, plan->history.age_ns);
    pack_i64(packer, plan->history.bytes);
    for (size_t i = 0; i < plan->members_count; i++)
        pack_member(packer, &plan->members[i], &offset);
}

/* In the order of their places. */
static void pack_launches(struct packer *packer, const struct plan *plan)
{
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        planfile_launch_pack(packer, &member->launch);
        for (size_t j = 0; j < member->aides_count; j++)
            planfile_launch_pack(packer, &member->aides[j].launch);
    }
}

/* Within the bounds of limits.h, one by one. */
static bool member_fits(const struct plan_member *member)
{
    if (member->aides_count > AIDES_MAX || planfile_launch_size(&member->launch) > LAUNCH_BYTES_MAX)
        return false;
    for (size_t i = 0; i < member->aides_count; i++)
        if (planfile_launch_size(&member->aides[i].launch) > LAUNCH_BYTES_MAX)
            return false;
    return true;
}

static void pack_header(struct packer *packer, const struct plan *plan, size_t index, size_t total)
{
    for (size_t i = 0; i < sizeof(magic); i += 4) {
        uint32_t word = 0;
        for (size_t j = 0; j < 4; j++)
            word |= (uint32_t)(unsigned char)magic[i + j] << (8 * j);
        pack_u32(packer, word);
    }
    pack_u32(packer, PLANFILE_VERSION);
    pack_u32(packer, (uint32_t)plan->members_count);
    pack_u64(packer, index);
    pack_u64(packer, total);
}

int planfile_encode(const struct plan *plan, unsigned char **ret_bytes, size_t *ret_size)
{
    struct packer counter = {0}, packer = {0};
    size_t index, needs = 0;

    if (plan->members_count > INSTANCES_MAX || !groups_are_valid(plan->groups, plan->groups_count))
        return 1;
    for (size_t i = 0; i < plan->members_count; i++) {
        needs += plan->members[i].needs_count;
        if (!member_fits(&plan->members[i]))
            return 1;
    }
    pack_index(&counter, plan, 0);
    index = counter.used;
    if (needs > DEPENDENCIES_MAX || index > PLANFILE_INDEX_MAX)
        return 1;
    pack_launches(&counter, plan);

    packer.size = PLANFILE_HEADER_BYTES + counter.used;
    packer.bytes = malloc(packer.size);
    if (!packer.bytes)
        return -ENOMEM;
    pack_header(&packer, plan, index, packer.size);
    pack_index(&packer, plan, PLANFILE_HEADER_BYTES + index);
    pack_launches(&packer, plan);
    *ret_bytes = packer.bytes;
    *ret_size = packer.used;
    return 0;
}

/* --- decode ------------------------------------------------------------------------------- */

int planfile_header(const unsigned char *bytes, struct planfile_header *ret)
{
    struct unpacker unpacker = {bytes, PLANFILE_HEADER_BYTES, sizeof(magic), false};
    struct planfile_header header;

    if (memcmp(bytes, magic, sizeof(magic)) != 0)
        return 1;
    header.version = unpack_u32(&unpacker);
    header.members = unpack_u32(&unpacker);
    header.index_bytes = unpack_u64(&unpacker);
    header.total_bytes = unpack_u64(&unpacker);
    if (header.version != PLANFILE_VERSION || header.members > INSTANCES_MAX ||
        header.index_bytes > PLANFILE_INDEX_MAX ||
        header.total_bytes < PLANFILE_HEADER_BYTES + header.index_bytes)
        return 1;
    *ret = header;
    return 0;
}

static void unpack_policy(struct unpacker *unpacker, struct policy *policy)
{
    int64_t *field = (int64_t *)policy;

    for (size_t i = 0; i < sizeof(*policy) / sizeof(*field); i++)
        field[i] = unpack_i64(unpacker);
}

static void unpack_logging(struct unpacker *unpacker, struct logging *logging)
{
    logging->driver = (enum logging_driver)unpack_count(unpacker, LOGGING_DRIVERS - 1);
    logging->blocking = unpack_count(unpacker, 1);
    logging->file_bytes = unpack_i64(unpacker);
    logging->files = unpack_i64(unpacker);
    logging->buffer_bytes = unpack_i64(unpacker);
    if (logging->file_bytes < 1 || logging->files < 1 || logging->files > LOGGING_FILES_MAX ||
        logging->buffer_bytes < LOGGING_BUFFER_MIN || logging->buffer_bytes > LOGGING_BUFFER_MAX)
        unpacker->failed = true;
}

/* Appends the member's needs to roster->needs, which grows. */
static int unpack_needs(struct unpacker *unpacker, struct roster *roster, struct member *member,
                        uint32_t members)
{
    uint32_t count = unpack_count(unpacker, DEPENDENCIES_MAX - roster->needs_count);
    struct need *needs = roster->needs;

    /* A need takes 16 bytes: a count that the rest of the file cannot hold is a lie. */
    if (count > (unpacker->size - unpacker->used) / 16)
        unpacker->failed = true;
    member->first_need = roster->needs_count;
    if (unpacker->failed || count == 0)
        return 0;
    needs = realloc(needs, (roster->needs_count + count) * sizeof(*needs));
    if (!needs)
        return -ENOMEM;
    roster->needs = needs;
    for (uint32_t i = 0; i < count; i++) {
        struct need *need = &needs[roster->needs_count + i];
        need->member = unpack_u32(unpacker);
        need->condition = (uint16_t)unpack_count(unpacker, NEEDS_COUNT - 1);
        need->optional = (uint16_t)unpack_count(unpacker, 1);
        need->restart = unpack_count(unpacker, 1);
        if (need->member >= members)
            unpacker->failed = true;
    }
    member->needs_count = count;
    roster->needs_count += count;
    return 0;
}

static void unpack_place(struct unpacker *unpacker, const struct planfile_header *header,
                         uint64_t *offset, uint32_t *bytes)
{
    *offset = unpack_u64(unpacker);
    *bytes = unpack_count(unpacker, LAUNCH_BYTES_MAX);
    if (*offset > header->total_bytes || *bytes > header->total_bytes - *offset)
        unpacker->failed = true;
}

/* Appends the member's aides to roster->aides, which grows; they are as many as its policy says. */
static int unpack_aides(struct unpacker *unpacker, const struct planfile_header *header,
                        struct roster *roster, struct member *member)
{
    uint32_t count = unpack_count(unpacker, AIDES_MAX);
    int64_t found[AIDE_KINDS] = {0};
    struct aide *aides;

    member->first_aide = roster->aides_count;
    if (!unpacker->failed && count > 0) {
        aides = realloc(roster->aides, (roster->aides_count + count) * sizeof(*aides));
        if (!aides)
            return -ENOMEM;
        roster->aides = aides;
        for (uint32_t i = 0; i < count; i++) {
            struct aide *aide = &aides[roster->aides_count++];
            aide->kind = unpack_count(unpacker, AIDE_KINDS - 1);
            aide->timeout_ns = unpack_i64(unpacker);
            if (aide->timeout_ns < 0 || (aide_is_told(aide->kind) && aide->timeout_ns == 0))
                unpacker->failed = true;
            unpack_place(unpacker, header, &aide->launch_offset, &aide->launch_bytes);
            found[aide->kind]++;
        }
        member->aides_count = count;
    }
    for (int kind = 0; kind < AIDE_KINDS; kind++)
        if (found[kind] != policy_aides(&member->policy, (enum aide_kind)kind))
            unpacker->failed = true;
    return 0;
}

static int unpack_member(struct unpacker *unpacker, const struct planfile_header *header,
                         struct roster *roster, struct member *member)
{
    const char *service = unpack_string(unpacker);
    int length, result;

    member->number = unpack_count(unpacker, INSTANCES_MAX);
    member->group = unpack_u32(unpacker);
    length = snprintf(member->name, sizeof(member->name), "%s-%u", service, member->number);
    member->service_length = (uint32_t)strlen(service);
    if (length < 0 || (size_t)length >= sizeof(member->name) || !roster_name_is_valid(service) ||
        (member->group != GROUP_STACK && member->group >= roster->groups_count))
        unpacker->failed = true;
    unpack_policy(unpacker, &member->policy);
    if (!policy_is_valid(&member->policy))
        unpacker->failed = true;
    member->hash = unpack_u64(unpacker);
    member->limits_hash = unpack_u64(unpacker);
    unpack_logging(unpacker, &member->logging);
    result = unpack_needs(unpacker, roster, member, header->members);
    unpack_place(unpacker, header, &member->launch_offset, &member->launch_bytes);
    if (result == 0)
        result = unpack_aides(unpacker, header, roster, member);
    return result;
}

static int unpack_text(struct unpacker *unpacker, char **ret)
{
    const char *text = unpack_string(unpacker);

    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
}

static int unpack_groups(struct unpacker *unpacker, struct roster *roster)
{
    uint32_t count = unpack_count(unpacker, BUDGETS_MAX);

    if (unpacker->failed || count == 0)
        return 0;
    roster->groups = calloc(count, sizeof(*roster->groups));
    if (!roster->groups)
        return -ENOMEM;
    roster->groups_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = unpack_string(unpacker);
        if (strlen(name) > NAME_BYTES_MAX)
            unpacker->failed = true;
        else
            memcpy(roster->groups[i].name, name, strlen(name) + 1);
        roster->groups[i].parent = unpack_u32(unpacker);
        roster->groups[i].limit_bytes = unpack_i64(unpacker);
    }
    if (!groups_are_valid(roster->groups, count))
        unpacker->failed = true;
    return 0;
}

/* 0: not written. */
static int64_t unpack_least(struct unpacker *unpacker, int64_t least)
{
    int64_t number = unpack_i64(unpacker);

    if (number != 0 && number < least)
        unpacker->failed = true;
    return number;
}

static int unpack_stack(struct unpacker *unpacker, struct roster *roster)
{
    const char *stack = unpack_string(unpacker);

    if (!roster_name_is_valid(stack))
        unpacker->failed = true;
    else
        memcpy(roster->stack, stack, strlen(stack) + 1);
    if (unpack_text(unpacker, &roster->cgroup_dir) < 0 ||
        unpack_text(unpacker, &roster->runtime_dir) < 0 ||
        unpack_text(unpacker, &roster->state_dir) < 0)
        return -ENOMEM;
    if (roster->cgroup_dir[0] != '/' || roster->runtime_dir[0] != '/' ||
        roster->state_dir[0] != '/')
        unpacker->failed = true;
    if (unpack_groups(unpacker, roster) < 0)
        return -ENOMEM;
    roster->history.age_ns = unpack_least(unpacker, RETENTION_AGE_MIN.ns);
    roster->history.bytes = unpack_least(unpacker, RETENTION_BYTES_MIN);
    return 0;
}

int planfile_index(const struct planfile_header *header, const unsigned char *bytes, size_t size,
                   struct roster *ret, const char **ret_why)
{
    struct unpacker unpacker = {bytes, size, 0, false};
    struct roster roster = {0};
    int result;

    *ret_why = "the plan file is malformed";
    if (size != header->index_bytes)
        return 1;
    result = unpack_stack(&unpacker, &roster);
    if (result == 0 && header->members > 0) {
        roster.members = calloc(header->members, sizeof(*roster.members));
        if (!roster.members)
            result = -ENOMEM;
    }
    for (uint32_t i = 0; result == 0 && !unpacker.failed && i < header->members; i++) {
        result = unpack_member(&unpacker, header, &roster, &roster.members[i]);
        roster.members_count = i + 1;
    }
    if (result == 0 && !unpacked_all(&unpacker))
        result = 1;
    if (result != 0) {
        roster_finish(&roster);
        return result;
    }
    *ret = roster;
    return 0;
}
