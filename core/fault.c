/* See fault.h. */
#include "core/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

void faults_init(struct faults *faults)
{
    faults->errors = 0;
    faults->count = 0;
    faults->dropped = 0;
}

/* Copies text, showing what a terminal would not simply draw as \xHH; cuts with "…". */
static void copy_visible(char *to, size_t size, const char *from)
{
    static const char cut[] = "…";
    size_t room = size - sizeof(cut), left = strlen(from), used = 0;

    while (left > 0) {
        uint32_t character;
        size_t bytes = utf8_decode(from, left, &character);
        bool visible = bytes > 0 && !utf8_is_treacherous(character);
        size_t need = visible ? bytes : 4;

        if (used + need > room) {
            memcpy(to + used, cut, sizeof(cut));
            return;
        }
        if (visible)
            memcpy(to + used, from, bytes);
        else
            snprintf(to + used, size - used, "\\x%02x", (unsigned char)*from);
        used += need;
        from += visible ? bytes : 1;
        left -= visible ? bytes : 1;
    }
    to[used] = '\0';
}

void faults_add(struct faults *faults, enum fault_level level, struct mark at, const char *remedy,
                const char *format, ...)
{
    struct fault *fault;
    char text[1024];
    va_list arguments;

    if (level == FAULT_ERROR)
        faults->errors++;
    if (faults->count == FAULTS_MAX) {
        faults->dropped++;
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);

    fault = &faults->item[faults->count++];
    fault->level = level;
    fault->at = at;
    copy_visible(fault->what, sizeof(fault->what), text);
    copy_visible(fault->remedy, sizeof(fault->remedy), remedy ? remedy : "");
}

const char *fault_level_name(enum fault_level level)
{
    switch (level) {
    case FAULT_ERROR:
        return "error";
    case FAULT_WARNING:
        return "warning";
    case FAULT_NOTICE:
        return "notice";
    }
    return "?";
}

#define WORD_MAX 48

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Optimal string alignment distance (Damerau-Levenshtein without repeated transpositions). */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3], *earlier = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t other = a[i - 1] != b[j - 1];
            now[j] = min3(before[j] + 1, now[j - 1] + 1, before[j - 1] + other);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                earlier[j - 2] + 1 < now[j])
                now[j] = earlier[j - 2] + 1;
        }
    }
    return row[a_length % 3][b_length];
}

const char *fault_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    size_t best_distance = length <= 1 ? 0 : length <= 4 ? 1 : length <= 8 ? 2 : 3;
    const char *best = NULL;

    if (length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        size_t distance;
        if (other > WORD_MAX)
            continue;
        distance = edit_distance(word, length, candidates[i], other);
        if (distance < best_distance + (best ? 0 : 1)) {
            best = candidates[i];
            best_distance = distance;
        }
    }
    return best;
}
