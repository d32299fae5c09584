/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers are laid out as ECMAScript does (ECMA-262, Number::toString): with k digits and the decimal point after the
 * n-th, plain for -6 < n <= 21 and with an exponent beyond. Printed numbers keep the zeros that the device sent;
 * canonical ones drop them, and then equal what ECMAScript makes of the double, as long as they have at most 15
 * digits: up to there decimal → double → shortest decimal is the identity.
 */
#include <string.h>

#include "core/json_private.h"

#define DIGITS_MAX           20                        /* of a uint64_t */
#define DIGITS_EXACT         15                        /* that survive a double */
#define INTEGER_EXACT        ((UINT64_C(1) << 53) - 1) /* RFC 7493 §2.2 */
#define PLAIN_INTEGER_DIGITS 21
#define PLAIN_LEADING_ZEROS  6

static const char zeros[] = "0000000000000000000000000";

/* The decimal digits, at the end of the room. Two at a time: a division for each is most of what a number costs. */
static const char *format_digits(uint64_t number, char room[DIGITS_MAX], int *ret_count)
{
    char *at = room + DIGITS_MAX;

    for (; number >= 100; number /= 100) {
        const unsigned pair = (unsigned)(number % 100);

        *--at = (char)('0' + pair % 10);
        *--at = (char)('0' + pair / 10);
    }
    if (number >= 10) {
        *--at = (char)('0' + number % 10);
        number /= 10;
    }
    *--at = (char)('0' + number);
    *ret_count = (int)(room + DIGITS_MAX - at);
    return at;
}

static void put_integer(struct ward_json *json, uint64_t magnitude, bool negative)
{
    char room[DIGITS_MAX];
    int count;
    const char *digits = format_digits(magnitude, room, &count);

    if (json->numbers == WARD_JSON_CANONICAL && magnitude > INTEGER_EXACT) {
        ward_json_set_fault(json, WARD_JSON_INEXACT);
        return;
    }
    ward_json_value(json);
    if (negative) {
        ward_json_put(json, "-", 1);
    }
    ward_json_put(json, digits, (size_t)count);
}

static uint64_t magnitude_of(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

void ward_json_uint(struct ward_json *json, uint64_t value)
{
    put_integer(json, value, false);
}

void ward_json_int(struct ward_json *json, int64_t value)
{
    put_integer(json, magnitude_of(value), value < 0);
}

static void put_scientific(struct ward_json *json, const char *digits, int count, int point)
{
    char room[DIGITS_MAX];
    int power = point - 1;
    int exponent_count;
    const char *exponent = format_digits(magnitude_of(power), room, &exponent_count);

    ward_json_put(json, digits, 1);
    if (count > 1) {
        ward_json_put(json, ".", 1);
        ward_json_put(json, digits + 1, (size_t)(count - 1));
    }
    ward_json_put(json, power < 0 ? "e-" : "e+", 2);
    ward_json_put(json, exponent, (size_t)exponent_count);
}

/* The point stands after the digit number `point`, which may lie before the first or behind the last. */
static void put_digits(struct ward_json *json, const char *digits, int count, int point)
{
    if (point > PLAIN_INTEGER_DIGITS || point <= -PLAIN_LEADING_ZEROS) {
        put_scientific(json, digits, count, point);
    } else if (point >= count) {
        ward_json_put(json, digits, (size_t)count);
        ward_json_put(json, zeros, (size_t)(point - count));
    } else if (point > 0) {
        ward_json_put(json, digits, (size_t)point);
        ward_json_put(json, ".", 1);
        ward_json_put(json, digits + point, (size_t)(count - point));
    } else {
        ward_json_put(json, "0.", 2);
        ward_json_put(json, zeros, (size_t)-point);
        ward_json_put(json, digits, (size_t)count);
    }
}

void ward_json_decimal(struct ward_json *json, struct ward_decimal value)
{
    char room[DIGITS_MAX];
    uint64_t magnitude = magnitude_of(value.mantissa);
    int exponent = (int)value.exponent;
    bool canonical = json->numbers == WARD_JSON_CANONICAL;

    if (value.special != WARD_FINITE) {
        ward_json_null(json);
        return;
    }
    if (magnitude == 0 && (canonical || exponent > 0)) {
        exponent = 0;
    }
    while (canonical && magnitude > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        exponent++;
    }
    int count;
    const char *digits = format_digits(magnitude, room, &count);
    if (canonical && count > DIGITS_EXACT) {
        ward_json_set_fault(json, WARD_JSON_INEXACT);
        return;
    }
    ward_json_value(json);
    if (value.mantissa < 0) {
        ward_json_put(json, "-", 1);
    }
    put_digits(json, digits, count, count + exponent);
}
