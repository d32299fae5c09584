/* SPDX-License-Identifier: Apache-2.0 */
#include "core/schedule.h"

#define DAY_S   INT64_C(86400)
#define DAY_MIN 1440

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days since 1970-01-01 of the local date. */
static int64_t local_day(const struct ward_zone *zone, int64_t utc_ms)
{
    int64_t utc_s = floor_div(utc_ms, 1000);

    return floor_div(utc_s + ward_zone_offset_s(zone, utc_s), DAY_S);
}

/* 0 is Monday; 1970-01-01 was a Thursday. */
static bool is_on(uint8_t days, int64_t day)
{
    return (days & (1u << (((day + 3) % 7 + 7) % 7))) != 0;
}

static int64_t moment_ms(const struct ward_zone *zone, int64_t day, unsigned minute)
{
    return ward_zone_to_utc_s(zone, day * DAY_S + minute * INT64_C(60)) * 1000;
}

int64_t ward_schedule_next_ms(const struct ward_plan_schedule *schedule, const struct ward_zone *zone,
                              int64_t after_ms)
{
    int64_t today = local_day(zone, after_ms);
    int64_t best_ms = WARD_SCHEDULE_NEVER;

    for (int64_t day = today - 1; day <= today + 8; day++) {
        for (size_t i = 0; is_on(schedule->days, day) && i < schedule->time_count; i++) {
            int64_t at_ms = moment_ms(zone, day, schedule->at_min[i]);

            if (at_ms > after_ms && at_ms < best_ms) {
                best_ms = at_ms;
            }
        }
    }
    return best_ms;
}

int64_t ward_schedule_previous_ms(const struct ward_plan_schedule *schedule, const struct ward_zone *zone,
                                  int64_t before_ms)
{
    int64_t today = local_day(zone, before_ms);
    int64_t best_ms = INT64_MIN;

    for (int64_t day = today - 8; day <= today + 1; day++) {
        for (size_t i = 0; is_on(schedule->days, day) && i < schedule->time_count; i++) {
            int64_t at_ms = moment_ms(zone, day, schedule->at_min[i]);

            if (at_ms < before_ms && at_ms > best_ms) {
                best_ms = at_ms;
            }
        }
    }
    return best_ms;
}

/* Of the span that begins on that day: until when it goes. */
static int64_t end_ms(const struct ward_plan_hours *hours, const struct ward_zone *zone, int64_t day)
{
    return moment_ms(zone, hours->until_min > hours->from_min ? day : day + 1, hours->until_min);
}

bool ward_hours_contain(const struct ward_plan_hours *hours, const struct ward_zone *zone, int64_t utc_ms)
{
    int64_t today = local_day(zone, utc_ms);

    for (int64_t day = today - 1; day <= today; day++) {
        if (is_on(hours->days, day) && utc_ms >= moment_ms(zone, day, hours->from_min) &&
            utc_ms < end_ms(hours, zone, day)) {
            return true;
        }
    }
    return false;
}

int64_t ward_hours_change_ms(const struct ward_plan_hours *hours, const struct ward_zone *zone,
                             int64_t after_ms)
{
    int64_t today = local_day(zone, after_ms);
    int64_t best_ms = WARD_SCHEDULE_NEVER;
    bool now = ward_hours_contain(hours, zone, after_ms);

    for (int64_t day = today - 1; day <= today + 8; day++) {
        const int64_t edges_ms[] = {moment_ms(zone, day, hours->from_min), end_ms(hours, zone, day)};

        for (size_t i = 0; is_on(hours->days, day) && i < 2; i++) {
            if (edges_ms[i] > after_ms && edges_ms[i] < best_ms &&
                ward_hours_contain(hours, zone, edges_ms[i]) != now) {
                best_ms = edges_ms[i];
            }
        }
    }
    return best_ms;
}
