/* The seccomp filter of the recorder: calls.h, compiled by libseccomp when bulkhead is built
 * (tools/filter.c), so that what stays resident does not carry the library. */
#ifndef BULKHEAD_RECORDER_FILTER_H
#define BULKHEAD_RECORDER_FILTER_H

#include <linux/filter.h>

/* Sanitizers make calls of their own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RECORDER_UNFILTERED
#endif
#endif
#ifndef RECORDER_UNFILTERED
#define RECORDER_FILTER
#endif

extern const struct sock_filter recorder_filter[];
extern const unsigned short recorder_filter_length;

#endif
