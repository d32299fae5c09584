/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A care plan: what the clinician who signed it wants to be told, in numbers. Read from JSON by core/careplan.h,
 * described by docs/care-plan.schema.json, and immutable from then on.
 *
 * It is a plain value of fixed size. Everything a plan may leave out has been filled in with the defaults of
 * core/careplan_defaults.c, so that the engine never has to ask.
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

/* One limit. There is at most one for each (quantity, side, level). */
struct ward_plan_rule {
    struct ward_id id;
    uint8_t quantity; /* enum ward_quantity; one that the plan's list of quantities has */
    uint8_t side;     /* enum ward_plan_side */
    uint8_t level;    /* enum ward_plan_level: amber or red */
    uint8_t priority; /* enum ward_alarm_priority: low to high */
    struct ward_decimal limit;
    struct ward_decimal clear_at; /* stream: counts as recovered from here on (>= for below, <= for above) */
    struct ward_decimal worse_by; /* an acknowledgement ends when the value is this much worse; > 0 */
    uint32_t on_delay_ms;         /* stream only */
    uint32_t off_delay_ms;        /* stream only */
    char text[WARD_ALARM_TEXT_MAX + 1];         /* for the clinician; empty: the engine's own words */
    char patient_text[WARD_ALARM_TEXT_MAX + 1]; /* for the patient; empty: none */
};

/* How a quantity of the plan is watched. */
struct ward_plan_quantity {
    uint8_t quantity;       /* enum ward_quantity */
    uint8_t mode;           /* enum ward_plan_mode */
    uint32_t stale_ms;      /* without a value for this long an alarm on a stream becomes unknown */
    uint32_t stale_spot_ms; /* and one on spot values */
    uint32_t expect_ms;     /* without a valid value for this long no-data is raised; 0: none is expected */
    uint32_t settle_ms;     /* spot mode: contact before a stream may count as steady */
};

/* The times of one priority. */
struct ward_plan_times {
    uint32_t realarm_ms;         /* while nobody acknowledged; never 0 */
    uint32_t escalate_ms;        /* to the next priority; 0: it does not */
    uint32_t acknowledgement_ms; /* lasts at most */
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
};

#endif
