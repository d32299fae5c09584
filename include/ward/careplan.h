/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A care plan: what the clinician who signed it wants to be told, in numbers. Read from JSON by core/careplan.h,
 * described by docs/care-plan.schema.json, and immutable from then on.
 *
 * It is a plain value of fixed size. Everything a plan may leave out has been filled in with the defaults of
 * core/clinical.c, so that the engine never has to ask.
 */
#ifndef WARD_CAREPLAN_H
#define WARD_CAREPLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/alarm.h"
#include "ward/quantity.h"
#include "ward/reading.h"

#define WARD_PLAN_QUANTITIES_MAX 12
#define WARD_PLAN_RULES_MAX      48 /* amber and red on both sides of each quantity */
#define WARD_PLAN_TITLE_MAX      120
#define WARD_PLAN_MEDIAN_MAX     9  /* values */
#define WARD_PLAN_BASELINE_MAX   15 /* readings */
#define WARD_PLAN_ZONE_MAX       64 /* octets of a time zone's name */
#define WARD_PLAN_SCHEDULES_MAX  WARD_PLAN_QUANTITIES_MAX
#define WARD_PLAN_TIMES_MAX      8 /* measurements of a quantity a day */

/* How a quantity is measured. Append only. */
enum ward_plan_mode {
    WARD_MODE_SPOT, /* single, settled values; a stream is evaluated only through its session (core/session.h) */
    WARD_MODE_STREAM, /* each value of a stream counts, through on-delay, off-delay and clear_at */
};

/* Which side of a limit is wrong. `below: 93` alarms at values < 93, `above: 130` at > 130; equal does not. */
enum ward_plan_side {
    WARD_SIDE_BELOW,
    WARD_SIDE_ABOVE,
};

enum ward_plan_level {
    WARD_LEVEL_NONE,
    WARD_LEVEL_AMBER,
    WARD_LEVEL_RED,
};

/* What a value is held against. */
enum ward_plan_rule_kind {
    WARD_RULE_LIMIT,    /* a fixed limit */
    WARD_RULE_BASELINE, /* the patient's own baseline: alarms at a fall or rise of `change` or more */
    WARD_RULE_WITHIN,   /* the patient's own highest or lowest value of the last within_ms: the same */
};

/*
 * One limit. There is at most one for each (quantity, side, level), and as many again for changes. Of a change the side
 * says its direction: below is a fall, above a rise.
 */
struct ward_plan_rule {
    struct ward_id id;
    uint8_t quantity; /* enum ward_quantity; one that the plan's list of quantities has */
    uint8_t side;     /* enum ward_plan_side */
    uint8_t kind;     /* enum ward_plan_rule_kind */
    uint8_t
        at_least; /* spot mode: so many of the newest `of` values must be beyond; 1 of 1 unless the plan says */
    uint8_t of;
    uint8_t level;                /* enum ward_plan_level: amber or red */
    uint8_t priority;             /* enum ward_alarm_priority: low to high */
    struct ward_decimal limit;    /* of a change: made by the engine from what it is a change from */
    struct ward_decimal clear_at; /* stream: counts as recovered from here on (>= for below, <= for above) */
    struct ward_decimal change;   /* > 0; changes only */
    uint32_t within_ms;           /* WARD_RULE_WITHIN only */
    struct ward_decimal worse_by; /* an acknowledgement ends when the value is this much worse; > 0 */
    uint32_t on_delay_ms;         /* stream only */
    uint32_t off_delay_ms;        /* stream only */
    char text[WARD_ALARM_TEXT_MAX + 1];         /* for the clinician; empty: the engine's own words */
    char patient_text[WARD_ALARM_TEXT_MAX + 1]; /* for the patient; empty: none */
};

/* Part of each local day, in minutes after midnight; over midnight when until is not after from. */
struct ward_plan_hours {
    uint16_t from_min, until_min; /* equal: the whole day */
    uint8_t days;                 /* set of 1 << day, 0 is Monday; the day on which it begins */
};

/* Where a baseline comes from. */
enum ward_plan_baseline {
    WARD_BASELINE_NONE,
    WARD_BASELINE_GIVEN,  /* by the clinician */
    WARD_BASELINE_LEARNT, /* the median of the first valid readings that are within all limits */
};

