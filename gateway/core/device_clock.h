/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock inside a device: what to write to set it, what its answer means, and when a record was measured that bears
 * its time.
 *
 * A device's clock counts in some local time. It knows neither its zone nor daylight saving: somebody set it once, and
 * it has run on since. So nothing here computes with zones. What counts is a pair: what the device's clock showed at a
 * moment of ours. The distance of the two holds whatever zone was meant, and across the ends of summer time, until
 * somebody sets the clock; the next pair then differs.
 *
 * A pair holds where nobody trusts our own UTC either (boot time is always known): a record then has an age and a boot
 * time, and a UTC as soon as the boot's is known.
 *
 * Forms: Current Time, 2A2B (CTS 1.1 §3.1), and Date Time, 2A08 (GSS), which some devices have inside the service of
 * their measurement.
 */
#ifndef WARD_CORE_DEVICE_CLOCK_H
#define WARD_CORE_DEVICE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clinical.h"
#include "ward/reading.h"

#define WARD_DEVICE_CLOCK_OCTETS_MAX 10
#define WARD_DEVICE_TIME_UNKNOWN     INT64_MIN

/* What the clock is worth, by one look at it. */
enum ward_device_clock_state {
    WARD_DEVICE_CLOCK_UNREADABLE, /* it did not answer, or with no date that exists */
    WARD_DEVICE_CLOCK_RESET,      /* it started anew at its epoch: it lost power, and nobody set it since */
    WARD_DEVICE_CLOCK_WRONG, /* it runs, and is further from our local time than WARD_DEVICE_CLOCK_WRONG_MS */
    WARD_DEVICE_CLOCK_UNCHECKED, /* it runs; we have no trusted time to hold against it */
    WARD_DEVICE_CLOCK_RIGHT,
};

/* What a device's clock showed at a moment of ours. */
struct ward_device_clock_pair {
    int64_t
        device_ms; /* its local time, since 1970-01-01T00:00 in that local time; or WARD_DEVICE_TIME_UNKNOWN */
    struct ward_time at;     /* our moment */
    struct ward_id boot;     /* which boot at.boot_us counts in; it is for the caller who keeps the pair */
    uint32_t uncertainty_ms; /* half the time that reading took, and the resolution of its form */
};

/* A pair that is none. */
struct ward_device_clock_pair ward_device_clock_no_pair(void);
bool ward_device_clock_is_pair(const struct ward_device_clock_pair *pair);

/* The local time of now, zone_min minutes east of UTC. Unknown when now.utc_ms is. */
int64_t ward_device_clock_local_ms(const struct ward_time *now, int16_t zone_min);

/* A device's time stamp as a number; unknown unless it is a date that exists (year, month and day may be 0). */
int64_t ward_device_time_to_ms(const struct ward_device_time *time);

/*
 * Writes the octets that set a clock of this form (WARD_CHAR_CURRENT_TIME: 10, WARD_CHAR_DATE_TIME: 7) to our local
 * time. Returns their number; 0, with ret unspecified, when our UTC is not trusted or the form is neither.
 */
size_t ward_device_clock_encode(uint16_t form, const struct ward_time *now, int16_t zone_min,
                                uint8_t ret[WARD_DEVICE_CLOCK_OCTETS_MAX]);

/* A read of the clock that was asked for at asked and answered at answered. */
struct ward_device_clock_answer {
    uint16_t form;
    const uint8_t *octets; /* borrowed; NULL when length is 0 */
    size_t length;
    struct ward_time asked, answered;
};

/*
 * The pair that an answer makes: the device's clock stood so in the middle between question and answer. No pair when it
 * is no date that exists.
 */
struct ward_device_clock_pair ward_device_clock_read(const struct ward_device_clock_answer *answer);

/*
 * What a clock is worth. earlier is the pair of an earlier connection, or none; it makes a reset certain that a plain
 * look only suspects.
 */
enum ward_device_clock_state ward_device_clock_judge(const struct ward_device_clock_pair *pair,
                                                     const struct ward_device_clock_pair *earlier,
                                                     int16_t zone_min);

/* Names, static: "unreadable", "reset", "wrong", "unchecked", "right". */
const char *ward_device_clock_state_name(enum ward_device_clock_state state);

