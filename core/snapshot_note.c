/* See snapshot_note.h. */
#include "core/snapshot_note.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ESCAPED_BYTES 4 // "\x20"

static void escape(const char *comm, char text[SNAPSHOT_COMM_MAX * ESCAPED_BYTES])
{
    if (!*comm)
        *text++ = '?';
    for (size_t i = 0; i < SNAPSHOT_COMM_MAX - 1 && comm[i]; i++) {
        unsigned char byte = (unsigned char)comm[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '\\')
            text += snprintf(text, ESCAPED_BYTES + 1, "\\x%02x", byte);
        else
            *text++ = comm[i];
    }
    *text = '\0';
}

void snapshot_note_write(const struct snapshot_note *note, char text[SNAPSHOT_NOTE_MAX])
{
    const struct snapshot_process *process = &note->process;
    char comm[SNAPSHOT_COMM_MAX * ESCAPED_BYTES];

    escape(process->comm, comm);
    snprintf(text, SNAPSHOT_NOTE_MAX,
             "snapshot name=%s g=%" PRIu32 " at=%" PRId64 " pid=%" PRId32 " comm=%s heap=%" PRId64
             " stacks=%" PRId64 " anon=%" PRId64 " shmem=%" PRId64 " file=%" PRId64,
             note->name, note->generation, note->wall_ns, process->pid, comm, process->heap_bytes,
             process->stacks_bytes, process->anon_bytes, process->shmem_bytes, process->file_bytes);
}

/* `word`, at *at; *at is behind it then. */
static bool skip(const char **at, const char *word)
{
    if (strncmp(*at, word, strlen(word)) != 0)
        return false;
    *at += strlen(word);
    return true;
}

static bool read_number(const char **at, const char *word, int64_t most, int64_t *ret)
{
    const char *digit;
    int64_t value = 0;

    if (!skip(at, word))
        return false;
    for (digit = *at; *digit >= '0' && *digit <= '9'; digit++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *digit - '0', &value))
            return false;
    if (digit == *at || value > most)
        return false;
    *at = digit;
    *ret = value;
    return true;
}

/* A word up to the next blank, of printing ASCII. */
static bool read_word(const char **at, const char *key, char *text, size_t size)
{
    size_t length = 0;

    if (!skip(at, key))
        return false;
    for (; **at > ' ' && **at < 0x7f && length + 1 < size; (*at)++)
        text[length++] = **at;
    text[length] = '\0';
    return **at == ' ' && length > 0;
}

static int nibble(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

/* As it was: who shows it makes it safe. */
static bool unescape(const char *text, char comm[SNAPSHOT_COMM_MAX])
{
    size_t length = 0;

    while (*text && length + 1 < SNAPSHOT_COMM_MAX) {
        int high, low;
        if (*text != '\\') {
            comm[length++] = *text++;
            continue;
        }
        high = text[1] == 'x' ? nibble(text[2]) : -1;
        low = high >= 0 ? nibble(text[3]) : -1;
        if (low < 0)
            return false;
        comm[length++] = (char)(high << 4 | low);
        text += ESCAPED_BYTES;
    }
    comm[length] = '\0';
    return !*text;
}

static bool read_sizes(const char **at, struct snapshot_process *process)
{
    return read_number(at, " heap=", INT64_MAX, &process->heap_bytes) &&
           read_number(at, " stacks=", INT64_MAX, &process->stacks_bytes) &&
           read_number(at, " anon=", INT64_MAX, &process->anon_bytes) &&
           read_number(at, " shmem=", INT64_MAX, &process->shmem_bytes) &&
           read_number(at, " file=", INT64_MAX, &process->file_bytes);
}

bool snapshot_note_read(const char *text, struct snapshot_note *ret)
{
    char comm[SNAPSHOT_COMM_MAX * ESCAPED_BYTES];
    struct snapshot_note note;
    int64_t generation, pid;

    if (!read_word(&text, "snapshot name=", note.name, sizeof(note.name)) ||
        !read_number(&text, " g=", UINT32_MAX, &generation) ||
        !read_number(&text, " at=", INT64_MAX, &note.wall_ns) ||
        !read_number(&text, " pid=", INT32_MAX, &pid) ||
        !read_word(&text, " comm=", comm, sizeof(comm)) || !unescape(comm, note.process.comm) ||
        !read_sizes(&text, &note.process) || *text)
        return false;
    note.generation = (uint32_t)generation;
    note.process.pid = (int32_t)pid;
    *ret = note;
    return true;
}
