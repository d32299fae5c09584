/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the alarm engine remembers of one patient: a plain bounded value, without pointers and without texts of the
 * plan. Only the engine looks inside; others hold it, copy it and store it (core/alarm_pack.h).
 *
 * Moments are boot-time microseconds, modulo 2⁶⁴: what was before the boot lies just below that, and still has its age.
 * WARD_NEVER is none. Which of two is the earlier says ward_is_before_us, not <, unless both lie ahead. Where an end must
 * outlive a reboot its UTC stands beside it.
 * Members named life_us count on over reboots instead: boot time and life_offset_us.
 */
#ifndef WARD_CORE_ALARM_STATE_H
#define WARD_CORE_ALARM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/adherence.h"
#include "core/session.h"
#include "core/trend.h"
#include "core/window.h"
#include "ward/alarm.h"
#include "ward/careplan.h"
#include "ward/quantity.h"
#include "ward/reading.h"

#define WARD_NEVER UINT64_MAX

/* What can be wrong with one quantity. The order is part of the stored state: append only. */
enum ward_alarm_cause {
    WARD_CAUSE_LOW,        /* spo2-low: below a limit */
    WARD_CAUSE_HIGH,       /* spo2-high: above a limit */
    WARD_CAUSE_INCOMPLETE, /* measurement-incomplete: it ended before anything could be said; please repeat */
    WARD_CAUSE_NO_VALID_DATA, /* no-valid-data: frames come, none of them valid */
    WARD_CAUSE_NO_DATA,       /* no-data: expected, and nothing valid came */
    WARD_CAUSE_NO_SOURCE,     /* rule-without-source: no device is bound that could measure it */
    WARD_CAUSE_LATE,   /* late-out-of-limits: an old reading, older than what was evaluated, is beyond */
    WARD_CAUSE_FALL,   /* spo2-fall: fallen from the baseline, or within a time */
    WARD_CAUSE_RISE,   /* body-mass-rise */
    WARD_CAUSE_MISSED, /* reading-missed: the schedule's grace is over */
    WARD_CAUSE_SILENT, /* device-silent: expected to be worn now, and nothing comes */
    WARD_CAUSE_COUNT,  /* so many of each quantity; as a cause: none of a quantity */

    /* Of the patient as a whole. */
    WARD_CAUSE_NEWS2,       /* news2-score: the sum */
    WARD_CAUSE_NEWS2_THREE, /* news2-three-in-one: 3 points in one parameter */
    WARD_CAUSE_CONCERN,     /* concern: somebody is worried */
    WARD_CAUSE_END,
};

#define WARD_CAUSE_WIDE_COUNT (WARD_CAUSE_END - WARD_CAUSE_COUNT - 1)

/* One condition: its state, and the occurrence that it is in or was last in. */
struct ward_alarm_condition {
    uint8_t state;          /* enum ward_alarm_state */
    uint8_t priority;       /* of the occurrence, escalation included */
    uint8_t level;          /* enum ward_plan_level that was raised; LOW and HIGH only */
    uint8_t cleared_reason; /* enum ward_cleared_reason of the newest clearing */
    uint8_t last_event;     /* enum ward_alarm_event_kind */
    bool seen;              /* a clinician acknowledged it since it was raised last */
    bool acknowledgement_holds;
    bool data_since_acknowledgement; /* a value beyond the limit came after the acknowledgement */
    bool late, confirm, again;
    struct ward_alarm_id id;
    uint32_t n;
    struct ward_id rule; /* the plan's rule that raised it */
    struct ward_id by;   /* who acknowledged or silenced last */
    struct ward_decimal value, limit, acknowledged_value;
    uint64_t value_seq; /* the reading that value is from; 0: not committed yet, not in this epoch, or none */
    uint64_t value_mono_us;
    uint64_t raised_us; /* first of the occurrence */
    int64_t raised_utc_ms;
    uint64_t acknowledged_until_us;
    int64_t acknowledged_until_utc_ms; /* WARD_UTC_UNKNOWN: the end cannot be trusted after a reboot */
    uint64_t silenced_until_us;
    uint64_t realarm_us, escalate_us; /* when next */
    uint32_t condition_delay_ms;      /* measured: first value beyond the limit to raised */
    uint32_t held_ms;                 /* of that, how long values came */
};

