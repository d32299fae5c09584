/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days are counted in years that begin in March, so that the leap day is the last of its year: 153 days make five
 * months from March on, and 146,097 days 400 years.
 */
#include "wearable/core/clock.h"

#define SECONDS_PER_DAY   86400
#define DAYS_PER_ERA      146097 /* 400 years */
#define EPOCH_DAY         730425 /* 1 January 2000, from 1 March of the year 0 */
#define EPOCH_WEEKDAY     6      /* a Saturday */
#define MICROS_PER_SECOND UINT64_C(1000000)

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool exists(const struct ward_device_time *time)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (time->year < 1583 || time->year > 9999 || time->month < 1 || time->month > 12 || time->day < 1 ||
        time->hour > 23 || time->minute > 59 || time->second > 59)
        return false;
    return time->day <= days[time->month - 1] + (time->month == 2 && is_leap(time->year) ? 1 : 0);
}

/* Days from the epoch. */
static int32_t day_of(const struct ward_device_time *time)
{
    int32_t year = time->month > 2 ? time->year : time->year - 1;
    int32_t month = (time->month + 9) % 12; /* March is 0 */

    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + time->day - 1 -
           EPOCH_DAY;
}

bool ward_seconds_from_time(const struct ward_device_time *time, int64_t *ret)
{
    if (!exists(time))
        return false;
    *ret = ((day_of(time) * INT64_C(24) + time->hour) * 60 + time->minute) * 60 + time->second;
    return true;
}

static struct ward_device_time time_of(int64_t seconds)
{
    int32_t of_day = (int32_t)(seconds % SECONDS_PER_DAY);
    int32_t day = (int32_t)(seconds / SECONDS_PER_DAY) + EPOCH_DAY;
    int32_t era = day / DAYS_PER_ERA, in_era = day % DAYS_PER_ERA;
    int32_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / (DAYS_PER_ERA - 1)) / 365;
    int32_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * in_year + 2) / 153;
    int32_t year = era * 400 + year_of_era + (month > 9 ? 1 : 0);

    return (struct ward_device_time){
        .year = (uint16_t)year,
        .month = (uint8_t)(month > 9 ? month - 9 : month + 3),
        .day = (uint8_t)(in_year - (153 * month + 2) / 5 + 1),
        .hour = (uint8_t)(of_day / 3600),
        .minute = (uint8_t)(of_day / 60 % 60),
        .second = (uint8_t)(of_day % 60),
        .present = true,
    };
}

void ward_wearable_clock_reset(struct ward_wearable_clock *clock, uint64_t now_us)
{
    *clock = (struct ward_wearable_clock){.set_us = now_us};
}

bool ward_wearable_clock_set(struct ward_wearable_clock *clock, const struct ward_device_time *time,
                             uint64_t now_us)
{
    int64_t seconds = 0;

    if (!ward_seconds_from_time(time, &seconds) || seconds < 0)
        return false;
    *clock = (struct ward_wearable_clock){.seconds = seconds, .set_us = now_us, .is_set = true};
    return true;
}

struct ward_device_time ward_wearable_clock_read(const struct ward_wearable_clock *clock, uint64_t now_us,
                                                 uint32_t age_s)
{
    int64_t seconds = clock->seconds + (int64_t)((now_us - clock->set_us) / MICROS_PER_SECOND) - age_s;

    return time_of(seconds < 0 ? 0 : seconds);
}

uint8_t ward_day_of_week(const struct ward_device_time *time)
{
    int32_t weekday = (day_of(time) + EPOCH_WEEKDAY - 1) % 7;

    return (uint8_t)((weekday < 0 ? weekday + 7 : weekday) + 1);
}
