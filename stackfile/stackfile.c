/* Loading a stack file, from end to end: see stackfile.h. */
#include "stackfile/stackfile.h"

#include <errno.h>
#include <string.h>

#include "stackfile/keys.h"
#include "stackfile/load.h"
#include "stackfile/read_stack.h"

/* The files in the order of reading; what is about none of them comes first. */
static size_t rank_of(const struct loader *loader, const char *file)
{
    for (size_t i = 0; file && i < loader->files_count; i++)
        if (loader->files[i] == file)
            return i + 1;
    return 0;
}

static bool stands_before(const struct loader *loader, const struct mark *a, const struct mark *b)
{
    if (a->file != b->file)
        return rank_of(loader, a->file) < rank_of(loader, b->file);
    return a->line < b->line || (a->line == b->line && a->column < b->column);
}

/* By place, stable; faults of the caller before `first` stay where they are. */
static void order_by_place(const struct loader *loader, struct faults *faults, size_t first)
{
    for (size_t i = first + 1; i < faults->count; i++) {
        struct fault moved = faults->item[i];
        size_t to = i;

        for (; to > first && stands_before(loader, &moved.at, &faults->item[to - 1].at); to--)
            faults->item[to] = faults->item[to - 1];
        faults->item[to] = moved;
    }
}

static int load(struct loader *loader, struct spec *spec)
{
    struct reader *reader = loader->reader;
    struct node *root = NULL;
    int rc = loader_run(loader, &root);

    if (!rc && !loader->too_much && (root || !loader->incomplete))
        rc = read_stack(reader, root, spec);
    if (rc)
        return rc;
    loader_warn_unset(loader);
    keys_summarize(reader);
    return arena_failed(reader->scratch) || arena_failed(reader->arena) ? -ENOMEM : 0;
}

const char *stackfile_unreadable(int error)
{
    const char *why = strerrordesc_np(error);

    switch (error) {
    case EFBIG:
        return "it is larger than 4 MiB";
    case EISDIR:
        return "it is a folder";
    case ETIMEDOUT:
        return "nothing came from it for 10 seconds";
    default:
        return why ? why : "it is no file";
    }
}

int stackfile_load(const struct stackfile_request *request, struct spec *ret_spec,
                   struct faults *faults)
{
    size_t first = faults->count, errors = faults->errors;
    struct spec spec = {.name = NULL};
    struct arena scratch;
    struct loader loader;
    struct reader reader = {.request = request,
                            .scratch = &scratch,
                            .arena = &spec.arena,
                            .faults = faults,
                            .loader = &loader,
                            .prefix = ""};
    int rc;

    arena_init(&scratch, 0);
    arena_init(&spec.arena, 0);
    loader_init(&loader, &reader);
    rc = load(&loader, &spec);
    if (rc == 0 && faults->errors > errors)
        rc = 1;
    order_by_place(&loader, faults, first);
    loader_finish(&loader);
    arena_finish(&scratch);
    if (rc)
        spec_finish(&spec);
    else
        *ret_spec = spec;
    return rc;
}
