/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/decimal.h"
#include "core/quantity.h"
#include "core/reading.h"

static struct ward_decimal parsed(const char *text)
{
    struct ward_decimal value;

    assert_true(ward_decimal_parse(text, strlen(text), &value));
    return value;
}

static void assert_prints(struct ward_decimal value, const char *expected)
{
    char text[WARD_DECIMAL_TEXT_SIZE];

    assert_int_equal(ward_decimal_print(&value, text), strlen(expected));
    assert_string_equal(text, expected);
}

static int compared(const char *a, const char *b)
{
    const struct ward_decimal left = parsed(a);
    const struct ward_decimal right = parsed(b);
    int order = 99;

    assert_true(ward_decimal_compare(&left, &right, &order));
    return order;
}

static void compares_exactly(void **state)
{
    (void)state;
    assert_int_equal(compared("36.4", "36.40"), 0);
    assert_int_equal(compared("92.9999999999", "93"), -1);
    assert_int_equal(compared("-0.1", "0"), -1);
    assert_int_equal(compared("0e9", "0"), 0);
    assert_int_equal(compared("-2", "-1"), -1);
    assert_int_equal(compared("1e120", "9.99e119"), 1);
    assert_int_equal(compared("-1e120", "1e-120"), -1);
    assert_int_equal(compared("-1e120", "-1e-120"), -1);
    assert_int_equal(compared("1e-120", "1e120"), -1);
    assert_int_equal(compared("9223372036854775807", "922337203685477580.7"), 1);
    assert_int_equal(compared("-9223372036854775808", "-9223372036854775807"), -1);
}

static void what_has_no_order_does_not_compare(void **state)
{
    const struct ward_decimal high = {.special = WARD_POSITIVE_INFINITY};
    const struct ward_decimal low = {.special = WARD_NEGATIVE_INFINITY};
    const struct ward_decimal nan = {.special = WARD_NAN};
    const struct ward_decimal huge = {.mantissa = INT64_MAX, .exponent = INT8_MAX};
    int order = 99;

    (void)state;
    assert_false(ward_decimal_compare(&nan, &huge, &order));
    assert_false(ward_decimal_compare(&huge, &nan, &order));
    assert_false(ward_decimal_compare(&nan, &nan, &order));
    assert_int_equal(order, 99);
    assert_true(ward_decimal_compare(&high, &huge, &order));
    assert_int_equal(order, 1);
    assert_true(ward_decimal_compare(&low, &high, &order));
    assert_int_equal(order, -1);
    assert_true(ward_decimal_compare(&low, &low, &order));
    assert_int_equal(order, 0);
}

static void prints_as_json_numbers(void **state)
{
    char text[WARD_DECIMAL_TEXT_SIZE];

    (void)state;
    assert_prints((struct ward_decimal){.mantissa = 364, .exponent = -1}, "36.4");
    assert_prints((struct ward_decimal){.mantissa = 3640, .exponent = -2}, "36.4");
    assert_prints((struct ward_decimal){.mantissa = 960, .exponent = -1}, "96");
    assert_prints((struct ward_decimal){.mantissa = -1, .exponent = -1}, "-0.1");
    assert_prints((struct ward_decimal){.mantissa = 0, .exponent = 7}, "0");
    assert_prints((struct ward_decimal){.mantissa = 2047, .exponent = 7}, "20470000000");
    assert_prints((struct ward_decimal){.mantissa = 5, .exponent = -6}, "0.000005");
    assert_prints((struct ward_decimal){.mantissa = 5, .exponent = -7}, "5e-7");
    assert_prints((struct ward_decimal){.mantissa = 123, .exponent = -9}, "1.23e-7");
    assert_prints((struct ward_decimal){.mantissa = 1, .exponent = 20}, "100000000000000000000");
    assert_prints((struct ward_decimal){.mantissa = 1, .exponent = 21}, "1e+21");
    assert_prints((struct ward_decimal){.mantissa = INT64_MIN, .exponent = INT8_MAX},
                  "-9.223372036854775808e+145");
    assert_prints((struct ward_decimal){.mantissa = INT64_MIN, .exponent = -24},
                  "-0.000009223372036854775808");
    assert_int_equal(ward_decimal_print(&(struct ward_decimal){.special = WARD_NAN}, text), 0);
}

