/* A launch record: all that is needed to start one program, as bytes and back. See planfile.h. */
#include "core/planfile_launch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- encode ------------------------------------------------------------------------------- */

static void pack_list(struct packer *packer, char *const *list)
{
    uint32_t count = 0;

    while (list && list[count])
        count++;
    pack_u32(packer, count);
    for (uint32_t i = 0; i < count; i++)
        pack_string(packer, list[i]);
}

void planfile_launch_pack(struct packer *packer, const struct launch *launch)
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
    pack_u32(packer, launch->tty);
    pack_u32(packer, launch->stdin_open);
    pack_list(packer, launch->labels);
}

size_t planfile_launch_size(const struct launch *launch)
{
    struct packer counter = {0};

    planfile_launch_pack(&counter, launch);
    return counter.used;
}

int planfile_launch_encode(const struct launch *launch, unsigned char **ret_bytes, size_t *ret_size)
{
    struct packer packer = {.size = planfile_launch_size(launch)};

    if (packer.size > LAUNCH_BYTES_MAX)
        return 1;
    packer.bytes = malloc(packer.size);
    if (!packer.bytes)
        return -ENOMEM;
    planfile_launch_pack(&packer, launch);
    *ret_bytes = packer.bytes;
    *ret_size = packer.used;
    return 0;
}

/* --- decode ------------------------------------------------------------------------------- */

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
    launch->tty = unpack_count(unpacker, 1) != 0;
    launch->stdin_open = unpack_count(unpacker, 1) != 0;
    launch->labels = unpack_list(unpacker, &pointers, &room);
    for (size_t i = 0; !unpacker->failed && launch->labels[i]; i++)
        if (!strchr(launch->labels[i], '='))
            unpacker->failed = true;
}

int planfile_launch(const unsigned char *bytes, size_t size, struct launch_record *ret)
{
    struct unpacker unpacker = {bytes, size, 0, false};
    /* Every string takes at least 5 bytes, so there cannot be more than these, plus three ends. */
    size_t room = size / 5 + 3;
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
