/* SPDX-License-Identifier: Apache-2.0 */
/* What wardctl try prints: events as they happen, the burden at the end. */
#ifndef WARD_CTL_TRY_SHOW_H
#define WARD_CTL_TRY_SHOW_H

#include <stdbool.h>

#include "ctl/try_run.h"

/* One line: JSON as in up/alarms (and the history), or a row for people. */
void ward_try_show_event(const struct ward_alarm_event *event, bool as_json);

/* The figures of a run: one JSON object without a line end, or text. */
void ward_try_show_summary_json(const struct ward_try *run, const struct ward_care_plan *plan);
void ward_try_show_summary(const struct ward_try *run);

/* Two runs over the same readings, side by side. */
void ward_try_show_comparison(const struct ward_try *const runs[2],
                              const struct ward_care_plan *const plans[2]);

#endif
