/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Care plans from JSON (schema wardgate.care-plan/1, docs/care-plan.schema.json).
 *
 * A plan is taken as a whole or not at all. What is wrong with it is told completely, each error with the place (a
 * JSON pointer, RFC 6901), the reason and the value found. A member that is not known is an error: a limit that
 * nobody evaluates must not look as if somebody did.
 */
#ifndef WARD_CORE_CAREPLAN_H
#define WARD_CORE_CAREPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/careplan.h"

#define WARD_PLAN_SCHEMA     "wardgate.care-plan/1"
#define WARD_PLAN_TEXT_MAX   65536 /* octets of a plan's JSON */
#define WARD_PLAN_ERRORS_MAX 64

struct ward_plan_error {
    char pointer[128]; /* "/rules/2/below"; "" is the whole document */
    char reason[200];  /* a plain sentence */
    char value[64];    /* as JSON, shortened; empty when nothing is there */
};

/* What is wrong: member by member, then what lies between them. total may exceed count: the list is bounded, the truth is not. */
struct ward_plan_errors {
    size_t count;
    size_t total;
    struct ward_plan_error list[WARD_PLAN_ERRORS_MAX];
};

/*
 * Reads and validates the length octets of json: the plan itself, or its signed form (RFC 7515 flattened JSON), of
 * which the payload's "body" is taken, or of a signed admission the body's "plan"; the signature is the caller's to
 * verify, before. Returns true with *ret filled,
 * or false with *ret unchanged and at least one error. *errors is overwritten either way; both are large, so keep
 * them off small stacks.
 */
bool ward_care_plan_parse(const char *json, size_t length, struct ward_care_plan *ret,
                          struct ward_plan_errors *errors);

/* Whether it is the signed form that ward_care_plan_parse takes. */
bool ward_care_plan_is_signed(const char *json, size_t length);

/* The plan itself as JSON, out of either form; to be freed. NULL when it cannot be read, or there is no memory. */
char *ward_care_plan_plain(const char *document);

/* Whether two documents, each plain or signed, hold the same plan, member by member. False when one cannot be read. */
bool ward_care_plan_is_same(const char *a, const char *b);

/*
 * Whether next, in the place of present, might raise an alarm later, lower or not at all, or repeat it less often. True also
 * where it cannot be said without evaluating: what is only other counts as quieter. A first plan (present is NULL) never is.
 */
bool ward_care_plan_is_quieter(const struct ward_care_plan *present, const struct ward_care_plan *next);

/* The plan's row of a quantity, or NULL when the plan does not watch it. */
const struct ward_plan_quantity *ward_care_plan_quantity(const struct ward_care_plan *plan, uint8_t quantity);

/* The fixed limit for (quantity, side, level), or NULL. */
const struct ward_plan_rule *ward_care_plan_rule(const struct ward_care_plan *plan, uint8_t quantity,
                                                 enum ward_plan_side side, enum ward_plan_level level);

/* The change, from a baseline or within a time, for (quantity, side, level), or NULL. */
const struct ward_plan_rule *ward_care_plan_change(const struct ward_care_plan *plan, uint8_t quantity,
                                                   enum ward_plan_side side, enum ward_plan_level level);

/* When the quantity is to be measured, or NULL when the plan does not say. */
const struct ward_plan_schedule *ward_care_plan_schedule(const struct ward_care_plan *plan, uint8_t quantity);

#endif
