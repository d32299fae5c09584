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

/* The number that count digits at `at` make. Whatever else stands there is noted in *ret_wrong. */
static inline int64_t digits_at(const char *at, int count, unsigned *ret_wrong)
{
    int64_t number = 0;

    for (int i = 0; i < count; i++) {
        const unsigned digit = (unsigned)(unsigned char)at[i] - '0';

        *ret_wrong |= digit > 9;
        number = 10 * number + digit;
    }
    return number;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

/* ".123" up to the "Z" at end, cut to milliseconds. */
static int64_t fraction_at(const char *at, const char *end, unsigned *ret_wrong)
{
    const int count = (int)(end - at) - 1;
    int64_t ms = 0;

    if (at == end) {
        return 0;
    }
    if (*at != '.' || count < 1 || count > 9) {
        *ret_wrong = 1;
        return 0;
    }
    if (count == 3) {
        return digits_at(at + 1, 3, ret_wrong);
    }
    (void)digits_at(at + 1, count, ret_wrong);
    for (int i = 0; i < 3; i++) {
        ms = 10 * ms + (i < count ? at[1 + i] - '0' : 0);
    }
    return ms;
}

bool ward_utc_parse(const char *text, size_t length, int64_t *ret_utc_ms)
{
    unsigned wrong = 0;

    if (length < strlen("YYYY-MM-DDTHH:MM:SSZ") || length > strlen("YYYY-MM-DDTHH:MM:SS.123456789Z") ||
        text[length - 1] != 'Z') {
        return false;
    }
    const struct civil date = {.year = digits_at(text, 4, &wrong),
                               .month = digits_at(text + 5, 2, &wrong),
                               .day = digits_at(text + 8, 2, &wrong)};
    const int64_t hour = digits_at(text + 11, 2, &wrong), minute = digits_at(text + 14, 2, &wrong);
    const int64_t second = digits_at(text + 17, 2, &wrong);
    const int64_t ms = fraction_at(text + 19, text + length - 1, &wrong);

    wrong |= text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':';
    if (wrong || date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 ||
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