#define WARD_RECENT_MAX 8

/* One rule against the values of a stream: its delays. */
struct ward_alarm_detector {
    bool holds;         /* it was raised and has not recovered */
    bool pending;       /* its on-delay runs */
    bool elapsed;       /* the on-delay counts as elapsed (after a reboot) */
    bool confirm;       /* it holds on questionable values only */
    bool long_run;      /* after a reboot: before it, the run was long enough to raise when the input stops */
    uint8_t recent;     /* of the newest 8 valid spot values, newest first in bit 0: was it beyond? */
    uint8_t counted;    /* so many of them came since it recovered: the others do not count any more */
    uint64_t onset_us;  /* first value beyond the limit of this pending, of any quality but invalid */
    uint64_t beyond_us; /* first valid one */
    uint64_t run_us;    /* since when every value, questionable ones too, was beyond the limit */
    uint64_t unproved_us;  /* since when only questionable ones came, all beyond the limit */
    uint64_t recovered_us; /* since when every valid value was past clear_at */
};

/* A valid value as it was taken, so that one that is taken back leaves what stood before it. */
struct ward_alarm_past {
    struct ward_decimal value;
    struct ward_source from;
    uint64_t us;         /* when it came */
    int64_t measured_ms; /* UTC, or WARD_UTC_UNKNOWN */
    bool spot;           /* it counted at once */
    bool counted;        /* it has a bit in ward_alarm_detector.recent */
};

#define WARD_ALARM_PAST_MAX WARD_RECENT_MAX /* of a running stream two places do */
#define WARD_ALARM_LATE_MAX 4

/* The newest value of a quantity, and how its input runs. */
struct ward_alarm_input_state {
    uint8_t quantity;      /* enum ward_quantity */
    bool planned;          /* the plan in force has it; otherwise only what is left of an older plan */
    bool running;          /* a stream comes; false once it has stopped */
    struct ward_id source; /* which device the newest value of a stream is from; empty: not known */
    bool stale;
    bool rebooted;             /* no value has come since the machine was started anew */
    struct ward_decimal value; /* newest valid one; WARD_NAN: none yet */
    uint64_t value_seq, value_mono_us;
    uint64_t value_us;         /* when it came */
    int64_t value_measured_ms; /* UTC, or WARD_UTC_UNKNOWN */
    bool value_spot;           /* it counted at once */
    struct ward_decimal
        last;         /* newest that is not invalid, as it was judged: a median where the plan wants it */
    uint64_t last_us; /* when it came */
    uint64_t last_seq, last_mono_us;
    bool last_spot;             /* it was a spot value: goes stale as such */
    bool last_valid;            /* otherwise questionable */
    uint64_t unvalid_us;        /* first frame without a valid value since the last valid one */
    uint64_t steady_from_us;    /* valid values have come without a stop since */
    uint64_t expected_us;       /* from when the expectation counts: plan, or newest valid value */
    int64_t newest_measured_ms; /* newest time of measurement that was evaluated */
    struct ward_session session;
    uint64_t
        derive_from_us; /* receipt of the first reading that the next derived value is from; WARD_NEVER: of the next one */
    struct ward_alarm_detector detectors[2][2]; /* of limits: [side][level - 1] */
    struct ward_alarm_detector changes[2][2];   /* of changes */
    struct ward_alarm_condition conditions[WARD_CAUSE_COUNT];
    struct ward_trend trend; /* valid values, for changes within a time */
    struct ward_decimal
        newest[WARD_PLAN_MEDIAN_MAX]; /* valid ones in a row, newest first, for their median */
    uint8_t newest_count;
    struct ward_decimal baseline; /* learnt; WARD_NAN: not yet */
    uint8_t learnt_count;         /* what it was, or is being, learnt from */
    struct ward_decimal learnt[WARD_PLAN_BASELINE_MAX];
    uint64_t learnt_life_us; /* the newest of them */
    int64_t slot_ms; /* UTC of the measurement that is waited for; WARD_UTC_UNKNOWN: not yet looked for */
    uint8_t prompts; /* given for it */
    uint8_t missed_in_row;
    uint64_t schedule_us; /* when something of schedule or wear is due next */
    uint64_t heard_us;    /* when the device gave something last, worn */
    uint64_t wear_us;     /* since when it is expected to be worn; WARD_NEVER: it is not now */
    uint8_t past_count;
    struct ward_alarm_past past[WARD_ALARM_PAST_MAX]; /* newest first; [0] is `value` */
    struct ward_source newest_from[WARD_PLAN_MEDIAN_MAX], learnt_from[WARD_PLAN_BASELINE_MAX];
    uint8_t late_count;
    struct ward_source late_from[WARD_ALARM_LATE_MAX]; /* what late-out-of-limits stands on, newest first */
    struct ward_adherence adherence;
    uint64_t
        wear_counted_us; /* until when its time of wear is in there; WARD_NEVER: it is not to be worn now */
};

