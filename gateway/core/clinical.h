/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of clinical figures: every default and bound that a clinical safety officer must sign.
 * docs/safety/intended-use.md shows it, and a test holds the two together. Only the priorities of what is wrong with the
 * gateway itself stand elsewhere, beside their words (app/technical.c); the document has them too.
 *
 * A care plan may change what it has a member for, within the bounds; the rest is fixed here. Quantities are in the
 * unit of their row in core/quantity.h.
 */
#ifndef WARD_CORE_CLINICAL_H
#define WARD_CORE_CLINICAL_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/careplan.h"

#define WARD_SECOND_US UINT64_C(1000000)
#define WARD_MINUTE_MS (60 * 1000)
#define WARD_HOUR_MS   (60 * WARD_MINUTE_MS)

/* Without a value for this long the input of a stream has stopped. */
#define WARD_INPUT_STOP_US (10 * WARD_SECOND_US)
/* How long a value must be steady to be derived, or beyond a limit before its input stopped to be raised. */
#define WARD_STEADY_US (5 * WARD_SECOND_US)
/* Questionable values beyond a limit, without a valid one for this long, raise and ask to repeat; so do those of a session
 * beyond a red one, without a steady one. */
#define WARD_UNPROVED_US (30 * WARD_SECOND_US)
/* Frames of a stream without a valid value for this long are no-valid-data. */
#define WARD_NO_VALID_US (30 * WARD_SECOND_US)
/* A steady value is derived again at least this often while worn. */
#define WARD_DERIVE_US (60 * WARD_SECOND_US)

#define WARD_ALARM_SILENCE_MS     (10 * WARD_MINUTE_MS)
#define WARD_ALARM_SUSPEND_MAX_MS (24 * WARD_HOUR_MS)

#define WARD_STALE_STREAM_MS     (60 * 1000)
#define WARD_STALE_STREAM_MIN_MS (20 * 1000)
#define WARD_STALE_SPOT_MS       (26 * WARD_HOUR_MS) /* also the upper bound of both */
#define WARD_EXPECT_MIN_MS       (60 * 1000)
#define WARD_SETTLE_MS           (10 * 1000)
#define WARD_SETTLE_MAX_MS       (120 * 1000)
#define WARD_ON_DELAY_MAX_MS     (120 * 1000)
#define WARD_OFF_DELAY_MAX_MS    (600 * 1000)
#define WARD_LATE_MAX_AGE_MS     (12 * WARD_HOUR_MS)

/* A measurement that was taken longer ago than this when it came is late. */
#define WARD_LATE_AFTER_MS INT64_C(120000)
/* No other spot measurement of a device for so long: it was the last of those that it had kept, and is of now. */
#define WARD_LAST_KEPT_US (2 * WARD_SECOND_US)
/* So long a spot measurement waits for the device's clock to say when it was taken, and no longer. */
#define WARD_CLOCK_WAIT_US (10 * WARD_SECOND_US)
/* A device's clock further from ours is wrong. Stamps of a minute have no seconds: less is no reason to touch it. */
#define WARD_DEVICE_CLOCK_WRONG_MS INT64_C(60000)
/* NEWS2: how long an input counts, and how much of a stream there must be before its median does. */
#define WARD_NEWS2_FRESH_MS      (3600 * 1000)
#define WARD_NEWS2_FRESH_MIN_MS  (900 * 1000)
#define WARD_NEWS2_FRESH_MAX_MS  (12 * WARD_HOUR_MS)
#define WARD_NEWS2_STREAM_MIN_US (15 * WARD_SECOND_US)
/* The response of the chart: urgent from 5 or with a 3 in one parameter, emergency from 7. */
#define WARD_NEWS2_MEDIUM_FROM 5
#define WARD_NEWS2_HIGH_FROM   7
/* An acknowledgement of a score ends when it is this much higher. */
#define WARD_NEWS2_WORSE_BY 1

/* Changes. */
#define WARD_WITHIN_MIN_MS            (10 * WARD_MINUTE_MS)
#define WARD_WITHIN_MAX_MS            (UINT32_C(30) * 24 * WARD_HOUR_MS)
#define WARD_BASELINE_READINGS_MIN    3
#define WARD_BASELINE_READINGS_MAX    WARD_PLAN_BASELINE_MAX
#define WARD_BASELINE_STREAM_EVERY_US (60 * WARD_SECOND_US) /* of a stream one value enters so often */
#define WARD_AT_LEAST_MAX             5
/* Spot values of which some, but not enough, were beyond a limit: without another one for this long, please repeat. */
#define WARD_REPEAT_US (UINT64_C(3600) * WARD_SECOND_US)

/* Schedule. */
#define WARD_GRACE_MS        (2 * WARD_HOUR_MS)
#define WARD_GRACE_MIN_MS    (15 * WARD_MINUTE_MS)
#define WARD_GRACE_MAX_MS    (12 * WARD_HOUR_MS)
#define WARD_QUIET_FROM_MIN  (22 * 60)
#define WARD_QUIET_UNTIL_MIN (7 * 60)
#define WARD_PROMPTS_MAX     3 /* a measurement */
#define WARD_SILENT_MS       (15 * WARD_MINUTE_MS)
#define WARD_SILENT_MIN_MS   WARD_MINUTE_MS
#define WARD_SILENT_MAX_MS   (4 * WARD_HOUR_MS)

