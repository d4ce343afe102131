/* See planfile.h. */
#include "core/planfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/pack.h"

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

static void pack_list(struct packer *packer, char *const *list)
{
    uint32_t count = 0;

    while (list[count])
        count++;
    pack_u32(packer, count);
    for (uint32_t i = 0; i < count; i++)
        pack_string(packer, list[i]);
}

static void pack_launch(struct packer *packer, const struct launch *launch)
{
    pack_string(packer, launch->program);
    pack_list(packer, launch->argv);
    pack_list(packer, launch->envp);
    pack_string(packer, launch->directory);
    pack_u32(packer, launch->keep_identity);
    pack_u32(packer, launch->uid);
    pack_u32(packer, launch->gid);
    pack_u32(packer, (uint32_t)launch->groups_count);
    for (size_t i = 0; i < launch->groups_count; i++)
        pack_u32(packer, launch->groups[i]);
    pack_i64(packer, launch->oom_score_adj);
    pack_u32(packer, (uint32_t)launch->rlimits_count);
    for (size_t i = 0; i < launch->rlimits_count; i++) {
        pack_u32(packer, (uint32_t)launch->rlimits[i].resource);
        pack_u64(packer, launch->rlimits[i].soft);
        pack_u64(packer, launch->rlimits[i].hard);
    }
    pack_u32(packer, (uint32_t)launch->controls_count);
    for (size_t i = 0; i < launch->controls_count; i++) {
        pack_string(packer, launch->controls[i].file);
        pack_string(packer, launch->controls[i].value);
        pack_u32(packer, launch->controls[i].optional);
    }
}

static size_t launch_size(const struct launch *launch)
{
    struct packer counter = {0};

    pack_launch(&counter, launch);
    return counter.used;
}

static void pack_index(struct packer *packer, const struct plan *plan, uint64_t launch_start)
{
    uint64_t offset = launch_start;

    pack_string(packer, plan->stack);
    pack_string(packer, plan->cgroup_dir);
    pack_string(packer, plan->runtime_dir);
    pack_string(packer, plan->state_dir);
    pack_u32(packer, plan->enclosing);
    for (size_t i = 0; i < plan->members_count; i++) {
        const struct plan_member *member = &plan->members[i];
        size_t size = launch_size(&member->launch);

        pack_string(packer, member->service);
        pack_u32(packer, member->number);
        pack_policy(packer, &member->policy);
        pack_u32(packer, (uint32_t)member->needs_count);
        for (size_t j = 0; j < member->needs_count; j++) {
            pack_u32(packer, member->needs[j].member);
            pack_u32(packer, member->needs[j].condition);
            pack_u32(packer, member->needs[j].optional);
        }
        pack_u64(packer, offset);
        pack_u32(packer, (uint32_t)size);
        offset += size;
    }
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

    if (plan->members_count > INSTANCES_MAX)
        return 1;
    for (size_t i = 0; i < plan->members_count; i++) {
        needs += plan->members[i].needs_count;
        if (launch_size(&plan->members[i].launch) > LAUNCH_BYTES_MAX)
            return 1;
    }
    pack_index(&counter, plan, 0);
    index = counter.used;
    if (needs > DEPENDENCIES_MAX || index > PLANFILE_INDEX_MAX)
        return 1;
    for (size_t i = 0; i < plan->members_count; i++)
        pack_launch(&counter, &plan->members[i].launch);

    packer.size = PLANFILE_HEADER_BYTES + counter.used;
    packer.bytes = malloc(packer.size);
    if (!packer.bytes)
        return -ENOMEM;
    pack_header(&packer, plan, index, packer.size);
    pack_index(&packer, plan, PLANFILE_HEADER_BYTES + index);
    for (size_t i = 0; i < plan->members_count; i++)
        pack_launch(&packer, &plan->members[i].launch);
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

/* Appends the member's needs to roster->needs, which grows. */
static int unpack_needs(struct unpacker *unpacker, struct roster *roster, struct member *member,
                        uint32_t members)
{
    uint32_t count = unpack_count(unpacker, DEPENDENCIES_MAX - roster->needs_count);
    struct need *needs = roster->needs;

    /* A need takes 12 bytes: a count that the rest of the file cannot hold is a lie. */
    if (count > (unpacker->size - unpacker->used) / 12)
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
        need->condition = (uint16_t)unpack_count(unpacker, NEED_COMPLETED);
        need->optional = (uint16_t)unpack_count(unpacker, 1);
        if (need->member >= members)
            unpacker->failed = true;
    }
    member->needs_count = count;
    roster->needs_count += count;
    return 0;
}

static int unpack_member(struct unpacker *unpacker, const struct planfile_header *header,
                         struct roster *roster, struct member *member)
{
    const char *service = unpack_string(unpacker);
    int length, result;

