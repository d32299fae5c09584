/* SPDX-License-Identifier: Apache-2.0 */
/* Time zones against the C library's own reading of the same files, and the times of a schedule over changes of clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/schedule.h"
#include "core/utc.h"
#include "core/zone.h"

#define HOUR_MS INT64_C(3600000)

static uint8_t octets[WARD_ZONE_FILE_MAX];

static size_t read_zone(const char *name)
{
    char path[128];
    FILE *file;
    size_t length;

    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    file = fopen(path, "r");
    assert_non_null(file);
    length = fread(octets, 1, sizeof(octets), file);
    fclose(file);
    return length;
}

static struct ward_zone load(const char *name)
{
    struct ward_zone zone;
    size_t length = read_zone(name);

    if (!ward_zone_parse(octets, length, &zone)) {
        fail_msg("%s cannot be read", name);
    }
    return zone;
}

static int64_t moment(const char *text)
{
    int64_t utc_ms = 0;

    assert_true(ward_utc_parse(text, strlen(text), &utc_ms));
    return utc_ms;
}

/* Each twelve and a half hours, so that every hour of a day is among them. */
static void compare_with_the_c_library(const char *name, int64_t from_s, int64_t until_s)
{
    const struct ward_zone zone = load(name);

    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
    for (int64_t utc_s = from_s; utc_s < until_s; utc_s += 12 * 3600 + 1800) {
        time_t libc = (time_t)utc_s;
        struct tm local;

        assert_non_null(localtime_r(&libc, &local));
        if (local.tm_gmtoff != ward_zone_offset_s(&zone, utc_s)) {
            fail_msg("%s at %lld: %d, the C library says %ld", name, (long long)utc_s,
                     ward_zone_offset_s(&zone, utc_s), local.tm_gmtoff);
        }
    }
}

/* From 2010 to 2110, so that the file's last line is needed too. */
static void offsets_are_those_of_the_c_library(void **state)
{
    static const char *const names[] = {
        "Europe/London",    "America/New_York", "Europe/Dublin", "Asia/Kolkata",     "Australia/Lord_Howe",
        "America/Santiago", "America/Nuuk",     "UTC",           "Pacific/Auckland", "Etc/GMT+5"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        compare_with_the_c_library(names[i], INT64_C(1262304000), INT64_C(4417977600));
    }
}

/* Those whose changes go by the moon are said one by one: from 2025 to 2040. */
static void zones_without_a_rule_have_the_years_to_come(void **state)
{
    static const char *const names[] = {"Africa/Casablanca", "Africa/El_Aaiun", "Asia/Gaza", "Asia/Hebron"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        compare_with_the_c_library(names[i], INT64_C(1735689600), INT64_C(2208988800));
    }
}

static void the_minute_of_a_change(void **state)
{
    struct ward_zone zone = load("Europe/London");

    (void)state;
    assert_int_equal(ward_zone_offset_s(&zone, moment("2026-03-29T00:59:59Z") / 1000), 0);
    assert_int_equal(ward_zone_offset_s(&zone, moment("2026-03-29T01:00:00Z") / 1000), 3600);
    assert_int_equal(ward_zone_offset_s(&zone, moment("2026-10-25T00:59:59Z") / 1000), 3600);
    assert_int_equal(ward_zone_offset_s(&zone, moment("2026-10-25T01:00:00Z") / 1000), 0);
    assert_int_equal(ward_zone_offset_s(&zone, moment("2090-03-26T00:59:59Z") / 1000), 0);
    assert_int_equal(ward_zone_offset_s(&zone, moment("2090-03-26T01:00:00Z") / 1000), 3600);
}

static void what_is_no_zone_is_refused(void **state)
{
    struct ward_zone zone = {.count = 7};
    size_t length = read_zone("Europe/London");

    (void)state;
    for (size_t cut = 0; cut < length; cut++) {
        uint8_t *copy = malloc(cut + 1); /* an octet too far is found by the sanitizer */

        assert_non_null(copy);
        memcpy(copy, octets, cut);
        assert_false(ward_zone_parse(copy, cut, &zone));
        free(copy);
    }
    octets[4] = '1';
    assert_false(ward_zone_parse(octets, length, &zone));
    octets[4] = '2';
    assert_true(ward_zone_parse(octets, length, &zone));
    for (size_t i = 20; i < 44; i++) { /* counts that lie */
        octets[i] ^= 0x55;
        assert_false(ward_zone_parse(octets, length, &zone));
        octets[i] ^= 0x55;
    }
    octets[length - 2] = ';';
    assert_false(ward_zone_parse(octets, length, &zone));
}