/* What was sent, without a receipt for this long: the room is told, the hub counts as not confirming (docs/mqtt). */
#define WARD_UNDELIVERED_US     (60 * WARD_SECOND_US)
#define WARD_ALARM_CONFIRM_US   (60 * WARD_SECOND_US)
#define WARD_READING_CONFIRM_US (300 * WARD_SECOND_US)
/* So long after a start, and the radio after a restart of Bluetooth, before an alarm is made of it. */
#define WARD_RADIO_GRACE_US (20 * WARD_SECOND_US)
#define WARD_CLOCK_GRACE_US (120 * WARD_SECOND_US)
/* A shorter time in which nobody was watched is not told. */
#define WARD_UNMONITORED_MIN_US (20 * WARD_SECOND_US)
/* So long of poor signal, without a valid value of the device, asks to have its seat looked at. */
#define WARD_POOR_SIGNAL_US (60 * WARD_SECOND_US)
/* A certificate is to be renewed in its last days. */
#define WARD_CERTIFICATE_DAYS 30

/* How long a device without slots is claimed for one patient, unless it is said; and at most. */
#define WARD_CLAIM_S     300
#define WARD_CLAIM_MAX_S 3600
/* How long a patient is asked to measure, unless the command says; and at most. */
#define WARD_ASK_S     900
#define WARD_ASK_MAX_S 7200

/* What the room reads while an alarm is undelivered and the plan has no words of its own, and while nobody is known. */
#define WARD_TEXT_UNDELIVERED                                                                                \
    "We could not reach your ward. If you feel worse call 111. In an emergency call 999."
#define WARD_TEXT_NOBODY_WATCHED                                                                             \
    "This box cannot watch over anybody at the moment. Please tell your ward. If you feel worse call 111. "  \
    "In an emergency call 999."

/* Priorities of what is wrong with the data rather than with the patient. */
#define WARD_PRIORITY_OF_INCOMPLETE       WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_NO_VALID_DATA    WARD_PRIORITY_LOW
#define WARD_PRIORITY_OF_NO_DATA          WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_NO_SOURCE        WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_LATE             WARD_PRIORITY_LOW
#define WARD_PRIORITY_OF_NO_PLAN          WARD_PRIORITY_HIGH
#define WARD_PRIORITY_OF_PLAN_EXPIRED     WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_SILENT           WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_SCHEDULE_UNKNOWN WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_MISSED           WARD_PRIORITY_LOW
#define WARD_PRIORITY_OF_MISSED_AGAIN     WARD_PRIORITY_MEDIUM /* from the second in a row */
#define WARD_PRIORITY_OF_MISSED_RED       WARD_PRIORITY_HIGH /* when the value before was beyond a red limit */

/* Priorities of what is wrong with a device; its battery's are ward_clinical_battery's. */
#define WARD_PRIORITY_OF_UNDECODABLE WARD_PRIORITY_LOW
#define WARD_PRIORITY_OF_BOND_LOST   WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_POOR_SIGNAL WARD_PRIORITY_LOW
#define WARD_PRIORITY_OF_FIRMWARE    WARD_PRIORITY_MEDIUM

/* Priorities of what somebody or the score says of the patient. */
#define WARD_PRIORITY_OF_CONCERN     WARD_PRIORITY_MEDIUM
#define WARD_PRIORITY_OF_NEWS2_THREE WARD_PRIORITY_MEDIUM

/* What a limit of this priority has when the plan does not say. */
struct ward_clinical_priority {
    uint32_t on_delay_ms, off_delay_ms;
    struct ward_plan_times times;
    struct ward_plan_times times_min,
        times_max; /* bounds of a plan; an escalation of 0 is refused where max is 0 */
};

/* What a limit on this quantity has when the plan does not say. */
struct ward_clinical_quantity {
    uint8_t quantity;
    struct ward_decimal worse_by;
    struct ward_decimal clear_by;  /* clear_at lies this far inside the limit */
    struct ward_decimal moved_by;  /* a session's steady value is derived again when it has moved this far */
    struct ward_decimal steady_by; /* steady: all values within ± this */
};

/* The row of a priority from low to high. */
const struct ward_clinical_priority *ward_clinical_priority(uint8_t priority);

/* The row of a quantity that a plan may set limits on, or NULL for one that it may not. */
const struct ward_clinical_quantity *ward_clinical_quantity(uint8_t quantity);

/* Two devices on one patient disagree when their pulses of the last so long differ by more than that, /min. */
#define WARD_DISAGREEMENT_US   (30 * WARD_SECOND_US)
#define WARD_DISAGREEMENT_RATE 20

/* A device's battery: below the first it is to be charged or changed soon, below the second now. */
#define WARD_BATTERY_LOW_PERCENT   20
#define WARD_BATTERY_EMPTY_PERCENT 10
#define WARD_BATTERY_RECOVERED_BY  5 /* above a bound, before the condition is taken back */

/*
 * The priority of battery-low at that charge, 0 to 100; before is what it was (WARD_PRIORITY_NONE: not low), so that a
 * charge that wavers about a bound does not raise again and again.
 */
uint8_t ward_clinical_battery(uint8_t percent, uint8_t before);

/* How many quantities there are rows for: the alarm state has room for all of them. */
#define WARD_CLINICAL_QUANTITIES 16

#endif
