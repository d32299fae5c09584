/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A year that starts on 1 March ends with its leap day, so the day of such a year follows from the month alone, and
 * a cycle of 400 years has a fixed number of days. Years are counted from 1 March of year 0.
 */
#include "core/utc.h"

#include <string.h>

#define DAY_MS           INT64_C(86400000)
#define DAY_S            INT64_C(86400)
#define DAYS_OF_CYCLE    146097 /* 400 Gregorian years */
#define DAYS_BEFORE_1970 719468 /* from 0000-03-01 to 1970-01-01 */

struct civil {
    int64_t year;
    int64_t month, day;
};

/* Day 0 is 0000-03-01; months from March are 31 30 31 30 31, twice, then 31 28: 153 days in five. */
static struct civil civil_from_day(int64_t day)
{
    int64_t cycle = day / DAYS_OF_CYCLE;
    int64_t of_cycle = day % DAYS_OF_CYCLE;
    int64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / (DAYS_OF_CYCLE - 1)) / 365;
    int64_t of_year = of_cycle - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;

    return (struct civil){
        .year = 400 * cycle + year + (month <= 2),
        .month = month,
        .day = of_year - (153 * march_month + 2) / 5 + 1,
    };
}

static int64_t day_from_civil(struct civil date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;

    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * march_month + 2) / 5 + date.day - 1;
}

static void put_digits(char *at, int count, int64_t number)
{
    while (count-- > 0) {
        at[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

bool ward_utc_format(int64_t utc_ms, char ret[WARD_UTC_TEXT_SIZE])
{
    if (utc_ms < WARD_UTC_MIN_MS || utc_ms > WARD_UTC_MAX_MS) {
        return false;
    }

    int64_t since_march = utc_ms + DAYS_BEFORE_1970 * DAY_MS; /* positive from year 1 on */
    struct civil date = civil_from_day(since_march / DAY_MS);
    int64_t ms = since_march % DAY_MS;

    memcpy(ret, "0000-00-00T00:00:00.000Z", WARD_UTC_TEXT_SIZE);
    put_digits(ret, 4, date.year);
    put_digits(ret + 5, 2, date.month);
    put_digits(ret + 8, 2, date.day);
    put_digits(ret + 11, 2, ms / 3600000);
    put_digits(ret + 14, 2, ms / 60000 % 60);
    put_digits(ret + 17, 2, ms / 1000 % 60);
    put_digits(ret + 20, 3, ms % 1000);
    return true;
}

/* Reads count digits at *at and moves on. */
static bool take_digits(const char **at, int count, int64_t *ret)
{
    int64_t number = 0;

    for (int i = 0; i < count; i++) {
        if ((*at)[i] < '0' || (*at)[i] > '9') {
            return false;
        }
        number = 10 * number + ((*at)[i] - '0');
    }
    *at += count;
    *ret = number;
    return true;
}

static bool take_char(const char **at, char wanted)
{
    return *(*at)++ == wanted;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads ".123" up to the "Z", which the caller has seen at end. */
static bool take_fraction(const char *at, const char *end, int64_t *ret_ms)
{
    int64_t ms = 0;

    if (at == end) {
        *ret_ms = 0;
        return true;
    }
    if (*at++ != '.' || at == end || end - at > 9) {
        return false;
    }
    for (int i = 0; at < end || i < 3; i++) {
        int64_t digit = 0;
        if (at < end && !take_digits(&at, 1, &digit)) {
            return false;
        }
        ms = i < 3 ? 10 * ms + digit : ms;
    }
    *ret_ms = ms;
    return true;
}

bool ward_utc_parse(const char *text, size_t length, int64_t *ret_utc_ms)
{
    struct civil date;
    int64_t hour, minute, second, ms;

    if (length < strlen("YYYY-MM-DDTHH:MM:SSZ") || text[length - 1] != 'Z') {
        return false;
    }
    const char *at = text;
    if (!take_digits(&at, 4, &date.year) || !take_char(&at, '-') || !take_digits(&at, 2, &date.month) ||
        !take_char(&at, '-') || !take_digits(&at, 2, &date.day) || !take_char(&at, 'T') ||
        !take_digits(&at, 2, &hour) || !take_char(&at, ':') || !take_digits(&at, 2, &minute) ||
        !take_char(&at, ':') || !take_digits(&at, 2, &second) || !take_fraction(at, text + length - 1, &ms)) {
        return false;
    }
    if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_of_month(date.year, date.month) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_utc_ms = (day_from_civil(date) - DAYS_BEFORE_1970) * DAY_MS + hour * 3600000 + minute * 60000 +
                  second * 1000 + ms;
    return true;
}

bool ward_device_time_format(const struct ward_device_time *time, char ret[WARD_DEVICE_TIME_TEXT_SIZE])
{
    if (!time->present || time->year > 9999 || time->month > 12 || time->day > 31 || time->hour > 23 ||
        time->minute > 59 || time->second > 59) {
        return false;
    }
    memcpy(ret, "0000-00-00T00:00:00", WARD_DEVICE_TIME_TEXT_SIZE);
    put_digits(ret, 4, time->year);
    put_digits(ret + 5, 2, time->month);
    put_digits(ret + 8, 2, time->day);
    put_digits(ret + 11, 2, time->hour);
    put_digits(ret + 14, 2, time->minute);
    put_digits(ret + 17, 2, time->second);
    return true;
}

bool ward_device_time_from_seconds(int64_t seconds, struct ward_device_time *ret)
{
    if (seconds < WARD_UTC_MIN_MS / 1000 || seconds > WARD_UTC_MAX_MS / 1000) {
        return false;
    }

    int64_t since_march = seconds + DAYS_BEFORE_1970 * DAY_S; /* positive from year 1 on */
    struct civil date = civil_from_day(since_march / DAY_S);
    int64_t of_day = since_march % DAY_S;

    *ret = (struct ward_device_time){.year = (uint16_t)date.year,
                                     .month = (uint8_t)date.month,
                                     .day = (uint8_t)date.day,
                                     .hour = (uint8_t)(of_day / 3600),
                                     .minute = (uint8_t)(of_day / 60 % 60),
                                     .second = (uint8_t)(of_day % 60),
                                     .present = true};
    return true;
}

bool ward_device_time_add_minutes(struct ward_device_time *time, int32_t minutes)
{
    const struct civil date = {.year = time->year, .month = time->month, .day = time->day};
    const int64_t seconds = (day_from_civil(date) - DAYS_BEFORE_1970) * DAY_S + INT64_C(3600) * time->hour +
                            INT64_C(60) * time->minute + time->second;

    return ward_device_time_from_seconds(seconds + (int64_t)minutes * 60, time);
}
