/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A time zone: how far local clocks are from UTC, from the octets of a TZif file (RFC 8536) as the system's zoneinfo
 * has them. Pure: whoever reads the file hands over its octets.
 */
#ifndef WARD_CORE_ZONE_H
#define WARD_CORE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_ZONE_FILE_MAX        65536
#define WARD_ZONE_TRANSITIONS_MAX 64 /* those of the years to come, and before them as many as fit */

struct ward_zone_transition {
    int64_t at_s; /* UTC in seconds; from then on */
    int32_t offset_s;
};

/* "The last Sunday in March at 01:00", of the file's last line (POSIX TZ): month 1 to 12, week 5 is the last one. */
struct ward_zone_day {
    uint8_t month, week, weekday; /* 0 is Sunday */
    int32_t time_s;               /* local, of the offset before; may lie outside the day */
};

struct ward_zone {
    uint8_t count;
    struct ward_zone_transition transitions[WARD_ZONE_TRANSITIONS_MAX]; /* rising */
    int32_t before_s;                                                   /* offset before the first of them */
    bool has_rule; /* for what comes after the last of them */
    bool has_summer;
    int32_t winter_s, summer_s;
    struct ward_zone_day summer_begins, summer_ends;
};

/* Returns false, with ret unchanged, for octets that are not a TZif file of version 2 or later, whole and in order. */
bool ward_zone_parse(const uint8_t *octets, size_t length, struct ward_zone *ret);

/* Seconds that local clocks are ahead of UTC at that moment. */
int32_t ward_zone_offset_s(const struct ward_zone *zone, int64_t utc_s);

/*
 * The moment at which local clocks show local_s (seconds since 1970-01-01T00:00 in local time). What they show twice
 * is the first of the two; what they skip is when they would have shown it without the change.
 */
int64_t ward_zone_to_utc_s(const struct ward_zone *zone, int64_t local_s);

#endif