static size_t count_slots(const struct ward_plan_schedule *schedule, const struct ward_zone *zone,
                          const char *from, const char *to)
{
    size_t count = 0;

    for (int64_t at_ms = moment(from);
         (at_ms = ward_schedule_next_ms(schedule, zone, at_ms)) <= moment(to);) {
        count++;
    }
    return count;
}

static void a_skipped_and_a_doubled_time_count_once(void **state)
{
    struct ward_zone zone = load("Europe/London");
    const struct ward_plan_schedule night = {.days = 0x7F, .time_count = 1, .at_min = {90}}; /* 01:30 */

    (void)state;
    assert_int_equal(ward_schedule_next_ms(&night, &zone, moment("2026-03-28T12:00:00Z")),
                     moment("2026-03-29T01:30:00Z"));
    assert_int_equal(ward_schedule_next_ms(&night, &zone, moment("2026-03-29T01:30:00Z")),
                     moment("2026-03-30T00:30:00Z"));
    assert_int_equal(ward_schedule_next_ms(&night, &zone, moment("2026-10-24T12:00:00Z")),
                     moment("2026-10-25T00:30:00Z"));
    assert_int_equal(ward_schedule_next_ms(&night, &zone, moment("2026-10-25T00:30:00Z")),
                     moment("2026-10-26T01:30:00Z"));
    assert_int_equal(count_slots(&night, &zone, "2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z"), 365);
    assert_int_equal(ward_schedule_previous_ms(&night, &zone, moment("2026-10-26T01:30:00Z")),
                     moment("2026-10-25T00:30:00Z"));
}

static void days_are_local_days(void **state)
{
    struct ward_zone zone = load("Pacific/Auckland");
    const struct ward_plan_schedule monday = {.days = 0x01, .time_count = 2, .at_min = {8 * 60, 20 * 60}};
    const struct ward_plan_schedule never = {.days = 0, .time_count = 1, .at_min = {60}};

    (void)state; /* Monday 08:00 in Auckland is Sunday 19:00 UTC in summer */
    assert_int_equal(ward_schedule_next_ms(&monday, &zone, moment("2026-11-22T00:00:00Z")),
                     moment("2026-11-22T19:00:00Z"));
    assert_int_equal(ward_schedule_next_ms(&monday, &zone, moment("2026-11-23T07:00:00Z")),
                     moment("2026-11-29T19:00:00Z"));
    assert_true(ward_schedule_next_ms(&never, &zone, 0) == WARD_SCHEDULE_NEVER);
    assert_true(ward_schedule_previous_ms(&never, &zone, 0) == INT64_MIN);
}

static void hours_over_midnight(void **state)
{
    struct ward_zone zone = load("Europe/London");
    const struct ward_plan_hours night = {22 * 60, 7 * 60, 0x7F}, all = {0, 0, 0x7F},
                                 weekdays = {8 * 60, 18 * 60, 0x1F};

    (void)state;
    assert_true(ward_hours_contain(&night, &zone, moment("2026-07-01T21:00:00Z"))); /* 22:00 in summer */
    assert_false(ward_hours_contain(&night, &zone, moment("2026-07-01T20:59:59Z")));
    assert_true(ward_hours_contain(&night, &zone, moment("2026-07-02T05:59:59Z")));
    assert_false(ward_hours_contain(&night, &zone, moment("2026-07-02T06:00:00Z")));
    assert_int_equal(ward_hours_change_ms(&night, &zone, moment("2026-07-01T21:00:00Z")),
                     moment("2026-07-02T06:00:00Z"));
    assert_int_equal(ward_hours_change_ms(&night, &zone, moment("2026-07-02T06:00:00Z")),
                     moment("2026-07-02T21:00:00Z"));
    assert_true(ward_hours_contain(&all, &zone, moment("2026-07-02T06:00:00Z")));
    assert_true(ward_hours_change_ms(&all, &zone, moment("2026-07-02T06:00:00Z")) == WARD_SCHEDULE_NEVER);
    assert_false(ward_hours_contain(&weekdays, &zone, moment("2026-11-22T12:00:00Z"))); /* a Sunday */
    assert_int_equal(ward_hours_change_ms(&weekdays, &zone, moment("2026-11-20T18:00:00Z")),
                     moment("2026-11-23T08:00:00Z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_those_of_the_c_library),
        cmocka_unit_test(zones_without_a_rule_have_the_years_to_come),
        cmocka_unit_test(the_minute_of_a_change),
        cmocka_unit_test(what_is_no_zone_is_refused),
        cmocka_unit_test(a_skipped_and_a_doubled_time_count_once),
        cmocka_unit_test(days_are_local_days),
        cmocka_unit_test(hours_over_midnight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
