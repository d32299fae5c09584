/* SPDX-License-Identifier: Apache-2.0 */
/* Which alarms a person means: by an id, which is long, or by the name of a condition as the tables show it. */
#ifndef WARD_CTL_ALARM_IDS_H
#define WARD_CTL_ALARM_IDS_H

#include <stdbool.h>

/* It is neither an id of 32 hexadecimal digits nor the number of a reading. */
bool ward_alarm_is_condition(const char *word);

/*
 * The ids of the alarms that have this condition now, of this patient only (NULL: anybody); with past, where none has, that
 * of the newest one that had. *ret ends with NULL; free with ward_client_free_texts(). Returns an exit status; that there is
 * none is a failure, and said.
 */
int ward_alarm_ids(const char *condition, const char *patient, bool past, char ***ret);

#endif
