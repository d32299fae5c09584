/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local times of a care plan as moments. A time that the change of clocks skips is still one time, and one that it
 * doubles is not two (core/zone.h).
 */
#ifndef WARD_CORE_SCHEDULE_H
#define WARD_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/zone.h"
#include "ward/careplan.h"

#define WARD_SCHEDULE_NEVER INT64_MAX

/* The first time of the schedule after that moment, and the last one before it. UTC in milliseconds. */
int64_t ward_schedule_next_ms(const struct ward_plan_schedule *schedule, const struct ward_zone *zone,
                              int64_t after_ms);
int64_t ward_schedule_previous_ms(const struct ward_plan_schedule *schedule, const struct ward_zone *zone,
                                  int64_t before_ms);

/* Whether the moment lies in these hours, and when that changes next. */
bool ward_hours_contain(const struct ward_plan_hours *hours, const struct ward_zone *zone, int64_t utc_ms);
int64_t ward_hours_change_ms(const struct ward_plan_hours *hours, const struct ward_zone *zone,
                             int64_t after_ms);

#endif
