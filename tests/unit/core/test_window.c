/* SPDX-License-Identifier: Apache-2.0 */
/* Medians, the last minute of a stream, and the extremes of the last days. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/decimal.h"
#include "core/trend.h"
#include "core/window.h"

#define SECOND_US UINT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)
#define DAY_US    (24 * HOUR_US)

static struct ward_decimal whole(int64_t number)
{
    return (struct ward_decimal){.mantissa = number};
}

static void assert_decimal(const struct ward_decimal *value, int64_t mantissa, int exponent)
{
    struct ward_decimal expected = {.mantissa = mantissa, .exponent = (int8_t)exponent};
    int order = 1;

    assert_true(ward_decimal_compare(value, &expected, &order));
    assert_int_equal(order, 0);
}

static void the_median_is_the_middle(void **state)
{
    const struct ward_decimal odd[] = {whole(97), whole(80), whole(95)};
    const struct ward_decimal even[] = {whole(91), whole(99), whole(92), whole(30)};
    const struct ward_decimal broken[] = {whole(91), {.special = WARD_NAN}};
    struct ward_decimal many[WARD_MEDIAN_VALUES_MAX + 1] = {{0}}, median = whole(7);

    (void)state;
    assert_true(ward_median(odd, 3, &median));
    assert_decimal(&median, 95, 0);
    assert_true(ward_median(even, 4, &median));
    assert_decimal(&median, 915, -1);
    median = whole(7);
    assert_false(ward_median(even, 0, &median));
    assert_false(ward_median(broken, 2, &median));
    assert_false(ward_median(many, WARD_MEDIAN_VALUES_MAX + 1, &median));
    assert_decimal(&median, 7, 0);
    assert_true(ward_median(many, WARD_MEDIAN_VALUES_MAX, &median));
}

static void a_window_has_a_minute(void **state)
{
    struct ward_window window = {0};
    struct ward_decimal median = whole(7), value;

    (void)state;
    assert_false(ward_window_median(&window, &median));
    for (unsigned i = 0; i < 90; i++) { /* 60 s of 90, then 30 s of 80: the last minute is half and half */
        value = whole(i < 60 ? 90 : 80);
        ward_window_add(&window, &value, 1000 + i * SECOND_US);
    }
    assert_int_equal(window.span_s, 59);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 85, 0);
    value = whole(80);
    ward_window_add(&window, &value, 1000 + 90 * SECOND_US);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 80, 0);
}

static void within_a_second_the_last_counts(void **state)
{
    struct ward_window window = {0};
    struct ward_decimal median, value;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        value = whole((int64_t)i);
        ward_window_add(&window, &value, 5 * SECOND_US + i * SECOND_US / 100);
    }
    assert_int_equal(window.span_s, 0);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 99, 0);
}

static void a_gap_is_kept_and_a_minute_empties(void **state)
{
    struct ward_window window = {0};
    struct ward_decimal median, value = whole(90);

    (void)state;
    ward_window_add(&window, &value, 0);
    value = whole(80);
    ward_window_add(&window, &value, 40 * SECOND_US);
    assert_int_equal(window.span_s, 40);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 85, 0);
    value = whole(70);
    ward_window_add(&window, &value, 100 * SECOND_US);
    assert_int_equal(window.span_s, 0);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 70, 0);
}

static void long_numbers_are_rounded_and_others_passed_by(void **state)
{
    struct ward_window window = {0};
    struct ward_decimal median, value = {.mantissa = 380555555556, .exponent = -10};

    (void)state;
    ward_window_add(&window, &value, 0);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 38056, -3);
    value = (struct ward_decimal){.special = WARD_POSITIVE_INFINITY};
    ward_window_add(&window, &value, SECOND_US);
    assert_true(ward_window_median(&window, &median));
    assert_decimal(&median, 38056, -3);
}

static void a_trend_has_the_extremes_of_its_span(void **state)
{
    struct ward_trend trend = {0};
    struct ward_decimal value, extreme = whole(7);

    (void)state;
    assert_false(ward_trend_lowest(&trend, 3 * DAY_US, 0, &extreme));
    for (int64_t hour = 0; hour < 24 * 10; hour++) { /* a kilogram a day, and one low morning */
        value = whole(80 + hour / 24);
        if (hour == 24 * 8 + 3) {
            value = whole(70);
        }
        ward_trend_add(&trend, 3 * DAY_US, &value, NULL, (uint64_t)hour * HOUR_US);
    }
    assert_true(trend.count <= WARD_TREND_PIECES);
    assert_true(ward_trend_lowest(&trend, 3 * DAY_US, 10 * DAY_US, &extreme));
    assert_decimal(&extreme, 70, 0);
    assert_true(ward_trend_highest(&trend, 3 * DAY_US, 10 * DAY_US, &extreme));
    assert_decimal(&extreme, 89, 0);
    assert_true(ward_trend_lowest(&trend, DAY_US, 10 * DAY_US, &extreme));
    assert_decimal(&extreme, 88, 0); /* the piece of the edge counts as a whole */
    assert_false(ward_trend_lowest(&trend, 3 * DAY_US, 20 * DAY_US, &extreme));
}

