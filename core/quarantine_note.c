/* See quarantine_note.h. */
#include "core/quarantine_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/proctext.h"

const char *quarantine_about_name(enum quarantine_about about)
{
    static const char *const names[] = {
#define X(id, name, head) name,
        QUARANTINE_ABOUTS(X)
#undef X
    };
    return about < QUARANTINE_ABOUTS_COUNT ? names[about] : "?";
}

const char *quarantine_about_head(enum quarantine_about about)
{
    static const char *const heads[] = {
#define X(id, name, head) head,
        QUARANTINE_ABOUTS(X)
#undef X
    };
    return about < QUARANTINE_ABOUTS_COUNT ? heads[about] : "?";
}

void quarantine_note_write(const struct quarantine_note *note, char text[QUARANTINE_NOTE_MAX])
{
    char safe[QUARANTINE_TEXT_MAX];

    (void)proctext_safe(note->text, safe, sizeof(safe));
    snprintf(text, QUARANTINE_NOTE_MAX, "quarantine name=%s g=%" PRIu32 " about=%s %s", note->name,
             note->generation, quarantine_about_name(note->about), safe);
}

/* What stands behind `key`, up to a blank; *at is behind that. */
static bool take_word(const char **at, const char *key, char *word, size_t size)
{
    size_t length;

    if (strncmp(*at, key, strlen(key)) != 0)
        return false;
    *at += strlen(key);
    length = strcspn(*at, " ");
    if (length == 0 || length >= size || (*at)[length] != ' ')
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + 1;
    return true;
}

static bool to_generation(const char *word, uint32_t *ret)
{
    uint64_t value = 0;

    for (; *word; word++) {
        if (*word < '0' || *word > '9')
            return false;
        value = value * 10 + (uint64_t)(*word - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)value;
    return true;
}

bool quarantine_note_read(const char *text, struct quarantine_note *ret)
{
    struct quarantine_note note;
    char word[16];

    if (!take_word(&text, "quarantine name=", note.name, sizeof(note.name)) ||
        !take_word(&text, "g=", word, sizeof(word)) || !to_generation(word, &note.generation) ||
        !take_word(&text, "about=", word, sizeof(word)))
        return false;
    note.about = 0;
    while (note.about < QUARANTINE_ABOUTS_COUNT &&
           strcmp(quarantine_about_name(note.about), word) != 0)
        note.about++;
    if (note.about == QUARANTINE_ABOUTS_COUNT || strlen(text) >= sizeof(note.text))
        return false;
    (void)proctext_safe(text, note.text, sizeof(note.text));
    *ret = note;
    return true;
}
