/* See interpolate.h. */
#include "stackfile/interpolate.h"

#include <errno.h>
#include <string.h>

#include "stackfile/stackfile.h"

static int too_much(struct interpolation *interpolation, const struct node *node)
{
    faults_add(interpolation->faults, FAULT_ERROR, node->at, "use shorter values",
               "the variables make the texts of the file longer than 16 MiB");
    return 1;
}

static int expand(struct interpolation *interpolation, struct node *scalar)
{
    struct template *template = interpolation->template;
    int rc;

    if (!memchr(scalar->text, '$', scalar->count))
        return 0;
    interpolation->at = scalar->at;
    rc = template_expand(template, scalar->text, scalar->count);
    if (rc == 1) {
        faults_add(interpolation->faults, FAULT_ERROR, scalar->at, template->remedy, "%s",
                   template->what);
        scalar->unknown = true;
        return template->spent ? 1 : 0;
    }
    if (rc)
        return rc;
    interpolation->bytes += template->length;
    if (interpolation->bytes > STACKFILE_TEXT_MAX)
        return too_much(interpolation, scalar);
    scalar->text = arena_text(interpolation->arena, template->text, template->length);
    scalar->count = (uint32_t) template->length;
    scalar->type = SCALAR_STRING;
    scalar->expanded = true;
    return scalar->text ? 0 : -ENOMEM;
}

/* As deep as a document may be: STACKFILE_DEPTH_MAX. */
static int walk(struct interpolation *interpolation, struct node *node)
{
    int rc = 0;

    if (node->dollars_done)
        return 0;
    node->dollars_done = true;
    if (node->kind == NODE_SCALAR)
        rc = expand(interpolation, node);
    for (size_t i = 0; !rc && node->kind == NODE_LIST && i < node->count; i++)
        rc = walk(interpolation, node->items[i]);
    for (size_t i = 0; !rc && node->kind == NODE_MAP && i < node->count; i++)
        rc = walk(interpolation, node->pairs[i].value);
    node_count(node);
    return rc;
}

int interpolate(struct interpolation *interpolation, struct node *document)
{
    int rc = walk(interpolation, document);

    if (rc == 0 && document->bytes > STACKFILE_TEXT_MAX)
        return too_much(interpolation, document);
    return rc;
}