/* How a quantity of the plan is watched. */
struct ward_plan_quantity {
    uint8_t quantity;       /* enum ward_quantity */
    uint8_t mode;           /* enum ward_plan_mode */
    uint32_t stale_ms;      /* without a value for this long an alarm on a stream becomes unknown */
    uint32_t stale_spot_ms; /* and one on spot values */
    uint32_t expect_ms;     /* without a valid value for this long no-data is raised; 0: none is expected */
    uint32_t settle_ms;     /* spot mode: contact before a stream may count as steady */
    uint8_t median_of;      /* limits apply to the median of so many valid values, odd; 1: to each value */
    uint8_t baseline;       /* enum ward_plan_baseline */
    uint8_t baseline_readings;          /* to learn from */
    struct ward_decimal baseline_value; /* when given */
    bool worn;                          /* its device is expected to be worn in these hours: */
    struct ward_plan_hours wear;
    uint32_t silent_ms; /* without any value for this long then, device-silent is raised */
};

/* The times of one priority. */
struct ward_plan_times {
    uint32_t realarm_ms;         /* while nobody acknowledged; never 0 */
    uint32_t escalate_ms;        /* to the next priority; 0: it does not */
    uint32_t acknowledgement_ms; /* lasts at most */
};

/* The early warning score, when the plan asks for it (core/news2.h). */
struct ward_plan_news2 {
    bool used;
    uint8_t scale;      /* of SpO2: 1 or 2 */
    bool oxygen_always; /* the patient is always on oxygen; otherwise it is entered */
    uint8_t low_from;   /* a minimum from here on is a low alarm; 0: none below the medium one */
    uint32_t fresh_ms;  /* an input counts for this long */
    int64_t decided_ms; /* UTC, end of the day; WARD_UTC_UNKNOWN when it does not say */
    struct ward_id clinician;
    char text[WARD_ALARM_TEXT_MAX + 1];         /* for the clinician */
    char patient_text[WARD_ALARM_TEXT_MAX + 1]; /* for the patient */
};

/* When a quantity is to be measured, in the plan's time zone. */
struct ward_plan_schedule {
    uint8_t quantity; /* enum ward_quantity */
    uint8_t days;     /* set of 1 << day, 0 is Monday */
    uint8_t time_count;
    uint16_t at_min[WARD_PLAN_TIMES_MAX]; /* minutes after midnight, rising */
    uint32_t grace_ms;                    /* after that it is missed */
    char prompt_text[WARD_ALARM_TEXT_MAX + 1];
};

struct ward_care_plan {
    struct ward_id id;
    uint32_t version;
    char title[WARD_PLAN_TITLE_MAX + 1];
    bool example; /* its source says that it is an example, not a prescription */
    char citation[WARD_ALARM_TEXT_MAX + 1];
    int64_t review_by_ms; /* UTC, end of the day; past it plan-expired is raised */
    char undelivered_text[WARD_ALARM_TEXT_MAX +
                          1]; /* for the patient, when an alarm does not reach the ward */
    uint8_t quantity_count;
    uint8_t rule_count;
    struct ward_plan_quantity quantities[WARD_PLAN_QUANTITIES_MAX];
    struct ward_plan_rule rules[WARD_PLAN_RULES_MAX];
    struct ward_plan_times times[WARD_PRIORITY_HIGH + 1]; /* by enum ward_alarm_priority; [0] is unused */
    uint32_t late_max_age_ms;                             /* a late reading that is older does not raise */
    struct ward_plan_news2 news2;
    char zone[WARD_PLAN_ZONE_MAX + 1]; /* "Europe/London"; empty where nothing needs one */
    struct ward_plan_hours quiet;      /* prompts to the patient wait for its end */
    bool has_service;
    struct ward_plan_hours service; /* when the ward answers */
    char out_of_hours_text[WARD_ALARM_TEXT_MAX +
                           1]; /* for the patient outside it, in place of a rule's text */
    uint8_t schedule_count;
    struct ward_plan_schedule schedules[WARD_PLAN_SCHEDULES_MAX];
};

#endif
