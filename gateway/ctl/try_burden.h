/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The burden of a care plan over recorded readings: how often it calls somebody, how long it sees nothing, and how long
 * it knows of a value beyond red and says nothing. One a patient; fed by try_run.c in the order of time.
 */
#ifndef WARD_CTL_TRY_BURDEN_H
#define WARD_CTL_TRY_BURDEN_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/alarm.h"
#include "ward/careplan.h"
#include "ward/quantity.h"
#include "ward/reading.h"

/* Those that limits apply to: ward_quantity_judged_as() is below. */
#define WARD_TRY_QUANTITIES 32

/* Added up over patients. */
struct ward_try_figures {
    uint64_t readings, events;
    uint64_t raised[WARD_PRIORITY_HIGH + 1]; /* physiological, by priority; re-alarms do not count */
    uint64_t again;        /* of them, an occurrence that nobody had acknowledged: worse, red, or back */
    uint64_t reminders;    /* re-alarms and escalations */
    uint64_t technical;    /* all other kinds raised */
    uint64_t prompts;      /* how often the patient was asked to measure */
    uint64_t days;         /* patient-days with data */
    uint64_t left_out;     /* values of quantities that are not known */
    uint64_t skipped;      /* lines of records that are no reading of a patient */
    uint64_t out_of_order; /* lines that lay before the time reached */
    uint64_t refused;      /* orders that the gateway would have refused */
    int64_t span_ms;       /* patient-time from the first line to the last */
    int64_t monitored_ms;  /* of it, with a fresh value of each quantity that was ever measured */
    int64_t quantity_ms[WARD_TRY_QUANTITIES]; /* of it, with a fresh value of this one */
    int64_t red_ms;                           /* longest time beyond red without an alarm */
    int64_t red_from_ms;                      /* when that began: meaningful with red_ms > 0 */
    uint8_t red_quantity;
    struct ward_id red_patient;
};

struct ward_try_burden {
    int64_t last_day;
    uint32_t measured; /* set of quantities with a valid value so far */
    int64_t fresh_until_ms[WARD_TRY_QUANTITIES];
    int64_t red_from_ms[WARD_TRY_QUANTITIES]; /* first value beyond red; INT64_MIN: none */
    int64_t red_last_ms[WARD_TRY_QUANTITIES]; /* newest of them */
    bool red_spot[WARD_TRY_QUANTITIES];       /* that was a spot value */
    uint8_t standing[WARD_TRY_QUANTITIES];    /* alarms of the value that stand, a bit each */
};

void ward_try_burden_init(struct ward_try_burden *burden);

/* Time passes between two lines. Before the engine is told. */
void ward_try_burden_pass(struct ward_try_burden *burden, struct ward_try_figures *figures, int64_t from_ms,
                          int64_t to_ms);

/* A reading at now_ms, before the engine gets it; plan may be NULL. */
void ward_try_burden_reading(struct ward_try_burden *burden, struct ward_try_figures *figures,
                             const struct ward_care_plan *plan, const struct ward_reading *reading,
                             int64_t now_ms);

void ward_try_burden_event(struct ward_try_burden *burden, struct ward_try_figures *figures,
                           const struct ward_alarm_event *event);

/* No more lines come. */
void ward_try_burden_end(struct ward_try_burden *burden, struct ward_try_figures *figures,
                         const struct ward_id *patient);

#endif
