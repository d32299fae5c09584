/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moments as RFC 3339 text, always UTC, always with milliseconds: "2026-11-22T09:00:01.120Z".
 *
 * The calendar is the proleptic Gregorian one, in integers; leap seconds do not exist, as in POSIX time.
 */
#ifndef WARD_CORE_UTC_H
#define WARD_CORE_UTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/reading.h"

/* "YYYY-MM-DDTHH:MM:SS.mmmZ" and the terminating NUL. */
#define WARD_UTC_TEXT_SIZE 25
/* "YYYY-MM-DDTHH:MM:SS" and the terminating NUL. */
#define WARD_DEVICE_TIME_TEXT_SIZE 20

/* The first and the last millisecond that the four digits of a year can tell. */
#define WARD_UTC_MIN_MS (-INT64_C(62135596800000))
#define WARD_UTC_MAX_MS INT64_C(253402300799999)

/*
 * Writes utc_ms (milliseconds since 1970-01-01T00:00:00Z) into ret. Returns false, with ret unchanged, outside the
 * years 1 to 9999; WARD_UTC_UNKNOWN is outside.
 */
bool ward_utc_format(int64_t utc_ms, char ret[WARD_UTC_TEXT_SIZE]);

/*
 * Reads exactly length characters of text: RFC 3339 with "T" and "Z" in capitals, an optional fraction of one to nine
 * digits (cut to milliseconds), no other offset, no leap second. Returns false, with ret_utc_ms unchanged, for
 * anything else.
 */
bool ward_utc_parse(const char *text, size_t length, int64_t *ret_utc_ms);

/*
 * Writes what a device said in its own local time. A year, month or day that it does not know stands as zeros.
 * Returns false, with ret unchanged, when the device said nothing or a field is out of range (GSS, Date Time).
 */
bool ward_device_time_format(const struct ward_device_time *time, char ret[WARD_DEVICE_TIME_TEXT_SIZE]);

/*
 * The local time of a device that counts seconds, since 1970-01-01T00:00:00 in that local time. Returns false, with ret
 * unchanged, outside the years 1 to 9999.
 */
bool ward_device_time_from_seconds(int64_t seconds, struct ward_device_time *ret);

/*
 * Moves a time stamp, which must be a date that exists, by minutes. Returns false, with time unchanged, where that
 * leaves the years 1 to 9999.
 */
bool ward_device_time_add_minutes(struct ward_device_time *time, int32_t minutes);

#endif
