/* Fuzzes the whole loader: text in, spec or faults out; whatever loads must show as a fixed point.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stackfile/encoding.h"
#include "stackfile/stackfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds)
        abort();
}

static int load(const char *text, size_t length, struct spec *ret_spec, struct faults *faults)
{
    const struct stackfile_text file = {"fuzz.yaml", text, length};
    struct stackfile_request request = {
        .files = &file, .files_count = 1, .project_dir = "/srv/fuzz", .own_oom_score_adj = -100};

    faults_init(faults);
    return stackfile_load(&request, ret_spec, faults);
}

static void check_text(const char *text)
{
    uint32_t character;

    for (size_t left = strlen(text), size; left > 0; left -= size, text += size) {
        size = encoding_decode(text, left, &character);
        check(size > 0 && character >= 0x20 && character != 0x7f);
    }
}

static void check_faults(const struct faults *faults)
{
    check(faults->count <= FAULTS_MAX && faults->errors <= faults->count + faults->dropped);
    for (size_t i = 0; i < faults->count; i++) {
        check_text(faults->item[i].what);
        check_text(faults->item[i].remedy);
    }
}

/* JSON loads to what shows as the same YAML. */
static void check_json(const struct spec *spec, const char *yaml)
{
    struct faults faults;
    struct spec again;
    char *json, *shown;

    check(stackfile_show_json(spec, &json) == 0);
    check(load(json, strlen(json), &again, &faults) == 0);
    check(stackfile_show(&again, &shown) == 0);
    check(strcmp(yaml, shown) == 0);
    spec_finish(&again);
    free(json);
    free(shown);
}

static void check_fixed_point(const struct spec *spec)
{
    struct faults faults;
    struct spec again;
    char *first, *second;

    check(stackfile_show(spec, &first) == 0);
    check(load(first, strlen(first), &again, &faults) == 0);
    check(stackfile_show(&again, &second) == 0);
    check(strcmp(first, second) == 0);
    spec_finish(&again);
    check_json(spec, first);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct faults faults;
    struct spec spec;
    int rc = load((const char *)data, size, &spec, &faults);

    check(rc == 0 || rc == 1);
    check((rc == 1) == faults_fatal(&faults));
    check_faults(&faults);
    if (rc == 0) {
        check_fixed_point(&spec);
        spec_finish(&spec);
    }
    return 0;
}
