/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last minute of a stream, one value a second, and its median; and the median of any few values.
 */
#ifndef WARD_CORE_WINDOW_H
#define WARD_CORE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"

#define WARD_WINDOW_S          60
#define WARD_WINDOW_SECOND_US  UINT64_C(1000000)
#define WARD_MEDIAN_VALUES_MAX WARD_WINDOW_S

/* The number of places is that of the sample itself. A zeroed window is an empty one. */
struct ward_window_value {
    int32_t mantissa;
    int8_t exponent;
    bool present;
};

struct ward_window {
    uint64_t newest_us; /* when the newest value came, on any clock that the caller keeps to */
    uint8_t span_s;     /* from the oldest value to the newest */
    bool begun;
    struct ward_window_value seconds[WARD_WINDOW_S]; /* [0] is the newest second */
};

/*
 * Takes a finite value at now_us, which never goes back; of several within a second the last one counts. A gap of a
 * minute empties the window first. A value too long for its place is rounded to three digits after the point.
 */
void ward_window_add(struct ward_window *window, const struct ward_decimal *value, uint64_t now_us);

/* The median of what is there. Returns false, with ret unchanged, for an empty window. */
bool ward_window_median(const struct ward_window *window, struct ward_decimal *ret);

/*
 * The median of count finite values, of an even number the mean of the two in the middle, which is exact. Returns
 * false, with ret unchanged, for none, more than WARD_MEDIAN_VALUES_MAX, or one that is not finite.
 */
bool ward_median(const struct ward_decimal *values, size_t count, struct ward_decimal *ret);

#endif
