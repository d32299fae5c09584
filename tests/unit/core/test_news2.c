/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEWS2 against the chart of the Royal College of Physicians (2017): every band, both sides of every edge, inside every
 * gap, both SpO2 scales, and what is not known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/decimal.h"
#include "core/news2.h"
#include "core/quantity.h"

#define AIR    "0"
#define OXYGEN "1"

static struct ward_decimal number(const char *text)
{
    struct ward_decimal value = {.special = WARD_NAN};

    if (strcmp(text, "HI") == 0) {
        value.special = WARD_POSITIVE_INFINITY;
    } else if (strcmp(text, "LO") == 0) {
        value.special = WARD_NEGATIVE_INFINITY;
    } else {
        assert_true(ward_decimal_parse(text, strlen(text), &value));
    }
    return value;
}

static struct ward_news2_input fresh(const char *text)
{
    return (struct ward_news2_input){.presence = WARD_NEWS2_FRESH, .value = number(text)};
}

/* Seven inputs without a point. */
static void well(struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS])
{
    inputs[WARD_NEWS2_RESPIRATION_RATE] = fresh("16");
    inputs[WARD_NEWS2_SPO2] = fresh("97");
    inputs[WARD_NEWS2_OXYGEN] = fresh(AIR);
    inputs[WARD_NEWS2_SYSTOLIC] = fresh("125");
    inputs[WARD_NEWS2_PULSE] = fresh("70");
    inputs[WARD_NEWS2_CONSCIOUSNESS] = fresh("0");
    inputs[WARD_NEWS2_TEMPERATURE] = fresh("36.8");
}

static void expect(enum ward_news2_parameter parameter, const char *text, uint8_t points)
{
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];
    struct ward_news2_score score;

    well(inputs);
    inputs[parameter] = fresh(text);
    score = ward_news2_score(inputs, 1);
    if (score.points[parameter] != points) {
        fail_msg("%s %s scores %u, not %u", ward_quantity_info(ward_news2_quantity(parameter))->name, text,
                 score.points[parameter], points);
    }
    assert_true(score.complete);
    assert_int_equal(score.minimum, points);
    assert_int_equal(score.maximum, points);
    assert_int_equal(score.three_in, points == 3 ? 1u << parameter : 0);
}

static void expect_scale_2(const char *spo2, const char *supply, uint8_t points)
{
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];
    struct ward_news2_score score;

    well(inputs);
    inputs[WARD_NEWS2_SPO2] = fresh(spo2);
    inputs[WARD_NEWS2_OXYGEN] = fresh(supply);
    score = ward_news2_score(inputs, 2);
    if (score.points[WARD_NEWS2_SPO2] != points) {
        fail_msg("scale 2, oxygen %s: %s scores %u, not %u", supply, spo2, score.points[WARD_NEWS2_SPO2],
                 points);
    }
    assert_int_equal(score.minimum, points + (strcmp(supply, OXYGEN) == 0 ? 2 : 0));
    assert_int_equal(score.maximum, score.minimum);
}

/* The chart itself, band by band: whole values from .. to have these points. */
struct chart_band {
    int from, to;
    uint8_t points;
};

static void expect_bands(enum ward_news2_parameter parameter, const struct chart_band *bands, size_t count,
                         int exponent)
{
    for (size_t i = 0; i < count; i++) {
        for (int value = bands[i].from; value <= bands[i].to; value++) {
            struct ward_decimal decimal = {.mantissa = value, .exponent = (int8_t)exponent};
            char text[WARD_DECIMAL_TEXT_SIZE];

            text[ward_decimal_print(&decimal, text)] = '\0';
            expect(parameter, text, bands[i].points);
        }
    }
}

#define BANDS(...)                                                                                           \
    ((const struct chart_band[]){__VA_ARGS__}),                                                              \
        sizeof((const struct chart_band[]){__VA_ARGS__}) / sizeof(struct chart_band)

static void every_whole_value_of_the_chart(void **state)
{
    (void)state;
    expect_bands(WARD_NEWS2_RESPIRATION_RATE,
                 BANDS({1, 8, 3}, {9, 11, 1}, {12, 20, 0}, {21, 24, 2}, {25, 100, 3}), 0);
    expect_bands(WARD_NEWS2_SPO2, BANDS({30, 91, 3}, {92, 93, 2}, {94, 95, 1}, {96, 100, 0}), 0);
    expect_bands(WARD_NEWS2_SYSTOLIC,
                 BANDS({40, 90, 3}, {91, 100, 2}, {101, 110, 1}, {111, 219, 0}, {220, 300, 3}), 0);
    expect_bands(WARD_NEWS2_PULSE,
                 BANDS({15, 40, 3}, {41, 50, 1}, {51, 90, 0}, {91, 110, 1}, {111, 130, 2}, {131, 300, 3}), 0);
    expect_bands(WARD_NEWS2_TEMPERATURE,
                 BANDS({250, 350, 3}, {351, 360, 1}, {361, 380, 0}, {381, 390, 1}, {391, 450, 2}), -1);
    expect_bands(WARD_NEWS2_CONSCIOUSNESS, BANDS({0, 0, 0}, {1, 4, 3}), 0);
    expect_bands(WARD_NEWS2_OXYGEN, BANDS({0, 0, 0}, {1, 1, 2}), 0);
}

