/* SPDX-License-Identifier: Apache-2.0 */
/* IEEE 11073-20601 §F.6, and every one of the 65,536 SFLOATs there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/sfloat.h"

static void assert_decodes(uint16_t bits, int64_t mantissa, int exponent)
{
    const struct ward_decimal value = ward_sfloat_decode(bits);

    assert_int_equal(value.special, WARD_FINITE);
    assert_int_equal(value.mantissa, mantissa);
    assert_int_equal(value.exponent, exponent);
}

static void finite_values(void **state)
{
    (void)state;
    assert_decodes(0x0062, 98, 0);
    assert_decodes(0xF16C, 364, -1);
    assert_decodes(0xFFFF, -1, -1);
    assert_decodes(0x0FFF, -1, 0);
    assert_decodes(0x7001, 1, 7);
    assert_decodes(0x8001, 1, -8);
    assert_decodes(0x07FD, 2045, 0);
    assert_decodes(0x0803, -2045, 0);
}

static void specials_only_with_exponent_zero(void **state)
{
    static const struct {
        uint16_t mantissa;
        enum ward_special special;
    } rows[] = {{0x07FF, WARD_NAN},
                {0x0800, WARD_NRES},
                {0x07FE, WARD_POSITIVE_INFINITY},
                {0x0802, WARD_NEGATIVE_INFINITY},
                {0x0801, WARD_RESERVED}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ward_decimal special = ward_sfloat_decode(rows[i].mantissa);

        assert_int_equal(special.special, rows[i].special);
        assert_int_equal(special.mantissa, 0);
        assert_int_equal(ward_sfloat_decode((uint16_t)(0xF000 | rows[i].mantissa)).special, WARD_FINITE);
        assert_int_equal(ward_sfloat_decode((uint16_t)(0x1000 | rows[i].mantissa)).special, WARD_FINITE);
    }
    assert_decodes(0xF7FF, 2047, -1);
    assert_decodes(0xF800, -2048, -1);
}

static void every_sfloat_there_and_back(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits <= UINT16_MAX; bits++) {
        const struct ward_decimal value = ward_sfloat_decode((uint16_t)bits);
        uint16_t again = 0;

        assert_true(ward_sfloat_encode(&value, &again));
        if (value.mantissa == 0 && value.special == WARD_FINITE)
            assert_int_equal(again, 0); /* the many spellings of zero become one */
        else
            assert_int_equal(again, bits);
    }
}

static void encode_finds_a_spelling_or_refuses(void **state)
{
    uint16_t bits = 0xAAAA;

    (void)state;
    assert_true(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 36400, .exponent = -3}, &bits));
    assert_int_equal(bits, 0xF16C);
    assert_true(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 2, .exponent = 9}, &bits));
    assert_int_equal(bits, 0x70C8);
    assert_true(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 100, .exponent = -10}, &bits));
    assert_int_equal(bits, 0x8001);

    bits = 0xAAAA;
    assert_false(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 2049}, &bits));
    assert_false(
        ward_sfloat_encode(&(struct ward_decimal){.mantissa = 2046}, &bits)); /* the pattern of +INFINITY */
    assert_false(ward_sfloat_encode(&(struct ward_decimal){.mantissa = -2048}, &bits)); /* of NRes */
    assert_false(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 1, .exponent = -9}, &bits));
    assert_false(ward_sfloat_encode(&(struct ward_decimal){.mantissa = 205, .exponent = 8}, &bits));
    assert_false(ward_sfloat_encode(&(struct ward_decimal){.mantissa = INT64_MIN, .exponent = 0}, &bits));
    assert_int_equal(bits, 0xAAAA);
}

static void float_both_ways(void **state)
{
    static const struct {
        uint32_t bits;
        struct ward_decimal value;
    } rows[] = {{0xFF00016C, {.mantissa = 364, .exponent = -1}},
                {0xFEFFF8D0, {.mantissa = -1840, .exponent = -2}},
                {0x007FFFFF, {.special = WARD_NAN}},
                {0x00800000, {.special = WARD_NRES}},
                {0x007FFFFE, {.special = WARD_POSITIVE_INFINITY}},
                {0x00800002, {.special = WARD_NEGATIVE_INFINITY}},
                {0x00800001, {.special = WARD_RESERVED}},
                {0x80000001, {.mantissa = 1, .exponent = -128}},
                {0x7F7FFFFF, {.mantissa = 8388607, .exponent = 127}}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct ward_decimal value = ward_float_decode(rows[i].bits);
        uint32_t bits;

        assert_int_equal(value.special, rows[i].value.special);
        assert_int_equal(value.mantissa, rows[i].value.mantissa);
        assert_int_equal(value.exponent, rows[i].value.exponent);
        assert_true(ward_float_encode(&rows[i].value, &bits));
        assert_int_equal(bits, rows[i].bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_values),
        cmocka_unit_test(specials_only_with_exponent_zero),
        cmocka_unit_test(every_sfloat_there_and_back),
        cmocka_unit_test(encode_finds_a_spelling_or_refuses),
        cmocka_unit_test(float_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
