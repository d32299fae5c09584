/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowest and the highest value of the last days, in bounded room: time is cut into pieces of a 24th of the span that
 * is looked at, and of each only the extremes are kept. The edge of the span is therefore kept to a 24th of it, always
 * so that a value counts a little longer: two measurements "three days apart" are seldom so to the minute.
 */
#ifndef WARD_CORE_TREND_H
#define WARD_CORE_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"

#define WARD_TREND_PARTS  24
#define WARD_TREND_PIECES (WARD_TREND_PARTS + 2)

struct ward_trend_piece {
    uint64_t first_us, last_us; /* on any clock that the caller keeps to */
    struct ward_decimal low, high;
};

/* A zeroed trend is an empty one. */
struct ward_trend {
    uint8_t count;
    struct ward_trend_piece pieces[WARD_TREND_PIECES]; /* oldest first */
};

/* Takes a finite value at now_us, which never goes back, for looks over span_us; any other is passed by. */
void ward_trend_add(struct ward_trend *trend, uint64_t span_us, const struct ward_decimal *value,
                    uint64_t now_us);

/* The newest value, which was this one, is no value after all. What else its piece of time had may go with it. */
void ward_trend_forget_newest(struct ward_trend *trend, const struct ward_decimal *value);

/* The extreme value of the last span_us. Returns false, with ret unchanged, when there was none. */
bool ward_trend_lowest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                       struct ward_decimal *ret);
bool ward_trend_highest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                        struct ward_decimal *ret);

#endif
