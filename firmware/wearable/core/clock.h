/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wearable's own clock: local time, set by whoever writes it, lost when its battery is. It runs on the caller's
 * monotonic microseconds. One that was never set, or was reset, counts from its epoch, the start of 2000, as devices
 * that are sold do: its times look like times.
 */
#ifndef WEARABLE_CLOCK_H
#define WEARABLE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/reading.h"

struct ward_wearable_clock {
    int64_t seconds; /* since the epoch, at set_us */
    uint64_t set_us;
    bool is_set;
};

/* Back to the epoch, which is now. */
void ward_wearable_clock_reset(struct ward_wearable_clock *clock, uint64_t now_us);

/* Returns false, with clock unchanged, for a time that does not exist or is before the epoch. */
bool ward_wearable_clock_set(struct ward_wearable_clock *clock, const struct ward_device_time *time,
                             uint64_t now_us);

/* What the clock says, or said age_s ago: never before the epoch. */
struct ward_device_time ward_wearable_clock_read(const struct ward_wearable_clock *clock, uint64_t now_us,
                                                 uint32_t age_s);

/* Seconds from the epoch, negative before it. Returns false, with ret unchanged, for no date and time of 1583 to 9999. */
bool ward_seconds_from_time(const struct ward_device_time *time, int64_t *ret);

/* 1 for Monday to 7 for Sunday (GSS, Day of Week). The time must exist. */
uint8_t ward_day_of_week(const struct ward_device_time *time);

#endif
