/* Values as Compose writes them: sizes, durations, numbers, words. Text in, number out; what is
 * wrong comes back as a code, so that the reader of the key can say it with its own words.
 * Source: docker/go-units size.go, xhit/go-str2duration, mattn/go-shellwords. */
#ifndef BULKHEAD_STACKFILE_VALUE_H
#define BULKHEAD_STACKFILE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_status {
    VALUE_OK = 0,
    VALUE_BAD,       // not of this form at all
    VALUE_OVERFLOW,  // beyond 63 bits
    VALUE_INEXACT,   // more digits than are kept
    VALUE_NO_UNIT,   // a duration that is a bare number
    VALUE_NO_B,      // 1Gi: Kubernetes' form; Compose wants 1gib
    VALUE_ENDS_OPEN, // words: a quote is not closed or nothing follows the last backslash
    VALUE_SHELL,     // words: ; & | < > or ( outside quotes
};

/* "512m", "1.5g", "32 KiB", "1024", "-1": powers of 1024, fractions are rounded down. A negative
 * number only as plain digits. */
enum value_status value_bytes(const char *text, int64_t *ret_bytes);

/* "1h5m30s20ms", "-1s", ".5s", "0": units w d h m s ms us µs ns. */
enum value_status value_duration(const char *text, int64_t *ret_ns);

/* "-12" */
enum value_status value_integer(const char *text, int64_t *ret_value);

/* "1.5" times 1000 is 1500; "1.2345" is VALUE_INEXACT. Not negative. */
enum value_status value_thousandths(const char *text, int64_t *ret_value);

/* "87.5%" in 1/1000 of a percent. VALUE_BAD where it does not end with %. */
enum value_status value_percent(const char *text, int64_t *ret_value);

/* "SIGTERM", "term", "15", "RTMIN+3". */
enum value_status value_signal(const char *text, int64_t *ret_signal);

/* "SIGTERM", "SIGRTMIN+3"; NULL: there is no such signal. `buffer` may hold the answer. */
#define VALUE_SIGNAL_MAX 16
const char *value_signal_name(int64_t signal, char buffer[VALUE_SIGNAL_MAX]);

/* Splits into words without a shell: quotes and backslashes count, nothing is expanded. `words` has
 * room for strlen(text) + 2 bytes and receives the words, each with its NUL, one after another. */
struct value_words {
    char *words;
    size_t count;
    char shell;        // of VALUE_SHELL: the character
    bool substitution; // has $(…) or `…`, which stays as it is
};
enum value_status value_split(const char *text, struct value_words *words);

#endif
