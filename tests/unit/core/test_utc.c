/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/utc.h"

static const struct {
    int64_t ms;
    const char *text;
} moments[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
    {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"}, /* 2100 has no leap day */
    {INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
    {INT64_C(1795338001120), "2026-11-22T09:00:01.120Z"},
    {INT64_C(1709164800000), "2024-02-29T00:00:00.000Z"},
    {WARD_UTC_MIN_MS, "0001-01-01T00:00:00.000Z"},
    {WARD_UTC_MAX_MS, "9999-12-31T23:59:59.999Z"},
};

static void both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        char text[WARD_UTC_TEXT_SIZE];
        int64_t ms = 1;
        assert_true(ward_utc_format(moments[i].ms, text));
        assert_string_equal(text, moments[i].text);
        assert_true(ward_utc_parse(text, strlen(text), &ms));
        assert_true(ms == moments[i].ms);
    }
}

static void every_day_follows_the_one_before(void **state)
{
    (void)state;
    for (int64_t ms = WARD_UTC_MIN_MS; ms < WARD_UTC_MAX_MS; ms += INT64_C(86400000)) {
        char text[WARD_UTC_TEXT_SIZE];
        int64_t back = 0;
        assert_true(ward_utc_format(ms, text));
        assert_true(ward_utc_parse(text, WARD_UTC_TEXT_SIZE - 1, &back));
        if (back != ms) {
            fail_msg("%s", text);
        }
    }
}

static void outside_the_years_is_refused(void **state)
{
    char text[WARD_UTC_TEXT_SIZE] = "unchanged";

    (void)state;
    assert_false(ward_utc_format(WARD_UTC_UNKNOWN, text));
    assert_false(ward_utc_format(WARD_UTC_MIN_MS - 1, text));
    assert_false(ward_utc_format(WARD_UTC_MAX_MS + 1, text));
    assert_string_equal(text, "unchanged");
}

static void fractions_are_cut_to_milliseconds(void **state)
{
    int64_t ms;

    (void)state;
    assert_true(ward_utc_parse("1970-01-01T00:00:01Z", 20, &ms));
    assert_true(ms == 1000);
    assert_true(ward_utc_parse("1970-01-01T00:00:01.5Z", 22, &ms));
    assert_true(ms == 1500);
    assert_true(ward_utc_parse("1970-01-01T00:00:01.123999999Z", 30, &ms));
    assert_true(ms == 1123);
}

static void anything_else_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00+00:00",
        "1970-01-01t00:00:00Z",
        "1970-01-01 00:00:00Z",
        "1970-01-01T00:00:00z",
        "1970-1-01T00:00:000Z",
        "0000-01-01T00:00:00Z",
        "1970-00-01T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-01-00T00:00:00Z",
        "1970-01-32T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:60Z",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z",
        "1970-01-01T00:00:00,5Z",
        "1970-01-01T00:00:00.1 Z",
        "-970-01-01T00:00:00Z",
    };
    int64_t ms = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ward_utc_parse(bad[i], strlen(bad[i]), &ms)) {
            fail_msg("taken: %s", bad[i]);
        }
        assert_true(ms == 7);
    }
}

static void device_time_is_local_and_may_be_unknown_in_part(void **state)
{
    struct ward_device_time time = {.year = 2026, .month = 2, .day = 3, .hour = 4, .minute = 5, .second = 6};
    char text[WARD_DEVICE_TIME_TEXT_SIZE] = "unchanged";

    (void)state;
    assert_false(ward_device_time_format(&time, text));
    time.present = true;
    time.hour = 24;
    assert_false(ward_device_time_format(&time, text));
    assert_string_equal(text, "unchanged");
    time.hour = 4;
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "2026-02-03T04:05:06");
    time.year = 0;
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "0000-02-03T04:05:06");
}

static void device_time_moves_by_minutes(void **state)
{
    struct ward_device_time time = {
        .year = 2024, .month = 2, .day = 28, .hour = 23, .minute = 59, .second = 7, .present = true};
    char text[WARD_DEVICE_TIME_TEXT_SIZE];

    (void)state;
    assert_true(ward_device_time_add_minutes(&time, 1));
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "2024-02-29T00:00:07");
    assert_true(ward_device_time_add_minutes(&time, -32767));
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "2024-02-06T05:53:07");
    time = (struct ward_device_time){
        .year = 9999, .month = 12, .day = 31, .hour = 23, .minute = 59, .second = 7, .present = true};
    assert_false(ward_device_time_add_minutes(&time, 1));
    assert_int_equal(time.year, 9999);
    assert_int_equal(time.minute, 59);
}

static void device_time_counts_seconds(void **state)
{
    struct ward_device_time time = {.year = 7};
    char text[WARD_DEVICE_TIME_TEXT_SIZE];

    (void)state;
    assert_true(ward_device_time_from_seconds(-INT64_C(2208988800), &time));
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "1900-01-01T00:00:00");
    assert_true(ward_device_time_from_seconds(WARD_UTC_MAX_MS / 1000, &time));
    assert_true(ward_device_time_format(&time, text));
    assert_string_equal(text, "9999-12-31T23:59:59");
    time.year = 7;
    assert_false(ward_device_time_from_seconds(WARD_UTC_MAX_MS / 1000 + 1, &time));
    assert_false(ward_device_time_from_seconds(WARD_UTC_MIN_MS / 1000 - 1, &time));
    assert_int_equal(time.year, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(every_day_follows_the_one_before),
        cmocka_unit_test(outside_the_years_is_refused),
        cmocka_unit_test(fractions_are_cut_to_milliseconds),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(device_time_is_local_and_may_be_unknown_in_part),
        cmocka_unit_test(device_time_moves_by_minutes),
        cmocka_unit_test(device_time_counts_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
