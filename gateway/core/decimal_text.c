/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decimal.h"

#include <string.h>

/* Digits of a mantissa, and where the decimal point stands among them: 0.DIGITS · 10^point. */
struct digits {
    char text[20];
    int count;
    int point;
};

static struct digits digits_of(const struct ward_decimal *value)
{
    uint64_t magnitude = value->mantissa < 0 ? 0 - (uint64_t)value->mantissa : (uint64_t)value->mantissa;
    struct digits digits = {.count = 0};
    char reversed[sizeof(digits.text)] = {0};
    int zeros = 0;
    int length = 0;

    while (magnitude != 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        zeros++;
    }
    for (; magnitude != 0; magnitude /= 10)
        reversed[length++] = (char)('0' + (char)(magnitude % 10));
    while (digits.count < length) {
        digits.text[digits.count] = reversed[length - 1 - digits.count];
        digits.count++;
    }
    digits.point = digits.count + zeros + value->exponent;
    return digits;
}

static char *put(char *end, const char *text, int count)
{
    memcpy(end, text, (size_t)count);
    return end + count;
}

static char *put_zeros(char *end, int count)
{
    for (int i = 0; i < count; i++)
        *end++ = '0';
    return end;
}

static char *put_exponential(char *end, const struct digits *digits)
{
    int exponent = digits->point - 1;

    *end++ = digits->text[0];
    if (digits->count > 1) {
        *end++ = '.';
        end = put(end, digits->text + 1, digits->count - 1);
    }
    *end++ = 'e';
    *end++ = exponent < 0 ? '-' : '+';
    if (exponent < 0)
        exponent = -exponent;
    if (exponent >= 100)
        *end++ = (char)('0' + exponent / 100);
    if (exponent >= 10)
        *end++ = (char)('0' + exponent / 10 % 10);
    *end++ = (char)('0' + exponent % 10);
    return end;
}

/* The four cases of ECMAScript's Number::toString (ECMA-262 §6.1.6.1.20), which RFC 8785 §3.2.2.3 prescribes. */
size_t ward_decimal_print(const struct ward_decimal *value, char text[WARD_DECIMAL_TEXT_SIZE])
{
    const int largest_plain = 21;
    const int smallest_plain = -6;
    char *end = text;

    if (!ward_decimal_is_finite(value))
        return 0;

    const struct digits digits = digits_of(value);

    if (value->mantissa < 0)
        *end++ = '-';
    if (digits.count == 0) {
        *end++ = '0';
    } else if (digits.point > largest_plain || digits.point <= smallest_plain) {
        end = put_exponential(end, &digits);
    } else if (digits.point >= digits.count) {
        end = put(end, digits.text, digits.count);
        end = put_zeros(end, digits.point - digits.count);
    } else if (digits.point > 0) {
        end = put(end, digits.text, digits.point);
        *end++ = '.';
        end = put(end, digits.text + digits.point, digits.count - digits.point);
    } else {
        end = put(end, "0.", 2);
        end = put_zeros(end, -digits.point);
        end = put(end, digits.text, digits.count);
    }
    *end = '\0';
    return (size_t)(end - text);
}

/* A reader of one JSON number. `exponent` is kept wide and checked once, at the end. */
struct scanner {
    const char *next;
    const char *end;
    int64_t mantissa;
    long exponent;
    long pending_zeros; /* zeros read but not in the mantissa yet: only a later digit makes them count */
    bool overflow;
};

static bool at_digit(const struct scanner *scanner)
{
    return scanner->next < scanner->end && *scanner->next >= '0' && *scanner->next <= '9';
}

static bool accept(struct scanner *scanner, char character)
{
    if (scanner->next == scanner->end || *scanner->next != character)
        return false;
    scanner->next++;
    return true;
}

static void push(struct scanner *scanner, int digit)
{
    if (digit == 0) {
        scanner->pending_zeros++;
        return;
    }
    for (; scanner->pending_zeros > 0 && scanner->mantissa != 0; scanner->pending_zeros--)
        scanner->overflow |= __builtin_mul_overflow(scanner->mantissa, (int64_t)10, &scanner->mantissa);
    scanner->pending_zeros = 0;
    /* Kept negative until the end, since that side reaches one further. */
    scanner->overflow |= __builtin_mul_overflow(scanner->mantissa, (int64_t)10, &scanner->mantissa);
    scanner->overflow |= __builtin_sub_overflow(scanner->mantissa, (int64_t)digit, &scanner->mantissa);
}

static bool scan_mantissa(struct scanner *scanner)
{
    if (!at_digit(scanner))
        return false;
    if (!accept(scanner, '0')) {
        while (at_digit(scanner))
            push(scanner, *scanner->next++ - '0');
    } else if (at_digit(scanner)) {
        return false; /* JSON has no leading zeros */
    }
    if (accept(scanner, '.')) {
        if (!at_digit(scanner))
            return false;
        while (at_digit(scanner)) {
            push(scanner, *scanner->next++ - '0');
            scanner->exponent--;
        }
    }
    scanner->exponent += scanner->pending_zeros;
    return true;
}

static bool scan_exponent(struct scanner *scanner)
{
    const long far_out = 100000; /* beyond any exponent that fits, and far from overflow */
    long exponent = 0;
    bool negative;

    if (!accept(scanner, 'e') && !accept(scanner, 'E'))
        return true;
    negative = accept(scanner, '-');
    if (!negative)
        (void)accept(scanner, '+');
    if (!at_digit(scanner))
        return false;
    while (at_digit(scanner)) {
        const long digit = *scanner->next++ - '0';

        if (exponent < far_out)
            exponent = exponent * 10 + digit;
    }
    scanner->exponent += negative ? -exponent : exponent;
    return true;
}

bool ward_decimal_parse(const char *text, size_t length, struct ward_decimal *ret)
{
    struct scanner scanner = {.next = text, .end = text + length};
    const bool negative = accept(&scanner, '-');

    if (!scan_mantissa(&scanner) || !scan_exponent(&scanner) || scanner.next != scanner.end)
        return false;
    if (scanner.mantissa == 0 && !scanner.overflow) {
        *ret = (struct ward_decimal){.special = WARD_FINITE};
        return true;
    }
    if (scanner.overflow || scanner.exponent < INT8_MIN || scanner.exponent > INT8_MAX ||
        (!negative && scanner.mantissa == INT64_MIN))
        return false;
    *ret = (struct ward_decimal){.mantissa = negative ? scanner.mantissa : -scanner.mantissa,
                                 .exponent = (int8_t)scanner.exponent};
    return true;
}
