/* Control frames, both directions. What is taken is written again: it must be the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char again[WIRE_REQUEST_MAX];
    static struct wire_request request;
    static struct wire_reply reply;
    const char *why = NULL;

    if (size > sizeof(again))
        return 0;
    if (wire_request_decode(data, size, &request, &why) == 0) {
        if (wire_request_encode(&request, again, sizeof(again)) != size ||
            memcmp(again, data, size) != 0)
            abort();
    } else if (!why) {
        abort();
    }
    if (wire_reply_decode(data, size, &reply, &why) == 0 &&
        (wire_reply_encode(&reply, again, sizeof(again)) != size || memcmp(again, data, size) != 0))
        abort();
    return 0;
}