/* device − UTC, in ms. Returns false, with ret unchanged, when the pair is none or its UTC was not known. */
bool ward_device_clock_offset_ms(const struct ward_device_clock_pair *pair, int64_t *ret);

/*
 * How much faster than ours the device's clock runs, in parts per million, by two pairs at least a day apart. Returns
 * false, with ret unchanged, when they do not tell: too close, no UTC, or a distance that no crystal drifts
 * (WARD_DEVICE_CLOCK_DRIFT_MAX_PPM, or WARD_DEVICE_CLOCK_STEP_MS): somebody set it.
 */
#define WARD_DEVICE_CLOCK_DRIFT_MAX_PPM 200
#define WARD_DEVICE_CLOCK_STEP_MS       600000
bool ward_device_clock_drift_ppm(const struct ward_device_clock_pair *older,
                                 const struct ward_device_clock_pair *newer, int32_t *ret);

/*
 * How a device's clock goes, over months: what is kept of it with the device. Nothing is known of one that is all zero
 * but for `from`, which is no pair.
 */
struct ward_device_clock_habit {
    struct ward_device_clock_pair from; /* what drift is told against: the first look since it was set */
    bool has_offset;
    int64_t offset_ms;    /* device − UTC, as it was found when it was looked at last */
    int64_t looked_at_ms; /* UTC of that look */
    bool has_drift;
    int32_t drift_ppm; /* how much faster than ours; it outlives a new setting, being the crystal's */
};

/* One that nothing is known of. */
struct ward_device_clock_habit ward_device_clock_no_habit(void);

/* One look at a clock. Any of them may be none, or without our UTC: that says nothing. */
struct ward_device_clock_look {
    struct ward_device_clock_pair earlier; /* as the look before left it */
    struct ward_device_clock_pair found;
    struct ward_device_clock_pair left; /* as it was found, unless we set it */
};

/* Takes in one look. `from` begins anew where somebody set the clock, and once a month. */
void ward_device_clock_note(struct ward_device_clock_habit *habit, const struct ward_device_clock_look *look);

/* What is known of a device's clock while its records are read. Any of the pairs may be none. */
struct ward_device_clock_known {
    struct ward_device_clock_pair earlier; /* of an earlier connection; used by its UTC alone */
    struct ward_device_clock_pair before;  /* of this one, before we set the clock */
    struct ward_device_clock_pair after;   /* of this one, read back after we set it; none when we did not */
};

/* When a record was measured. */
struct ward_device_moment {
    bool is_known;           /* age, boot time and uncertainty mean something */
    int64_t age_ms;          /* at the moment it was received; never negative */
    int64_t boot_us;         /* in this boot; negative: before it */
    int64_t utc_ms;          /* WARD_UTC_UNKNOWN while our UTC is not known */
    uint32_t uncertainty_ms; /* either way */
    uint8_t clock;           /* enum ward_clock_quality: DEVICE, ESTIMATED or UNSYNCED */
};

/* One that is not known. */
struct ward_device_moment ward_device_clock_no_moment(void);

/*
 * When the record that bears this stamp was measured; received is when we got it. A stamp may lie WARD_DEVICE_CLOCK_WRONG_MS
 * ahead of the clock, as one without seconds does at most; it is then of now.
 *
 * Which pair a stamp belongs to. `after` counts for what was measured since we set the clock, `before` for the rest; the
 * earlier one only where somebody else set the clock since, or it was reset, and only when UTC was known then and now.
 *
 *   stamp                                                    pair            how good
 *   between `after` and now by it                            after           device
 *   not after `before`, nobody set the clock since earlier   before          device
 *     … somebody did: it fits the time since earlier by both before          estimated; the step is uncertainty
 *     … by one of them alone                                 that one        before: device; earlier: estimated
 *   ahead of `before` (the clock was reset), fits earlier    earlier         estimated
 *   anything else; no date; no pair of this connection       not known
 *
 * "device" is only as good as our own clock: it is "estimated" when ours is, and "unsynced" while our UTC is not known; the
 * age holds nevertheless.
 */
struct ward_device_moment ward_device_clock_map(const struct ward_device_clock_known *known,
                                                const struct ward_device_time *stamp,
                                                const struct ward_time *received);

#endif
