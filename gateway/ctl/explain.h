/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl alarms explain: why an alarm was raised and what became of it, and why a reading did not raise one.
 *
 * Reads of each event: the object of docs/mqtt/schemas/alarm.json; of a record: that of record.json; of the plan: the
 * care plan in force.
 */
#ifndef WARD_CTL_EXPLAIN_H
#define WARD_CTL_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>

/* An alarm by its id. Returns an exit status. */
int ward_explain_alarm(const char *id, bool as_json);

/* A reading by SEQ or EPOCH:SEQ. */
int ward_explain_reading(const char *name, bool as_json);

/* What is asked of the daemon between two moments (UTC ms); quantity may be NULL. *ret is a list, to be freed. */
struct ward_explain_span {
    const char *patient, *quantity;
    int64_t from_ms, to_ms;
};
int ward_explain_readings(const struct ward_explain_span *span, json_t **ret);
int ward_explain_events(const struct ward_explain_span *span, json_t **ret);

/* The documents of an answer as a list. */
json_t *ward_explain_list(char *const *texts);

/* When a document of the list says that it was ("at", "received_at" or "measured_at"); INT64_MIN: it does not. */
int64_t ward_explain_moment(const json_t *document);

#endif