static void parses_json_numbers_only(void **state)
{
    static const char *const bad[] = {"",       "-",
                                      "+1",     "01",
                                      "1.",     ".5",
                                      "1e",     "1e+",
                                      "1x",     " 1",
                                      "0x10",   "NaN",
                                      "--1",    "1.2.3",
                                      "1e200",  "12345678901234567891",
                                      "1e-200", "9223372036854775808"};
    struct ward_decimal value = {.mantissa = 7};

    (void)state;
    assert_prints(parsed("0.0050"), "0.005");
    assert_prints(parsed("-12.50e1"), "-125");
    assert_prints(parsed("100000000000000000000000"), "1e+23");
    assert_prints(parsed("0e99999999999999999999"), "0");
    assert_prints(parsed("-0"), "0");
    assert_prints(parsed("10.0203"), "10.0203");
    assert_prints(parsed("-9223372036854775808"), "-9223372036854775808");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(ward_decimal_parse(bad[i], strlen(bad[i]), &value));
    assert_int_equal(value.mantissa, 7);
}

static void converts_units(void **state)
{
    static const struct {
        enum ward_unit from;
        const char *value;
        const char *expected;
    } rows[] = {{WARD_UNIT_KILOPASCAL, "12.07", "90.53243219906"},
                {WARD_UNIT_KILOPASCAL, "16.0", "120.009852128"},
                {WARD_UNIT_FAHRENHEIT, "98.6", "37"},
                {WARD_UNIT_FAHRENHEIT, "101.4", "38.555556"},
                {WARD_UNIT_FAHRENHEIT, "-40", "-40"},
                {WARD_UNIT_FAHRENHEIT, "32", "0"},
                {WARD_UNIT_POUND, "165.5", "75.069537235"},
                {WARD_UNIT_GLUCOSE_KG_PER_LITRE, "0.001", "5.55074491"},
                {WARD_UNIT_MOLE_PER_LITRE, "0.0055", "5.5"}};
    struct ward_decimal huge = {.mantissa = INT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ward_decimal value = parsed(rows[i].value);

        assert_true(ward_decimal_convert(&value, rows[i].from, &value));
        assert_prints(value, rows[i].expected);
    }
    assert_false(ward_decimal_convert(&huge, WARD_UNIT_KILOPASCAL, &huge));
    assert_false(ward_decimal_convert(&huge, WARD_UNIT_FAHRENHEIT, &huge));
    assert_int_equal(huge.mantissa, INT64_MAX);

    struct ward_decimal nan = {.special = WARD_NAN};

    assert_true(ward_decimal_convert(&nan, WARD_UNIT_FAHRENHEIT, &nan));
    assert_int_equal(nan.special, WARD_NAN);
    assert_true(ward_decimal_convert(&nan, WARD_UNIT_KILOPASCAL, &nan));
    assert_int_equal(nan.special, WARD_NAN);
}

static void rounds_half_away_from_zero(void **state)
{
    (void)state;
    assert_prints(ward_decimal_round(parsed("36.45"), 1), "36.5");
    assert_prints(ward_decimal_round(parsed("-36.45"), 1), "-36.5");
    assert_prints(ward_decimal_round(parsed("36.449"), 1), "36.4");
    assert_prints(ward_decimal_round(parsed("96"), 1), "96");
    assert_prints(ward_decimal_round(parsed("4e-30"), 0), "0");
}

static void every_quantity_has_a_row(void **state)
{
    (void)state;
    for (uint8_t i = WARD_QUANTITY_NONE + 1; i < WARD_QUANTITY_COUNT; i++) {
        const struct ward_quantity_info *info = ward_quantity_info(i);

        assert_non_null(info->name);
        assert_true(info->name[0] != '\0');
        assert_non_null(info->label);
        assert_non_null(info->unit);
        if (i != WARD_PULSE_RATE_CUFF && i < WARD_GLUCOSE_CAPILLARY_PLASMA)
            assert_int_equal(ward_quantity_by_name(info->name), i);
        assert_int_equal(ward_quantity_by_code(info->name, info->mdc), i);
        assert_true(ward_quantity_judged_as(i) < 32);
    }
    assert_string_equal(ward_quantity_info(WARD_PULSE_RATE_CUFF)->name, "pulse_rate");
    assert_int_equal(ward_quantity_by_name("pulse_rate"), WARD_PULSE_RATE);
    assert_int_equal(ward_quantity_by_name(""), WARD_QUANTITY_NONE);
    assert_string_equal(ward_quantity_info(WARD_QUANTITY_COUNT)->name, "");
}