    member->number = unpack_count(unpacker, INSTANCES_MAX);
    length = snprintf(member->name, sizeof(member->name), "%s-%u", service, member->number);
    member->service_length = (uint32_t)strlen(service);
    if (length < 0 || (size_t)length >= sizeof(member->name) || !roster_name_is_valid(service))
        unpacker->failed = true;
    unpack_policy(unpacker, &member->policy);
    if (!policy_is_valid(&member->policy))
        unpacker->failed = true;
    result = unpack_needs(unpacker, roster, member, header->members);
    member->launch_offset = unpack_u64(unpacker);
    member->launch_bytes = unpack_count(unpacker, LAUNCH_BYTES_MAX);
    if (member->launch_offset > header->total_bytes ||
        member->launch_bytes > header->total_bytes - member->launch_offset)
        unpacker->failed = true;
    return result;
}

static int unpack_text(struct unpacker *unpacker, char **ret)
{
    const char *text = unpack_string(unpacker);

    *ret = strdup(text);
    return *ret ? 0 : -ENOMEM;
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
    roster->enclosing = unpack_count(unpacker, ENCLOSING_MAX);
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

/* Room for a NULL-terminated pointer array, taken from the front of `memory`. */
static char **unpack_list(struct unpacker *unpacker, char ***memory, size_t *room)
{
    uint32_t count = unpack_count(unpacker, LAUNCH_BYTES_MAX);
    char **list = *memory;

    if (unpacker->failed || count >= *room) {
        unpacker->failed = true;
        return list;
    }
    for (uint32_t i = 0; i < count; i++)
        list[i] = (char *)(uintptr_t)unpack_string(unpacker);
    list[count] = NULL;
    *memory += count + 1;
    *room -= count + 1;
    return list;
}

struct launch_lists {
    gid_t groups[GROUPS_MAX];
    struct rlimit_value rlimits[RLIMITS_KEPT_MAX];
    struct control controls[CONTROLS_MAX];
    char *pointers[];
};

static void unpack_launch(struct unpacker *unpacker, struct launch *launch,
                          struct launch_lists *lists, size_t room)
{
    char **pointers = lists->pointers;
    int64_t oom_score_adj;

    launch->program = unpack_string(unpacker);
    launch->argv = unpack_list(unpacker, &pointers, &room);
    launch->envp = unpack_list(unpacker, &pointers, &room);
    launch->directory = unpack_string(unpacker);
    launch->keep_identity = unpack_count(unpacker, 1) != 0;
    launch->uid = unpack_u32(unpacker);
    launch->gid = unpack_u32(unpacker);
    launch->groups = lists->groups;
    launch->groups_count = unpack_count(unpacker, GROUPS_MAX);
    for (size_t i = 0; i < launch->groups_count; i++)
        lists->groups[i] = unpack_u32(unpacker);
    oom_score_adj = unpack_i64(unpacker);
    if (oom_score_adj < -1000 || oom_score_adj > 1000)
        unpacker->failed = true;
    else
        launch->oom_score_adj = (int32_t)oom_score_adj;
    launch->rlimits = lists->rlimits;
    launch->rlimits_count = unpack_count(unpacker, RLIMITS_KEPT_MAX);
    for (size_t i = 0; i < launch->rlimits_count; i++) {
        lists->rlimits[i].resource = (int32_t)unpack_count(unpacker, 64);
        lists->rlimits[i].soft = unpack_u64(unpacker);
        lists->rlimits[i].hard = unpack_u64(unpacker);
    }
    launch->controls = lists->controls;
    launch->controls_count = unpack_count(unpacker, CONTROLS_MAX);
    for (size_t i = 0; i < launch->controls_count; i++) {
        lists->controls[i].file = unpack_string(unpacker);
        lists->controls[i].value = unpack_string(unpacker);
        lists->controls[i].optional = unpack_count(unpacker, 1) != 0;
        if (strchr(lists->controls[i].file, '/'))
            unpacker->failed = true;
    }
}

int planfile_launch(const unsigned char *bytes, size_t size, struct launch_record *ret)
{
    struct unpacker unpacker = {bytes, size, 0, false};
    /* Every string takes at least 5 bytes, so there cannot be more than these, plus two ends. */
    size_t room = size / 5 + 2;
    struct launch_lists *lists;
    struct launch launch = {0};

    if (size > LAUNCH_BYTES_MAX)
        return 1;
    lists = calloc(1, sizeof(*lists) + room * sizeof(lists->pointers[0]));
    if (!lists)
        return -ENOMEM;
    unpack_launch(&unpacker, &launch, lists, room);
    if (!unpacked_all(&unpacker) || !launch.argv[0]) {
        free(lists);
        return 1;
    }
    ret->launch = launch;
    ret->memory = lists;
    return 0;
}

void launch_record_finish(struct launch_record *record)
{
    free(record->memory);
    *record = (struct launch_record){0};
}
