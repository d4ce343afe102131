/* JSON out: objects of one line each, keys in the order in which they were added. The only door to
 * libjansson. */
#ifndef BULKHEAD_CLI_SHOW_JSON_H
#define BULKHEAD_CLI_SHOW_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json;

/* NULL: no memory; every other function takes NULL and does nothing then, so that only the last
 * step needs a check. */
struct json *json_create(void);
struct json *json_destroy(struct json *object); // returns NULL

/* Bytes that are not UTF-8 come out as U+FFFD; a NULL text is null. */
void json_text(struct json *object, const char *key, const char *text);
void json_number(struct json *object, const char *key, int64_t number);
void json_seconds(struct json *object, const char *key, int64_t ns);        // 3.204
void json_milli(struct json *object, const char *key, int64_t thousandths); // 12.5
void json_truth(struct json *object, const char *key, bool truth);
void json_nothing(struct json *object, const char *key); // null

/* Takes `child` (object or list) over. */
void json_child(struct json *object, const char *key, struct json *child);

/* A list of texts, or of objects, which it takes over. */
struct json *json_create_list(void);
void json_append_text(struct json *list, const char *text);
void json_append(struct json *list, struct json *child);

/* One line with its newline. False: memory ran out on the way, or `to` failed. */
bool json_print(const struct json *object, FILE *to);

#endif