/* The sources of what NEWS2 is made of. The order is part of the stored state: append only. */
enum ward_vital_source {
    WARD_VITAL_RESPIRATION_RATE,
    WARD_VITAL_SPO2,
    WARD_VITAL_OXYGEN,
    WARD_VITAL_SYSTOLIC,
    WARD_VITAL_PULSE_OXIMETER, /* from the reading that gave the SpO2 */
    WARD_VITAL_PULSE_CUFF,
    WARD_VITAL_PULSE_STRAP, /* or another wearable without SpO2 */
    WARD_VITAL_CONSCIOUSNESS,
    WARD_VITAL_TEMPERATURE,
    WARD_VITAL_COUNT,
};

/* A value that counted before the newest one did. */
struct ward_alarm_vital_past {
    struct ward_decimal value; /* WARD_NAN: none */
    uint64_t life_us;
    struct ward_source from;
    bool entered, dubious;
};

#define WARD_VITAL_PAST_MAX 2

/* The newest value of a source: of a spot value itself, of a stream the median of its last minute. */
struct ward_alarm_vital {
    struct ward_decimal value; /* WARD_NAN: never given */
    uint64_t life_us;          /* when it came */
    uint64_t seq, mono_us;     /* its reading */
    bool entered;              /* by a person */
    bool dubious;  /* nobody knows how long ago, after a reboot without a clock: counts as stale */
    bool streamed; /* it is such a median */
    struct ward_alarm_vital_past past[WARD_VITAL_PAST_MAX]; /* newest first */
    struct ward_window window;
};

#define WARD_ALARM_TECHNICAL_MAX 32

/* A technical condition of the gateway, or one that the engine finds itself without a quantity (no-plan). */
struct ward_alarm_technical_state {
    struct ward_id name;
    struct ward_id device; /* empty: of the gateway */
    bool advisory, degrades;
    struct ward_alarm_condition condition;
    char text[WARD_ALARM_TEXT_MAX + 1];
};

struct ward_alarm_patient {
    struct ward_id patient, episode;
    bool has_sources;            /* sources was told */
    bool ended;                  /* discharged */
    struct ward_time now;        /* of the newest input */
    uint64_t plan_expires_us;    /* as far as the wall clock is known */
    uint32_t sources;            /* set of 1 << enum ward_quantity */
    uint64_t suspended_until_us; /* WARD_NEVER: not suspended */
    int64_t suspended_until_utc_ms;
    int64_t
        utc_offset_ms; /* UTC - boot time by which the schedule was worked out; WARD_UTC_UNKNOWN: by none */
    uint64_t life_offset_us; /* life time = boot time + this, modulo 2⁶⁴ */
    struct ward_alarm_vital vitals[WARD_VITAL_COUNT];
    uint8_t
        news2_fresh; /* parameters that were fresh when it was scored last, 1 << enum ward_news2_parameter */
    struct ward_alarm_condition wide[WARD_CAUSE_WIDE_COUNT]; /* [cause - WARD_CAUSE_NEWS2] */
    uint8_t input_count;
    uint8_t technical_count;
    struct ward_alarm_input_state inputs[WARD_CLINICAL_QUANTITIES];
    struct ward_alarm_technical_state technical[WARD_ALARM_TECHNICAL_MAX];
};

#endif
