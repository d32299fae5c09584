/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowest and the highest value of the last days, in bounded room: time is cut into pieces of a 24th of the span that
 * is looked at, and of each only the extremes are kept, two on each side, so that one may be taken back. The edge of the span is therefore kept to a 24th of it, always
 * so that a value counts a little longer: two measurements "three days apart" are seldom so to the minute.
 */
#ifndef WARD_CORE_TREND_H
#define WARD_CORE_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"

#define WARD_TREND_PARTS  24
#define WARD_TREND_PIECES (WARD_TREND_PARTS + 2)

/* The reading that a value is from. */
struct ward_source {
    uint64_t seq; /* 0: not committed yet, or not known any more */
    uint64_t mono_us;
};

/* The lowest and the next one, the highest and the next one; WARD_NAN: there was none. */
struct ward_trend_piece {
    uint64_t first_us, last_us; /* on any clock that the caller keeps to, modulo 2⁶⁴ */
    struct ward_decimal low[2], high[2];
    struct ward_source low_from[2], high_from[2];
};

/* A zeroed trend is an empty one. */
struct ward_trend {
    uint8_t count;
    struct ward_trend_piece pieces[WARD_TREND_PIECES]; /* oldest first */
};

/*
 * Takes a finite value at now_us, for looks over span_us; any other is passed by. One from before the newest counts as
 * of that moment. from may be NULL.
 */
void ward_trend_add(struct ward_trend *trend, uint64_t span_us, const struct ward_decimal *value,
                    const struct ward_source *from, uint64_t now_us);

/* The value from the reading `seq` (not 0) is no value after all. Returns whether it was kept as an extreme. */
bool ward_trend_forget(struct ward_trend *trend, uint64_t seq);

/* The extremes that were received at that moment and have no seq yet are from the reading `seq`. */
void ward_trend_give_seq(struct ward_trend *trend, uint64_t mono_us, uint64_t seq);

/* No seq is known any more. */
void ward_trend_drop_seqs(struct ward_trend *trend);

/* The extreme value of the last span_us. Returns false, with ret unchanged, when there was none. */
bool ward_trend_lowest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                       struct ward_decimal *ret);
bool ward_trend_highest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                        struct ward_decimal *ret);

#endif
