/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IEEE 11073-20601 §F.6: SFLOAT (16 bits) and FLOAT (32 bits), both ways, exactly.
 *
 * SFLOAT is a 4-bit exponent and a 12-bit mantissa, FLOAT an 8-bit exponent and a 24-bit mantissa, all of
 * them two's complement; the value is mantissa · 10^exponent. Five bit patterns with exponent 0 are not
 * numbers (NaN, NRes, +INFINITY, −INFINITY, reserved); the same mantissas with another exponent are plain
 * numbers.
 *
 * Freestanding: <stdbool.h> and <stdint.h> only, so that the firmware of a wearable compiles this file as it
 * is.
 */
#ifndef WARD_CORE_SFLOAT_H
#define WARD_CORE_SFLOAT_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"

/* Every one of the 65,536 patterns has a meaning: decoding cannot fail. */
struct ward_decimal ward_sfloat_decode(uint16_t bits);

/* Every pattern has a meaning here too. */
struct ward_decimal ward_float_decode(uint32_t bits);

/*
 * Encodes value without rounding. Keeps its exponent where that is possible. Returns false, with ret
 * unchanged, for a number that SFLOAT cannot carry exactly: use ward_decimal_round() of core/decimal.h first.
 */
bool ward_sfloat_encode(const struct ward_decimal *value, uint16_t *ret);

/* The same for FLOAT. */
bool ward_float_encode(const struct ward_decimal *value, uint32_t *ret);

#endif
