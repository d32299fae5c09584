/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the alarm engine remembers of one patient: a plain bounded value, without pointers and without texts of the
 * plan. Only the engine looks inside; others hold it, copy it and store it (core/alarm_pack.h).
 *
 * Moments are boot-time microseconds; WARD_NEVER is none. Where an end must outlive a reboot its UTC stands beside it.
 */
#ifndef WARD_CORE_ALARM_STATE_H
#define WARD_CORE_ALARM_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "ward/alarm.h"
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
    WARD_CAUSE_LATE, /* late-out-of-limits: an old reading, older than what was evaluated, is beyond */
    WARD_CAUSE_COUNT,
};

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
    uint64_t value_seq; /* the reading that value is from; 0: not committed yet, or none */
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

/* One rule against the values of a stream: its delays. */
struct ward_alarm_detector {
    bool holds;         /* it was raised and has not recovered */
    bool pending;       /* its on-delay runs */
    bool elapsed;       /* the on-delay counts as elapsed (after a reboot) */
    bool confirm;       /* it holds on questionable values only */
    bool long_run;      /* after a reboot: before it, the run was long enough to raise when the input stops */
    uint64_t onset_us;  /* first value beyond the limit of this pending, of any quality but invalid */
    uint64_t beyond_us; /* first valid one */
    uint64_t run_us;    /* since when every value, questionable ones too, was beyond the limit */
    uint64_t unproved_us;  /* since when only questionable ones came, all beyond the limit */
    uint64_t recovered_us; /* since when every valid value was past clear_at */
};

/* The newest value of a quantity, and how its input runs. */
struct ward_alarm_input_state {
    uint8_t quantity; /* enum ward_quantity */
    bool planned;     /* the plan in force has it; otherwise only what is left of an older plan */
    bool running;     /* a stream comes; false once it has stopped */
    bool stale;
    bool rebooted;             /* no value has come since the machine was started anew */
    struct ward_decimal value; /* newest valid one; WARD_NAN: none yet */
    uint64_t value_seq, value_mono_us;
    uint64_t value_us;         /* when it came */
    int64_t value_measured_ms; /* UTC, or WARD_UTC_UNKNOWN */
    bool value_spot;           /* it counted at once */
    struct ward_decimal last;  /* newest value that is not invalid */
    uint64_t last_us;          /* when it came */
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
    struct ward_alarm_detector detectors[2][2]; /* [side][level - 1] */
    struct ward_alarm_condition conditions[WARD_CAUSE_COUNT];
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
    uint8_t input_count;
    uint8_t technical_count;
    struct ward_alarm_input_state inputs[WARD_CLINICAL_QUANTITIES];
    struct ward_alarm_technical_state technical[WARD_ALARM_TECHNICAL_MAX];
};

#endif