/* Limits are set for glucose and for the pulse; what these were measured in does not change them. */
static void limits_apply_to_every_sample(void **state)
{
    (void)state;
    assert_int_equal(ward_quantity_by_name("glucose"), WARD_GLUCOSE);
    assert_int_equal(ward_quantity_by_code("glucose", 160196), WARD_GLUCOSE_VENOUS_PLASMA);
    assert_int_equal(ward_quantity_by_code("glucose", 1), WARD_GLUCOSE);
    for (uint8_t i = WARD_GLUCOSE_CAPILLARY_PLASMA; i < WARD_GLUCOSE_CONTROL; i++)
        assert_int_equal(ward_quantity_judged_as(i), WARD_GLUCOSE);
    assert_int_equal(ward_quantity_judged_as(WARD_GLUCOSE_CONTROL), WARD_QUANTITY_NONE);
    assert_int_equal(ward_quantity_judged_as(WARD_PULSE_RATE_CUFF), WARD_PULSE_RATE);
    assert_int_equal(ward_quantity_judged_as(WARD_SPO2), WARD_SPO2);
}

static bool plausible(uint8_t quantity, const char *text)
{
    const struct ward_value value = {.quantity = quantity, .number = parsed(text)};

    return ward_quantity_is_plausible(&value);
}

static void plausibility_includes_its_bounds(void **state)
{
    struct ward_value low = {.quantity = WARD_GLUCOSE, .number = {.special = WARD_NEGATIVE_INFINITY}};

    (void)state;
    assert_true(plausible(WARD_SPO2, "30"));
    assert_true(plausible(WARD_SPO2, "100.0"));
    assert_false(plausible(WARD_SPO2, "29.9"));
    assert_false(plausible(WARD_SPO2, "100.1"));
    assert_false(plausible(WARD_GLUCOSE, "-0.1"));
    assert_false(plausible(WARD_HEART_RATE, "0"));
    assert_true(plausible(WARD_MOVEMENT, "-1e9"));
    assert_true(ward_quantity_is_plausible(&low));
}

static void names_go_both_ways(void **state)
{
    uint8_t number = 99;
    uint32_t reason = 0;

    (void)state;
    assert_true(ward_record_kind_by_name("unmonitored", &number));
    assert_int_equal(number, WARD_RECORD_UNMONITORED);
    assert_string_equal(ward_record_kind_name(WARD_READING_STORED), "stored");
    assert_true(ward_quality_by_name("invalid", &number));
    assert_int_equal(number, WARD_INVALID);
    assert_false(ward_quality_by_name("good", &number));
    assert_int_equal(number, WARD_INVALID);
    assert_true(ward_clock_quality_by_name("estimated", &number));
    assert_int_equal(number, WARD_CLOCK_ESTIMATED);
    assert_true(ward_link_security_by_name("bonded-unproved", &number));
    assert_int_equal(number, WARD_LINK_BONDED_UNPROVED);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++) {
        assert_true(ward_reason_by_name(ward_reason_name(i), &reason));
        assert_int_equal(reason, 1u << i);
    }
    assert_null(ward_reason_name(WARD_REASON_COUNT));
    assert_null(ward_quality_name(3));
}

static void ids_are_checked(void **state)
{
    char long_id[WARD_ID_MAX + 2];
    struct ward_id id = {.text = "p-1"};

    (void)state;
    memset(long_id, 'a', sizeof(long_id));
    long_id[WARD_ID_MAX + 1] = '\0';
    assert_false(ward_id_set(&id, long_id));
    assert_false(ward_id_set(&id, ""));
    assert_false(ward_id_set(&id, "a/b"));
    assert_false(ward_id_set(&id, "a b"));
    assert_false(ward_id_set(&id, "é"));
    assert_string_equal(id.text, "p-1");
    long_id[WARD_ID_MAX] = '\0';
    assert_true(ward_id_set(&id, long_id));
    assert_true(ward_id_set(&id, "Z-9"));
    assert_string_equal(id.text, "Z-9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_exactly),
        cmocka_unit_test(what_has_no_order_does_not_compare),
        cmocka_unit_test(prints_as_json_numbers),
        cmocka_unit_test(parses_json_numbers_only),
        cmocka_unit_test(converts_units),
        cmocka_unit_test(rounds_half_away_from_zero),
        cmocka_unit_test(every_quantity_has_a_row),
        cmocka_unit_test(limits_apply_to_every_sample),
        cmocka_unit_test(plausibility_includes_its_bounds),
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(ids_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
