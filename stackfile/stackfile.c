/* Loading a stack file, from end to end: see stackfile.h. */
#include "stackfile/stackfile.h"

#include <errno.h>

#include "stackfile/keys.h"
#include "stackfile/read_stack.h"
#include "stackfile/yaml.h"

static bool stands_before(const struct mark *a, const struct mark *b)
{
    return a->line < b->line || (a->line == b->line && a->column < b->column);
}

/* By place, stable; faults of the caller before `first` stay where they are. */
static void order_by_place(struct faults *faults, size_t first)
{
    for (size_t i = first + 1; i < faults->count; i++) {
        struct fault moved = faults->item[i];
        size_t to = i;

        for (; to > first && stands_before(&moved.at, &faults->item[to - 1].at); to--)
            faults->item[to] = faults->item[to - 1];
        faults->item[to] = moved;
    }
}

static int load(const struct stackfile_request *request, struct arena *scratch, struct spec *spec,
                struct faults *faults)
{
    struct reader reader = {.request = request,
                            .scratch = scratch,
                            .arena = &spec->arena,
                            .faults = faults,
                            .prefix = ""};
    const struct stackfile_text *file = &request->files[0];
    struct node *root = NULL;
    int rc = yaml_read(file->name, file->text, file->length, scratch, faults, &root);

    if (!rc)
        rc = read_stack(&reader, root, spec);
    if (rc)
        return rc;
    keys_summarize(&reader);
    return arena_failed(scratch) || arena_failed(&spec->arena) ? -ENOMEM : 0;
}

int stackfile_load(const struct stackfile_request *request, struct spec *ret_spec,
                   struct faults *faults)
{
    size_t first = faults->count, errors = faults->errors;
    struct spec spec = {.name = NULL};
    struct arena scratch;
    int rc;

    arena_init(&scratch, 0);
    arena_init(&spec.arena, 0);
    rc = load(request, &scratch, &spec, faults);
    arena_finish(&scratch);
    if (rc == 0 && faults->errors > errors)
        rc = 1;
    order_by_place(faults, first);
    if (rc)
        spec_finish(&spec);
    else
        *ret_spec = spec;
    return rc;
}
