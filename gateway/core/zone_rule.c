/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   rule   = name offset [ name [ offset ] "," day "," day ]
 *   name   = letters | "<" anything ">"
 *   offset = [ sign ] hours [ ":" minutes [ ":" seconds ] ]       what must be added to local time to get UTC
 *   day    = "M" month "." week "." weekday [ "/" offset ]        RFC 8536 §3.3.1: up to 167 hours, signed
 */
#include "core/zone_rule.h"

#define DAY_S  86400
#define HOUR_S 3600

struct scan {
    const char *next, *end;
};

static bool accept(struct scan *scan, char c)
{
    if (scan->next == scan->end || *scan->next != c) {
        return false;
    }
    scan->next++;
    return true;
}

static bool at_digit(const struct scan *scan)
{
    return scan->next < scan->end && *scan->next >= '0' && *scan->next <= '9';
}

static bool scan_name(struct scan *scan)
{
    const char *begin = scan->next;

    if (accept(scan, '<')) {
        while (scan->next < scan->end && *scan->next != '>') {
            scan->next++;
        }
        return accept(scan, '>');
    }
    while (scan->next < scan->end &&
           ((*scan->next >= 'A' && *scan->next <= 'Z') || (*scan->next >= 'a' && *scan->next <= 'z'))) {
        scan->next++;
    }
    return scan->next - begin >= 3;
}

static bool scan_number(struct scan *scan, int32_t max, int32_t *ret)
{
    int32_t number = 0;

    if (!at_digit(scan)) {
        return false;
    }
    while (at_digit(scan) && number <= max) {
        number = number * 10 + (*scan->next++ - '0');
    }
    *ret = number;
    return number <= max;
}

static bool scan_time(struct scan *scan, int32_t *ret_s)
{
    bool negative = accept(scan, '-');
    int32_t hours, minutes = 0, seconds = 0;

    if (!negative) {
        (void)accept(scan, '+');
    }
    if (!scan_number(scan, 167, &hours) || (accept(scan, ':') && !scan_number(scan, 59, &minutes)) ||
        (accept(scan, ':') && !scan_number(scan, 59, &seconds))) {
        return false;
    }
    *ret_s = (hours * 60 + minutes) * 60 + seconds;
    *ret_s = negative ? -*ret_s : *ret_s;
    return true;
}

static bool scan_day(struct scan *scan, struct ward_zone_day *ret)
{
    int32_t month, week, weekday, time_s = 2 * HOUR_S;

    if (!accept(scan, 'M') || !scan_number(scan, 12, &month) || !accept(scan, '.') ||
        !scan_number(scan, 5, &week) || !accept(scan, '.') || !scan_number(scan, 6, &weekday) || month == 0 ||
        week == 0) {
        return false;
    }
    if (accept(scan, '/') && !scan_time(scan, &time_s)) {
        return false;
    }
    *ret = (struct ward_zone_day){(uint8_t)month, (uint8_t)week, (uint8_t)weekday, time_s};
    return true;
}

bool ward_zone_rule_parse(const char *text, size_t length, struct ward_zone *zone)
{
    struct scan scan = {text, text + length};

    if (length == 0) {
        return true;
    }
    if (!scan_name(&scan) || !scan_time(&scan, &zone->winter_s)) {
        return false;
    }
    zone->has_rule = true;
    zone->winter_s = -zone->winter_s;
    if (scan.next == scan.end) {
        return true;
    }
    zone->has_summer = true;
    zone->summer_s = zone->winter_s + HOUR_S;
    if (!scan_name(&scan)) {
        return false;
    }
    if (scan.next < scan.end && *scan.next != ',') {
        if (!scan_time(&scan, &zone->summer_s)) {
            return false;
        }
        zone->summer_s = -zone->summer_s;
    }
    return accept(&scan, ',') && scan_day(&scan, &zone->summer_begins) && accept(&scan, ',') &&
           scan_day(&scan, &zone->summer_ends) && scan.next == scan.end;
}

/* Years are counted from March, so that the leap day is the last one: no table of months is needed. */
int64_t ward_zone_days(int64_t year, unsigned month, unsigned day)
{
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    int64_t years = month > 2 ? year : year - 1;
    int64_t eras = (years >= 0 ? years : years - 399) / 400;
    int64_t of_era = years - eras * 400;
    int64_t day_of_year = (153 * from_march + 2) / 5 + day - 1;

    return eras * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

static int64_t year_of(int64_t days)
{
    int64_t year = 1970 + days / 366;

    while (ward_zone_days(year + 1, 1, 1) <= days) {
        year++;
    }
    while (ward_zone_days(year, 1, 1) > days) {
        year--;
    }
    return year;
}

/* Local midnight of the rule's day, in seconds since 1970, and its time. */
static int64_t local_s(const struct ward_zone_day *day, int64_t year)
{
    int64_t first = ward_zone_days(year, day->month, 1);
    int64_t next =
        day->month == 12 ? ward_zone_days(year + 1, 1, 1) : ward_zone_days(year, day->month + 1u, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t at = first + (day->weekday - weekday + 7) % 7 + (day->week - INT64_C(1)) * 7;

    while (at >= next) {
        at -= 7;
    }
    return at * DAY_S + day->time_s;
}

int32_t ward_zone_rule_offset_s(const struct ward_zone *zone, int64_t utc_s)
{
    int64_t shown_s = utc_s + zone->winter_s;
    int64_t year = year_of((shown_s >= 0 ? shown_s : shown_s - DAY_S + 1) / DAY_S);
    int64_t begins, ends;
    bool summer;

    if (!zone->has_summer) {
        return zone->winter_s;
    }
    begins = local_s(&zone->summer_begins, year) - zone->winter_s;
    ends = local_s(&zone->summer_ends, year) - zone->summer_s;
    summer = begins < ends ? utc_s >= begins && utc_s < ends : !(utc_s >= ends && utc_s < begins);
    return summer ? zone->summer_s : zone->winter_s;
}
