/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exact decimal arithmetic: what a measured value needs, and nothing that could round it behind one's back.
 *
 * A finite decimal is mantissa · 10^exponent; one number has several spellings (96·10⁰, 960·10⁻¹), which
 * compare equal and print alike.
 */
#ifndef WARD_CORE_DECIMAL_H
#define WARD_CORE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"

/* Room for any decimal as text with its NUL: "-9223372036854775808" with "0.00000" before it, or with an exponent. */
#define WARD_DECIMAL_TEXT_SIZE 32

/* A number that has a place on the number line: finite or an infinity. NaN, NRes and reserved have none. */
bool ward_decimal_is_ordered(const struct ward_decimal *value);

static inline bool ward_decimal_is_finite(const struct ward_decimal *value)
{
    return value->special == WARD_FINITE;
}

/* What ward_decimal_compare() does, for any spelling and any special value. */
bool ward_decimal_compare_any(const struct ward_decimal *a, const struct ward_decimal *b, int *ret);

/*
 * Compares exactly. ret is −1, 0 or 1 for a < b, a = b, a > b; infinities lie beyond every number and equal
 * themselves. Returns false, with ret unchanged, when either is not ordered: then no comparison holds. Inline for two
 * numbers with as many places, as a device's values and a plan's limits mostly are.
 */
static inline bool ward_decimal_compare(const struct ward_decimal *a, const struct ward_decimal *b, int *ret)
{
    if (a->special != WARD_FINITE || b->special != WARD_FINITE || a->exponent != b->exponent) {
        return ward_decimal_compare_any(a, b, ret);
    }
    *ret = (a->mantissa > b->mantissa) - (a->mantissa < b->mantissa);
    return true;
}

/* The spelling with the smallest mantissa: no trailing zeros, and exponent 0 for zero. Specials are unchanged. */
struct ward_decimal ward_decimal_normalise(struct ward_decimal value);

/*
 * a + b and a · b, exactly. For a special a the result is a as it is; b must be finite (a positive factor,
 * for the product, so that infinities keep their side). Returns false, with ret unchanged, when the exact
 * result does not fit.
 */
bool ward_decimal_add(const struct ward_decimal *a, const struct ward_decimal *b, struct ward_decimal *ret);
bool ward_decimal_multiply(const struct ward_decimal *a, const struct ward_decimal *b,
                           struct ward_decimal *ret);

/* Rounds to `places` digits after the point, a half away from zero. Specials are unchanged. */
struct ward_decimal ward_decimal_round(struct ward_decimal value, int places);

/*
 * Prints a finite value as a JSON number in its shortest form: "36.4", "-0.1", "20470000000", from 10^21 on
 * and below 10^-6 as "1e+21", the form of ECMAScript and so of RFC 8785. Returns its length, or 0 for a value
 * that is not finite.
 */
size_t ward_decimal_print(const struct ward_decimal *value, char text[WARD_DECIMAL_TEXT_SIZE]);

/*
 * Reads exactly length octets as a JSON number (RFC 8259 §6). Returns false, with ret unchanged, for anything
 * else and for a number that a decimal cannot hold exactly.
 */
bool ward_decimal_parse(const char *text, size_t length, struct ward_decimal *ret);

/* Units that devices send and that Wardgate keeps in another one. */
enum ward_unit {
    WARD_UNIT_KILOPASCAL,           /* to mm[Hg]: 7.500615758, which is 1000 / 133.322387415 */
    WARD_UNIT_FAHRENHEIT,           /* to Cel, rounded to 6 places: ninths have no end */
    WARD_UNIT_POUND,                /* to kg: 0.45359237, exact by definition */
    WARD_UNIT_GLUCOSE_KG_PER_LITRE, /* to mmol/L: 5550.74491, by the molar mass of glucose, 180.156 g/mol */
    WARD_UNIT_GLUCOSE_MG_PER_DL,    /* to mmol/L: 0.0555074491, by the same */
    WARD_UNIT_MOLE_PER_LITRE,       /* to mmol/L */
    WARD_UNIT_GRAM,                 /* to kg */
    WARD_UNIT_METRE,                /* to cm */
    WARD_UNIT_INCH,                 /* to cm: 2.54, exact by definition */
};

/*
 * Converts value from its unit to the one that Wardgate keeps: multiplied exactly by the factor above, and not rounded
 * (16.0 kPa is 120.009852128 mm[Hg]): what is shown may be rounded, what is judged may not. Specials are unchanged. Returns false, with
 * ret unchanged, when the result does not fit.
 */
bool ward_decimal_convert(const struct ward_decimal *value, enum ward_unit from, struct ward_decimal *ret);

#endif
