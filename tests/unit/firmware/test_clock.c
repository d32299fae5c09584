/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

static struct ward_device_time time_of(unsigned year, unsigned month, unsigned day, unsigned hour)
{
    return (struct ward_device_time){.year = (uint16_t)year,
                                     .month = (uint8_t)month,
                                     .day = (uint8_t)day,
                                     .hour = (uint8_t)hour,
                                     .present = true};
}

static void assert_reads(const struct ward_wearable_clock *clock, uint64_t now_us, uint32_t age_s,
                         const char *expected)
{
    struct ward_device_time time = ward_wearable_clock_read(clock, now_us, age_s);
    char text[40];

    snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u", (unsigned)time.year, (unsigned)time.month,
             (unsigned)time.day, (unsigned)time.hour, (unsigned)time.minute, (unsigned)time.second);
    assert_string_equal(text, expected);
    assert_true(time.present);
}

static void it_counts_from_its_epoch_until_it_is_set(void **state)
{
    struct ward_wearable_clock clock;

    (void)state;
    ward_wearable_clock_reset(&clock, 5 * SECOND);
    assert_false(clock.is_set);
    assert_reads(&clock, 5 * SECOND, 0, "2000-01-01T00:00:00");
    assert_reads(&clock, 5 * SECOND + 3599 * SECOND, 0, "2000-01-01T00:59:59");
}

static void it_runs_from_where_it_was_set(void **state)
{
    struct ward_wearable_clock clock;
    struct ward_device_time new_year = time_of(2027, 12, 31, 23);

    (void)state;
    ward_wearable_clock_reset(&clock, 0);
    assert_true(ward_wearable_clock_set(&clock, &new_year, 100 * SECOND));
    assert_true(clock.is_set);
    assert_reads(&clock, 100 * SECOND, 0, "2027-12-31T23:00:00");
    assert_reads(&clock, 100 * SECOND + 3600 * SECOND, 0, "2028-01-01T00:00:00");
    assert_reads(&clock, 100 * SECOND + (3600 + 59 * 86400) * SECOND, 0, "2028-02-29T00:00:00");
    ward_wearable_clock_reset(&clock, 200 * SECOND);
    assert_reads(&clock, 201 * SECOND, 0, "2000-01-01T00:00:01");
}

static void an_age_goes_back_but_never_before_the_epoch(void **state)
{
    struct ward_wearable_clock clock;
    struct ward_device_time march = time_of(2024, 3, 1, 0);

    (void)state;
    ward_wearable_clock_reset(&clock, 0);
    assert_reads(&clock, 10 * SECOND, 11, "2000-01-01T00:00:00");
    assert_true(ward_wearable_clock_set(&clock, &march, 0));
    assert_reads(&clock, 0, 1, "2024-02-29T23:59:59");
}

static void what_does_not_exist_is_refused(void **state)
{
    static const struct ward_device_time cases[] = {
        {2026, 2, 29, 0, 0, 0, true},  {2100, 2, 29, 0, 0, 0, true}, {2026, 0, 1, 0, 0, 0, true},
        {2026, 13, 1, 0, 0, 0, true},  {2026, 4, 31, 0, 0, 0, true}, {2026, 1, 0, 0, 0, 0, true},
        {2026, 1, 1, 24, 0, 0, true},  {2026, 1, 1, 0, 60, 0, true}, {2026, 1, 1, 0, 0, 60, true},
        {1999, 12, 31, 0, 0, 0, true}, {0, 1, 1, 0, 0, 0, true},     {10000, 1, 1, 0, 0, 0, true},
    };
    struct ward_wearable_clock clock;

    (void)state;
    ward_wearable_clock_reset(&clock, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_false(ward_wearable_clock_set(&clock, &cases[i], SECOND));
    assert_false(clock.is_set);
    assert_reads(&clock, SECOND, 0, "2000-01-01T00:00:01");
}

/* Every day of 400 years, there and back. */
static void every_day_has_its_date(void **state)
{
    struct ward_wearable_clock clock = {.is_set = true};
    uint16_t last_year = 1999;
    unsigned years = 0;

    (void)state;
    for (int64_t day = 0; day < 146097; day++) {
        struct ward_device_time time;
        int64_t seconds = 0;

        clock.seconds = day * 86400;
        time = ward_wearable_clock_read(&clock, 0, 0);
        assert_true(ward_seconds_from_time(&time, &seconds));
        assert_int_equal(seconds, day * 86400);
        years += time.year != last_year;
        last_year = time.year;
    }
    assert_int_equal(years, 400);
}

static void days_of_the_week(void **state)
{
    static const struct {
        unsigned year, month, day, weekday;
    } cases[] = {{2000, 1, 1, 6},   {2026, 11, 28, 6}, {2026, 11, 29, 7},
                 {2026, 11, 30, 1}, {1999, 12, 31, 5}, {1900, 1, 1, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_device_time time = time_of(cases[i].year, cases[i].month, cases[i].day, 0);

        assert_int_equal(ward_day_of_week(&time), cases[i].weekday);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_from_its_epoch_until_it_is_set),
        cmocka_unit_test(it_runs_from_where_it_was_set),
        cmocka_unit_test(an_age_goes_back_but_never_before_the_epoch),
        cmocka_unit_test(what_does_not_exist_is_refused),
        cmocka_unit_test(every_day_has_its_date),
        cmocka_unit_test(days_of_the_week),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