static void every_whole_value_of_scale_2(void **state)
{
    static const struct {
        int from, to;
        uint8_t on_air, on_oxygen;
    } bands[] = {{30, 83, 3, 3}, {84, 85, 2, 2}, {86, 87, 1, 1}, {88, 92, 0, 0},
                 {93, 94, 0, 1}, {95, 96, 0, 2}, {97, 100, 0, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++) {
        for (int value = bands[i].from; value <= bands[i].to; value++) {
            struct ward_decimal decimal = {.mantissa = value};
            char text[WARD_DECIMAL_TEXT_SIZE];

            text[ward_decimal_print(&decimal, text)] = '\0';
            expect_scale_2(text, AIR, bands[i].on_air);
            expect_scale_2(text, OXYGEN, bands[i].on_oxygen);
        }
    }
}

/* Inside each gap: below the half to one side, above it to the other, the half to the side that scores more. */
static void inside_every_gap(void **state)
{
    static const struct {
        enum ward_news2_parameter parameter;
        const char *lower, *half, *upper;
        uint8_t below, at_half, above;
    } gaps[] = {
        {WARD_NEWS2_RESPIRATION_RATE, "8.49", "8.5", "8.51", 3, 3, 1},
        {WARD_NEWS2_RESPIRATION_RATE, "11.49", "11.5", "11.51", 1, 1, 0},
        {WARD_NEWS2_RESPIRATION_RATE, "20.4", "20.5", "20.6", 0, 2, 2},
        {WARD_NEWS2_RESPIRATION_RATE, "24.4", "24.5", "24.6", 2, 3, 3},
        {WARD_NEWS2_SPO2, "91.4", "91.5", "91.6", 3, 3, 2},
        {WARD_NEWS2_SPO2, "93.4", "93.5", "93.6", 2, 2, 1},
        {WARD_NEWS2_SPO2, "95.4", "95.5", "95.6", 1, 1, 0},
        {WARD_NEWS2_SYSTOLIC, "90.4", "90.5", "90.6", 3, 3, 2},
        {WARD_NEWS2_SYSTOLIC, "100.4", "100.5", "100.6", 2, 2, 1},
        {WARD_NEWS2_SYSTOLIC, "110.4", "110.5", "110.6", 1, 1, 0},
        {WARD_NEWS2_SYSTOLIC, "219.4", "219.5", "219.6", 0, 3, 3},
        {WARD_NEWS2_PULSE, "40.4", "40.5", "40.6", 3, 3, 1},
        {WARD_NEWS2_PULSE, "50.4", "50.5", "50.6", 1, 1, 0},
        {WARD_NEWS2_PULSE, "90.4", "90.5", "90.6", 0, 1, 1},
        {WARD_NEWS2_PULSE, "110.4", "110.5", "110.6", 1, 2, 2},
        {WARD_NEWS2_PULSE, "130.4", "130.5", "130.6", 2, 3, 3},
        {WARD_NEWS2_TEMPERATURE, "35.049", "35.05", "35.051", 3, 3, 1},
        {WARD_NEWS2_TEMPERATURE, "36.04", "36.05", "36.06", 1, 1, 0},
        {WARD_NEWS2_TEMPERATURE, "38.04", "38.05", "38.06", 0, 1, 1},
        {WARD_NEWS2_TEMPERATURE, "39.04", "39.05", "39.06", 1, 2, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        expect(gaps[i].parameter, gaps[i].lower, gaps[i].below);
        expect(gaps[i].parameter, gaps[i].half, gaps[i].at_half);
        expect(gaps[i].parameter, gaps[i].upper, gaps[i].above);
    }
    expect_scale_2("83.5", AIR, 3);
    expect_scale_2("85.5", AIR, 2);
    expect_scale_2("87.5", AIR, 1);
    expect_scale_2("92.5", AIR, 0);
    expect_scale_2("92.5", OXYGEN, 1);
    expect_scale_2("92.4", OXYGEN, 0);
    expect_scale_2("94.5", OXYGEN, 2);
    expect_scale_2("96.5", OXYGEN, 3);
}

/* What other units become keeps its digits: 100.5 °F is 38.055556 °C, 12.07 kPa is 90.53 mmHg. */
static void converted_values(void **state)
{
    struct ward_decimal fahrenheit = number("100.5"), kilopascal = number("12.07"), converted;
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];

    (void)state;
    well(inputs);
    assert_true(ward_decimal_convert(&fahrenheit, WARD_UNIT_FAHRENHEIT, &converted));
    inputs[WARD_NEWS2_TEMPERATURE].value = converted;
    assert_int_equal(ward_news2_score(inputs, 1).points[WARD_NEWS2_TEMPERATURE], 1);
    well(inputs);
    assert_true(ward_decimal_convert(&kilopascal, WARD_UNIT_KILOPASCAL, &converted));
    inputs[WARD_NEWS2_SYSTOLIC].value = converted;
    assert_int_equal(ward_news2_score(inputs, 1).points[WARD_NEWS2_SYSTOLIC], 2);
}

static void findings_without_a_number(void **state)
{
    (void)state;
    expect(WARD_NEWS2_SPO2, "LO", 3);
    expect(WARD_NEWS2_SPO2, "HI", 0);
    expect(WARD_NEWS2_PULSE, "LO", 3);
    expect(WARD_NEWS2_PULSE, "HI", 3);
    expect(WARD_NEWS2_TEMPERATURE, "LO", 3);
    expect(WARD_NEWS2_TEMPERATURE, "HI", 2);
    expect(WARD_NEWS2_SYSTOLIC, "1e100", 3);
    expect(WARD_NEWS2_SYSTOLIC, "1e-100", 3);
    expect(WARD_NEWS2_OXYGEN, "9e-100", 0);
    expect(WARD_NEWS2_SYSTOLIC, "1e127", 3);
    expect(WARD_NEWS2_TEMPERATURE, "1e127", 2);
    expect(WARD_NEWS2_SYSTOLIC, "-3", 3);
    expect(WARD_NEWS2_SYSTOLIC, "119.99999999999999", 0);
}

static void what_is_not_there_counts_its_worst_in_the_maximum(void **state)
{
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];
    struct ward_news2_score score;

    (void)state;
    memset(inputs, 0, sizeof(inputs));
    score = ward_news2_score(inputs, 1);
    assert_int_equal(score.minimum, 0);
    assert_int_equal(score.maximum, 20);
    assert_int_equal(score.missing, (1u << WARD_NEWS2_PARAMETERS) - 1);
    assert_false(score.complete);

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        well(inputs);
        inputs[i].presence = WARD_NEWS2_STALE;
        score = ward_news2_score(inputs, 1);
        assert_false(score.complete);
        assert_int_equal(score.stale, 1u << i);
        assert_int_equal(score.missing, 0);
        assert_int_equal(score.minimum, 0);
        assert_int_equal(score.maximum, i == WARD_NEWS2_OXYGEN ? 2 : 3);
    }
    well(inputs);
    inputs[WARD_NEWS2_PULSE].value.special = WARD_NAN; /* never a number */
    score = ward_news2_score(inputs, 1);
    assert_int_equal(score.missing, 1u << WARD_NEWS2_PULSE);
    assert_int_equal(score.maximum, 3);
}

