/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sfloat.h"

/* SFLOAT and FLOAT are one format in two widths. */
struct format {
    uint8_t mantissa_bits;
    uint8_t exponent_bits;
};

static const struct format sfloat_format = {.mantissa_bits = 12, .exponent_bits = 4};
static const struct format float_format = {.mantissa_bits = 24, .exponent_bits = 8};

/* Mantissas that are no numbers with exponent 0, as distances from the most positive and most negative mantissa. */
enum {
    NAN_BELOW_MAXIMUM = 0,
    POSITIVE_INFINITY_BELOW_MAXIMUM = 1,
    NRES_ABOVE_MINIMUM = 0,
    RESERVED_ABOVE_MINIMUM = 1,
    NEGATIVE_INFINITY_ABOVE_MINIMUM = 2,
};

static int64_t maximum_of(uint8_t bits)
{
    return ((int64_t)1 << (bits - 1)) - 1;
}

static int64_t minimum_of(uint8_t bits)
{
    return -((int64_t)1 << (bits - 1));
}

static int64_t sign_extend(uint32_t field, uint8_t bits)
{
    return field > (uint32_t)maximum_of(bits) ? (int64_t)field - ((int64_t)1 << bits) : (int64_t)field;
}

static enum ward_special special_of(int64_t mantissa, const struct format *format)
{
    const int64_t below = maximum_of(format->mantissa_bits) - mantissa;
    const int64_t above = mantissa - minimum_of(format->mantissa_bits);

    if (below == NAN_BELOW_MAXIMUM)
        return WARD_NAN;
    if (below == POSITIVE_INFINITY_BELOW_MAXIMUM)
        return WARD_POSITIVE_INFINITY;
    if (above == NRES_ABOVE_MINIMUM)
        return WARD_NRES;
    if (above == RESERVED_ABOVE_MINIMUM)
        return WARD_RESERVED;
    if (above == NEGATIVE_INFINITY_ABOVE_MINIMUM)
        return WARD_NEGATIVE_INFINITY;
    return WARD_FINITE;
}

static struct ward_decimal decode(uint32_t bits, const struct format *format)
{
    const uint32_t mantissa_field = bits & (((uint32_t)1 << format->mantissa_bits) - 1);
    const int64_t mantissa = sign_extend(mantissa_field, format->mantissa_bits);
    const int64_t exponent = sign_extend(bits >> format->mantissa_bits, format->exponent_bits);
    const enum ward_special special = exponent == 0 ? special_of(mantissa, format) : WARD_FINITE;

    if (special != WARD_FINITE)
        return (struct ward_decimal){.special = (uint8_t)special};
    return (struct ward_decimal){.mantissa = mantissa, .exponent = (int8_t)exponent};
}

static uint32_t pack(int64_t mantissa, int exponent, const struct format *format)
{
    const uint32_t mantissa_mask = ((uint32_t)1 << format->mantissa_bits) - 1;
    const uint32_t exponent_mask = ((uint32_t)1 << format->exponent_bits) - 1;

    return ((uint32_t)mantissa & mantissa_mask) |
           (((uint32_t)exponent & exponent_mask) << format->mantissa_bits);
}

/* ÷10 brings a large mantissa into range, ×10 a large exponent; neither may lose a digit. */
static bool encode_finite(int64_t mantissa, int exponent, const struct format *format, uint32_t *ret)
{
    const int64_t maximum = maximum_of(format->mantissa_bits);
    const int64_t minimum = minimum_of(format->mantissa_bits);
    const int exponent_maximum = (int)maximum_of(format->exponent_bits);
    const int exponent_minimum = (int)minimum_of(format->exponent_bits);

    if (mantissa == 0)
        exponent = 0;
    while (mantissa != 0 && mantissa % 10 == 0 &&
           (mantissa > maximum || mantissa < minimum || exponent < exponent_minimum)) {
        mantissa /= 10;
        exponent++;
    }
    while (exponent > exponent_maximum && mantissa <= maximum / 10 && mantissa >= minimum / 10) {
        mantissa *= 10;
        exponent--;
    }
    if (mantissa > maximum || mantissa < minimum || exponent > exponent_maximum ||
        exponent < exponent_minimum)
        return false;
    /* No special's mantissa is a multiple of ten, so a number with such a pattern has no second spelling. */
    if (exponent == 0 && special_of(mantissa, format) != WARD_FINITE)
        return false;
    *ret = pack(mantissa, exponent, format);
    return true;
}

static bool encode(const struct ward_decimal *value, const struct format *format, uint32_t *ret)
{
    const int64_t maximum = maximum_of(format->mantissa_bits);
    const int64_t minimum = minimum_of(format->mantissa_bits);

    switch ((enum ward_special)value->special) {
    case WARD_FINITE: return encode_finite(value->mantissa, value->exponent, format, ret);
    case WARD_NAN: *ret = pack(maximum - NAN_BELOW_MAXIMUM, 0, format); return true;
    case WARD_POSITIVE_INFINITY:
        *ret = pack(maximum - POSITIVE_INFINITY_BELOW_MAXIMUM, 0, format);
        return true;
    case WARD_NRES: *ret = pack(minimum + NRES_ABOVE_MINIMUM, 0, format); return true;
    case WARD_RESERVED: *ret = pack(minimum + RESERVED_ABOVE_MINIMUM, 0, format); return true;
    case WARD_NEGATIVE_INFINITY:
        *ret = pack(minimum + NEGATIVE_INFINITY_ABOVE_MINIMUM, 0, format);
        return true;
    }
    return false;
}

struct ward_decimal ward_sfloat_decode(uint16_t bits)
{
    return decode(bits, &sfloat_format);
}

struct ward_decimal ward_float_decode(uint32_t bits)
{
    return decode(bits, &float_format);
}

bool ward_sfloat_encode(const struct ward_decimal *value, uint16_t *ret)
{
    uint32_t bits;

    if (!encode(value, &sfloat_format, &bits))
        return false;
    *ret = (uint16_t)bits;
    return true;
}

bool ward_float_encode(const struct ward_decimal *value, uint32_t *ret)
{
    return encode(value, &float_format, ret);
}