static void the_edge_is_kept_to_a_24th(void **state)
{
    const struct ward_decimal value = whole(80);
    struct ward_trend trend = {0};
    struct ward_decimal extreme;

    (void)state;
    ward_trend_add(&trend, 24 * HOUR_US, &value, NULL, HOUR_US);
    assert_true(ward_trend_lowest(&trend, 24 * HOUR_US, 26 * HOUR_US, &extreme));
    assert_false(ward_trend_lowest(&trend, 24 * HOUR_US, 26 * HOUR_US + 1, &extreme));
    ward_trend_add(&trend, 24 * HOUR_US, &(struct ward_decimal){.special = WARD_NAN}, NULL, 2 * HOUR_US);
    assert_int_equal(trend.count, 1);
}

/* A scale brings home what it measured a day before the gateway was switched on for the first time. */
static void a_value_from_before_all_time_holds_nothing_up(void **state)
{
    const struct ward_decimal old = whole(80), value = whole(82);
    struct ward_trend trend = {0};
    struct ward_decimal extreme;

    (void)state;
    ward_trend_add(&trend, 3 * DAY_US, &old, NULL, HOUR_US - DAY_US);
    ward_trend_add(&trend, 3 * DAY_US, &value, NULL, HOUR_US);
    assert_true(ward_trend_lowest(&trend, 3 * DAY_US, 2 * DAY_US, &extreme));
    assert_decimal(&extreme, 80, 0);
    assert_true(ward_trend_lowest(&trend, 3 * DAY_US, 3 * DAY_US, &extreme));
    assert_decimal(&extreme, 82, 0);
}

static void what_is_taken_back_leaves_the_next_extreme(void **state)
{
    static const int64_t values[] = {80, 70, 78, 90, 75};
    struct ward_trend trend = {0};
    struct ward_decimal extreme;

    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        const struct ward_decimal value = whole(values[i]);

        ward_trend_add(&trend, DAY_US, &value, &(struct ward_source){.mono_us = 100 + i}, HOUR_US + i);
        ward_trend_give_seq(&trend, 100 + i, 1 + i);
    }
    assert_int_equal(trend.count, 1);
    assert_true(ward_trend_forget(&trend, 2));
    assert_true(ward_trend_lowest(&trend, DAY_US, 2 * HOUR_US, &extreme));
    assert_decimal(&extreme, 75, 0);
    assert_true(ward_trend_highest(&trend, DAY_US, 2 * HOUR_US, &extreme));
    assert_decimal(&extreme, 90, 0);
    assert_true(ward_trend_forget(&trend, 4));
    assert_true(ward_trend_highest(&trend, DAY_US, 2 * HOUR_US, &extreme));
    assert_decimal(&extreme, 80, 0);
    assert_false(ward_trend_forget(&trend, 3)); /* it was no extreme */
    assert_false(ward_trend_forget(&trend, 2)); /* once is enough */
    assert_true(ward_trend_forget(&trend, 5));
    assert_true(ward_trend_lowest(&trend, DAY_US, 2 * HOUR_US, &extreme));
    assert_decimal(&extreme, 80, 0);
    assert_true(ward_trend_forget(&trend, 1));
    assert_int_equal(trend.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_is_the_middle),
        cmocka_unit_test(a_window_has_a_minute),
        cmocka_unit_test(within_a_second_the_last_counts),
        cmocka_unit_test(a_gap_is_kept_and_a_minute_empties),
        cmocka_unit_test(long_numbers_are_rounded_and_others_passed_by),
        cmocka_unit_test(a_trend_has_the_extremes_of_its_span),
        cmocka_unit_test(the_edge_is_kept_to_a_24th),
        cmocka_unit_test(a_value_from_before_all_time_holds_nothing_up),
        cmocka_unit_test(what_is_taken_back_leaves_the_next_extreme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
