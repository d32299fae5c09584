/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A care plan over recorded readings, in virtual time: the gateway's own alarm engine, one state a patient.
 *
 * Time is that of the readings (received_at, else measured_at). A reading that lies before the time reached is late, and
 * so is one that came more than a minute after it was measured, unless it says itself whether it was.
 * Between two lines the engine is called at each of its deadlines, as the gateway's timer would.
 */
#ifndef WARD_CTL_TRY_RUN_H
#define WARD_CTL_TRY_RUN_H

#include <stdint.h>

#include "core/alarm.h"

struct ward_try;

/* Called for each event, in order. */
typedef void ward_try_event_fn(void *context, const struct ward_alarm_event *event);

/* plan and zone (NULL where the plan names none) are borrowed until ward_try_free. NULL when there is no memory. */
struct ward_try *ward_try_new(const struct ward_care_plan *plan, const struct ward_zone *zone,
                              ward_try_event_fn *on_event, void *context);
struct ward_try *ward_try_free(struct ward_try *run);

/*
 * One line: a reading, or what somebody did:
 *
 *   {"at":"…","acknowledge":"spo2-low","by":"dr-1"}     {"at":"…","silence":true}      {"at":"…","restart":true}
 *   {"at":"…","suspend_s":3600,"by":"dr-1"}             {"at":"…","void":17}           {"at":"…","reboot":true}
 *   {"at":"…","discharge":true}                         {"at":"…"} lets time pass
 *
 * with "patient" where there is more than one. Returns NULL, or what is wrong with the line in a plain sentence
 * (static); nothing has been done then.
 */
const char *ward_try_line(struct ward_try *run, const char *text, size_t length);

/* Time goes on after the last line until every stream has gone stale, or for after_ms if that is longer. */
void ward_try_finish(struct ward_try *run, uint64_t after_ms);

struct ward_try_figures {
    uint64_t readings, events;
    uint64_t
        occurrences[WARD_PRIORITY_HIGH + 1]; /* physiological ones, by the priority they were raised with */
    uint64_t technical;                      /* all other kinds raised */
    uint64_t prompts;                        /* how often the patient was asked to measure */
    uint64_t days;                           /* patient-days with data */
    int64_t first_ms, last_ms;
};
struct ward_try_figures ward_try_figures(const struct ward_try *run);

/* What is present at the end, patient by patient. */
typedef void ward_try_present_fn(void *context, const struct ward_alarm_present *present);
void ward_try_present(const struct ward_try *run, ward_try_present_fn *each, void *context);

/* NEWS2 at the end, of each patient, where the plan asks for it. */
typedef void ward_try_news2_fn(void *context, const struct ward_id *patient,
                               const struct ward_news2_report *report);
void ward_try_news2(const struct ward_try *run, ward_try_news2_fn *each, void *context);

#endif
