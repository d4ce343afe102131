/* The kernel's text about memory, the ring of samples and the notes of snapshots. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/sample_text.h"
#include "core/smaps.h"
#include "core/snapshot_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_texts(const char *text, size_t size)
{
    struct sample sample;

    sample_text_begin(&sample);
    sample_text_memory(text, size, &sample);
    sample_text_pressure(text, size, &sample);
#define CHECK(field, name)          \
    if (sample.field < SAMPLE_NONE) \
        abort();
    SAMPLE_NUMBERS(CHECK)
}

static void read_lines(char *text)
{
    struct smaps smaps = {0};
    char *line;

    while ((line = strsep(&text, "\n")))
        smaps_line(&smaps, line);
    for (int kind = 0; kind < SMAPS_KINDS; kind++)
        if (smaps.bytes[kind] < 0)
            abort();
}

/* What is read is written the same and read again. */
static void read_note(const char *text)
{
    char again[SNAPSHOT_NOTE_MAX];
    struct snapshot_note note, same;

    if (!snapshot_note_read(text, &note))
        return;
    snapshot_note_write(&note, again);
    if (!snapshot_note_read(again, &same) || same.process.pid != note.process.pid ||
        strcmp(same.name, note.name) != 0 || same.process.file_bytes != note.process.file_bytes)
        abort();
}

/* Places have a checksum: only what the writer made of the bytes gets far. */
static void read_ring(const uint8_t *data, size_t size)
{
    unsigned char place[SAMPLE_PLACE_BYTES] = {0};
    struct sample_head head;
    struct sample sample;

    memcpy(place, data, size < sizeof(place) ? size : sizeof(place));
    (void)sample_read(place, 0, &sample);
    (void)sample_head_read(place, &head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    read_texts(text, size);
    read_note(text);
    read_ring(data, size);
    read_lines(text);
    free(text);
    return 0;
}
