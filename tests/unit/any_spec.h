/* Specs made up from a seed, with everything that a spec can hold and texts that are hard to write.
 */
#ifndef BULKHEAD_TESTS_UNIT_ANY_SPEC_H
#define BULKHEAD_TESTS_UNIT_ANY_SPEC_H

#include <stdint.h>

#include "core/spec.h"

/* The same for the same seed. *ret_spec is to be released with spec_finish(). */
void any_spec(uint64_t seed, struct spec *ret_spec);

#endif
