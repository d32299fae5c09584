/* SPDX-License-Identifier: Apache-2.0 */
/* What `wardctl watch` prints where there is no screen: a line for each value and each alarm event, at once. */
#ifndef WARD_CTL_WATCH_LINES_H
#define WARD_CTL_WATCH_LINES_H

#include <jansson.h>
#include <stdbool.h>

/* Each value of a record. */
void ward_watch_print(const json_t *record, bool as_json);

/* An event of an alarm: its text as the daemon sent it, and what is in it. */
void ward_watch_print_alarm(const char *text, const json_t *event, bool as_json);

#endif
