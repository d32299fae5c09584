/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of the alarm enums (ward/alarm.h) as they stand in JSON, in care plans, scenarios and on the command line.
 */
#ifndef WARD_CORE_ALARM_NAMES_H
#define WARD_CORE_ALARM_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/alarm.h"

/* Static texts; NULL for a number that the enum does not have. */
const char *ward_alarm_priority_name(uint8_t priority); /* enum ward_alarm_priority: "high" */
const char *ward_alarm_kind_name(uint8_t kind);         /* enum ward_alarm_kind: "physiological" */
const char *ward_alarm_state_name(uint8_t state);       /* enum ward_alarm_state: "ended-unseen" */
const char *ward_alarm_event_name(uint8_t event);       /* enum ward_alarm_event_kind: "ack-expired" */
const char *ward_cleared_reason_name(uint8_t reason);   /* enum ward_cleared_reason: "data"; "" for NONE */

/* The other way. Returns false, with ret unchanged, for a name that is not one. "" is never a name. */
bool ward_alarm_priority_by_name(const char *name, uint8_t *ret);
bool ward_alarm_kind_by_name(const char *name, uint8_t *ret);
bool ward_alarm_state_by_name(const char *name, uint8_t *ret);
bool ward_alarm_event_by_name(const char *name, uint8_t *ret);
bool ward_cleared_reason_by_name(const char *name, uint8_t *ret);

/* Whether events of this kind go to the ward; the others exist in try, explain and the history only. */
bool ward_alarm_event_is_published(uint8_t event);

/* The id of an occurrence from its 32 hexadecimal digits, in lower case. False, with ret undefined, for another text. */
bool ward_alarm_id_parse(const char *text, struct ward_alarm_id *ret);

#endif