static void oxygen_that_is_not_known_is_never_air(void **state)
{
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];
    struct ward_news2_score score;

    (void)state;
    well(inputs);
    inputs[WARD_NEWS2_OXYGEN].presence = WARD_NEWS2_MISSING;
    score = ward_news2_score(inputs, 2); /* 97 %: nothing on air, 3 on oxygen, and 2 for the oxygen */
    assert_int_equal(score.minimum, 0);
    assert_int_equal(score.maximum, 5);
    assert_int_equal(score.three_in, 0);
    inputs[WARD_NEWS2_SPO2] = fresh("84");
    score = ward_news2_score(inputs, 2);
    assert_int_equal(score.minimum, 2);
    assert_int_equal(score.maximum, 4);
}

/* The worst and an ordinary bad patient, added up. */
static void sums(void **state)
{
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS] = {
        [WARD_NEWS2_RESPIRATION_RATE] = fresh("25"), [WARD_NEWS2_SPO2] = fresh("91"),
        [WARD_NEWS2_OXYGEN] = fresh(OXYGEN),         [WARD_NEWS2_SYSTOLIC] = fresh("90"),
        [WARD_NEWS2_PULSE] = fresh("131"),           [WARD_NEWS2_CONSCIOUSNESS] = fresh("1"),
        [WARD_NEWS2_TEMPERATURE] = fresh("35.0"),
    };
    struct ward_news2_score score = ward_news2_score(inputs, 1);

    (void)state;
    assert_int_equal(score.minimum, 20);
    assert_int_equal(score.three_in, 0x7F & ~(1u << WARD_NEWS2_OXYGEN));
    inputs[WARD_NEWS2_RESPIRATION_RATE] = fresh("22");
    inputs[WARD_NEWS2_SPO2] = fresh("94");
    inputs[WARD_NEWS2_OXYGEN] = fresh(AIR);
    inputs[WARD_NEWS2_SYSTOLIC] = fresh("105");
    inputs[WARD_NEWS2_PULSE] = fresh("112");
    inputs[WARD_NEWS2_CONSCIOUSNESS] = fresh("0");
    inputs[WARD_NEWS2_TEMPERATURE] = fresh("38.6");
    score = ward_news2_score(inputs, 1);
    assert_int_equal(score.minimum, 7);
    assert_int_equal(score.three_in, 0);
    assert_true(score.complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_whole_value_of_the_chart),
        cmocka_unit_test(every_whole_value_of_scale_2),
        cmocka_unit_test(inside_every_gap),
        cmocka_unit_test(converted_values),
        cmocka_unit_test(findings_without_a_number),
        cmocka_unit_test(what_is_not_there_counts_its_worst_in_the_maximum),
        cmocka_unit_test(oxygen_that_is_not_known_is_never_air),
        cmocka_unit_test(sums),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
