/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decimal.h"

bool ward_decimal_is_ordered(const struct ward_decimal *value)
{
    return value->special == WARD_FINITE || value->special == WARD_POSITIVE_INFINITY ||
           value->special == WARD_NEGATIVE_INFINITY;
}

struct ward_decimal ward_decimal_normalise(struct ward_decimal value)
{
    if (!ward_decimal_is_finite(&value))
        return value;
    if (value.mantissa == 0)
        value.exponent = 0;
    while (value.mantissa != 0 && value.mantissa % 10 == 0 && value.exponent < INT8_MAX) {
        value.mantissa /= 10;
        value.exponent++;
    }
    return value;
}

static int sign(int64_t number)
{
    return (number > 0) - (number < 0);
}

/* -2 and 2 for the infinities, so that they lie outside every finite sign. */
static int side(const struct ward_decimal *value)
{
    if (value->special == WARD_POSITIVE_INFINITY)
        return 2;
    if (value->special == WARD_NEGATIVE_INFINITY)
        return -2;
    return sign(value->mantissa);
}

/* By 10^places, from 0 on. Fails, with number unchanged, when it no longer fits. */
static bool scale(int64_t *number, int places)
{
    static const int64_t powers[] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000};
    const size_t count = sizeof(powers) / sizeof(powers[0]);
    int64_t scaled;

    if (*number == 0)
        return true;
    if ((size_t)places >= count || __builtin_mul_overflow(*number, powers[places], &scaled))
        return false;
    *number = scaled;
    return true;
}

/*
 * Brings coarse down to the exponent of fine. Fails when the mantissa no longer fits: then, its fine
 * counterpart fitting, coarse has the greater magnitude.
 */
static bool align(struct ward_decimal *coarse, const struct ward_decimal *fine)
{
    if (coarse->exponent <= fine->exponent)
        return true;
    if (!scale(&coarse->mantissa, coarse->exponent - fine->exponent))
        return false;
    coarse->exponent = fine->exponent;
    return true;
}

/* Of two that are not both finite. */
static bool compare_special(const struct ward_decimal *a, const struct ward_decimal *b, int *ret)
{
    if (!ward_decimal_is_ordered(a) || !ward_decimal_is_ordered(b))
        return false;
    *ret = (side(a) > side(b)) - (side(a) < side(b));
    return true;
}

bool ward_decimal_compare_any(const struct ward_decimal *a, const struct ward_decimal *b, int *ret)
{
    const int places = a->exponent - b->exponent;
    int64_t left = a->mantissa, right = b->mantissa;

    if (!ward_decimal_is_finite(a) || !ward_decimal_is_finite(b))
        return compare_special(a, b, ret);
    if (places > 0 && !scale(&left, places))
        *ret = sign(left); /* it is beyond all that fits, and the other is not */
    else if (places < 0 && !scale(&right, -places))
        *ret = -sign(right);
    else
        *ret = (left > right) - (left < right);
    return true;
}

bool ward_decimal_add(const struct ward_decimal *a, const struct ward_decimal *b, struct ward_decimal *ret)
{
    struct ward_decimal left = ward_decimal_normalise(*a);
    struct ward_decimal right = ward_decimal_normalise(*b);
    struct ward_decimal sum = {0};

    if (!ward_decimal_is_finite(a)) {
        *ret = *a;
        return true;
    }
    if (left.mantissa == 0 || right.mantissa == 0) {
        *ret = left.mantissa == 0 ? right : left;
        return true;
    }
    if (!align(&left, &right) || !align(&right, &left) ||
        __builtin_add_overflow(left.mantissa, right.mantissa, &sum.mantissa))
        return false;
    sum.exponent = left.exponent;
    *ret = ward_decimal_normalise(sum);
    return true;
}

bool ward_decimal_multiply(const struct ward_decimal *a, const struct ward_decimal *b,
                           struct ward_decimal *ret)
{
    const struct ward_decimal left = ward_decimal_normalise(*a);
    const struct ward_decimal right = ward_decimal_normalise(*b);
    const int exponent = left.exponent + right.exponent;
    struct ward_decimal product = {0};

    if (!ward_decimal_is_finite(a)) {
        *ret = *a;
        return true;
    }
    if (exponent < INT8_MIN || exponent > INT8_MAX ||
        __builtin_mul_overflow(left.mantissa, right.mantissa, &product.mantissa))
        return false;
    product.exponent = (int8_t)exponent;
    *ret = ward_decimal_normalise(product);
    return true;
}

struct ward_decimal ward_decimal_round(struct ward_decimal value, int places)
{
    int64_t last = 0; /* the digit dropped last, with the sign of the mantissa */

    if (!ward_decimal_is_finite(&value) || value.exponent >= -places)
        return value;
    while (value.exponent < -places && value.exponent < INT8_MAX) {
        last = value.mantissa % 10;
        value.mantissa /= 10;
        value.exponent++;
    }
    if (last >= 5)
        value.mantissa++;
    else if (last <= -5)
        value.mantissa--;
    return ward_decimal_normalise(value);
}

/* (°F − 32) · 5 / 9, rounded to 6 places: the one conversion that has no end. */
static bool celsius_of(const struct ward_decimal *fahrenheit, struct ward_decimal *ret)
{
    const struct ward_decimal offset = {.mantissa = -32};
    const struct ward_decimal five = {.mantissa = 5};
    const struct ward_decimal guard = {.exponent = -8}; /* two places more than are kept */
    struct ward_decimal scaled;

    if (!ward_decimal_is_finite(fahrenheit)) {
        *ret = *fahrenheit;
        return true;
    }
    if (!ward_decimal_add(fahrenheit, &offset, &scaled) || !ward_decimal_multiply(&scaled, &five, &scaled))
        return false;
    scaled = ward_decimal_round(scaled, -guard.exponent);
    if (!align(&scaled, &guard))
        return false;
    scaled.mantissa /= 9;
    *ret = ward_decimal_round(scaled, 6);
    return true;
}

bool ward_decimal_convert(const struct ward_decimal *value, enum ward_unit from, struct ward_decimal *ret)
{
    /* 1 kPa = 7.500615758 mmHg; 1 lb = 0.45359237 kg; 1 kg/L of glucose (180.156 g/mol) = 5550.74491 mmol/L. */
    static const struct ward_decimal factors[] = {
        [WARD_UNIT_KILOPASCAL] = {.mantissa = 7500615758, .exponent = -9},
        [WARD_UNIT_POUND] = {.mantissa = 45359237, .exponent = -8},
        [WARD_UNIT_GLUCOSE_KG_PER_LITRE] = {.mantissa = 555074491, .exponent = -5},
        [WARD_UNIT_GLUCOSE_MG_PER_DL] = {.mantissa = 555074491, .exponent = -10},
        [WARD_UNIT_MOLE_PER_LITRE] = {.mantissa = 1, .exponent = 3},
        [WARD_UNIT_GRAM] = {.mantissa = 1, .exponent = -3},
        [WARD_UNIT_METRE] = {.mantissa = 1, .exponent = 2},
        [WARD_UNIT_INCH] = {.mantissa = 254, .exponent = -2},
    };

    if (from == WARD_UNIT_FAHRENHEIT)
        return celsius_of(value, ret);
    return ward_decimal_multiply(value, &factors[from], ret);
}
