/* SPDX-License-Identifier: Apache-2.0 */
/* The rule of a time zone for the years that its table does not have: "GMT0BST,M3.5.0/1,M10.5.0" (POSIX.1 TZ). */
#ifndef WARD_CORE_ZONE_RULE_H
#define WARD_CORE_ZONE_RULE_H

#include "core/zone.h"

/*
 * Fills the rule's members. An empty text is no rule. Returns false, with them undefined, for any other than days as
 * M.month.week.weekday: no zone of today has those.
 */
bool ward_zone_rule_parse(const char *text, size_t length, struct ward_zone *zone);

/* zone->has_rule must be set. */
int32_t ward_zone_rule_offset_s(const struct ward_zone *zone, int64_t utc_s);

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t ward_zone_days(int64_t year, unsigned month, unsigned day);

#endif
