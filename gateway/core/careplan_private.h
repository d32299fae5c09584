/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the care plan's reader share with each other, and with nobody else. */
#ifndef WARD_CORE_CAREPLAN_PRIVATE_H
#define WARD_CORE_CAREPLAN_PRIVATE_H

#include <jansson.h>

#include "core/careplan.h"

/* One object of the document, where it stands, and who is told what is wrong with it. */
struct ward_plan_object {
    json_t *json; /* borrowed */
    char pointer[96];
    struct ward_plan_errors *errors;
};

/* Append to text, which has room for size octets, and cut silently: pointers and values are for people. */
void ward_plan_append(char *text, size_t size, const char *more, size_t length);
void ward_plan_append_token(char *pointer, size_t size, const char *token); /* RFC 6901 §3 */
void ward_plan_append_index(char *pointer, size_t size, size_t index);

/* Tells that `member` of the object (NULL: the object itself) is wrong; value may be NULL. */
void ward_plan_fault(const struct ward_plan_object *object, const char *member, const json_t *value,
                     const char *reason);

/* The same of element index of a list. */
void ward_plan_fault_item(const struct ward_plan_object *list, size_t index, const json_t *value,
                          const char *reason);

/* Tells of each member that is not in names (a list that ends with NULL). */
void ward_plan_refuse_unknown(const struct ward_plan_object *object, const char *const *names);

/* The object or list that stands in member; .json is NULL, and it has been told, when it is not there or not one. */
struct ward_plan_object ward_plan_child(const struct ward_plan_object *object, const char *member);
struct ward_plan_object ward_plan_list(const struct ward_plan_object *object, const char *member, size_t max);
/* Element index of a list; .json is NULL, and it has been told, when it is no object. */
struct ward_plan_object ward_plan_item(const struct ward_plan_object *list, size_t index);

enum ward_plan_presence {
    WARD_PLAN_REQUIRED,
    WARD_PLAN_OPTIONAL,
};

/*
 * Readers of one member. Each returns whether it is there and right, and tells what is wrong; the output is unchanged
 * otherwise, so that it keeps its default.
 */
bool ward_plan_text(const struct ward_plan_object *object, const char *member,
                    enum ward_plan_presence presence, char *ret, size_t size);
bool ward_plan_id(const struct ward_plan_object *object, const char *member, struct ward_id *ret);
bool ward_plan_decimal(const struct ward_plan_object *object, const char *member,
                       enum ward_plan_presence presence, struct ward_decimal *ret);
bool ward_plan_date(const struct ward_plan_object *object, const char *member, int64_t *ret_end_of_day_ms);

/* Whole seconds in the document, milliseconds out. */
struct ward_plan_range {
    uint32_t min_ms, max_ms;
};
bool ward_plan_seconds(const struct ward_plan_object *object, const char *member,
                       struct ward_plan_range range, uint32_t *ret_ms);

/* A whole number. */
bool ward_plan_integer(const struct ward_plan_object *object, const char *member,
                       enum ward_plan_presence presence, int64_t min, int64_t max, uint8_t *ret);

bool ward_plan_flag(const struct ward_plan_object *object, const char *member, bool *ret);

/* "07:30", minutes after midnight; "24:00" only where the end of a span may stand. */
bool ward_plan_minute(const struct ward_plan_object *object, const char *member, bool is_end, uint16_t *ret);

/* Members "from" and "until", and "days" where it is there. The days keep their value (all seven) otherwise. */
bool ward_plan_hours(const struct ward_plan_object *object, struct ward_plan_hours *ret);
bool ward_plan_days(const struct ward_plan_object *object, uint8_t *ret);
#define WARD_PLAN_EVERY_DAY 0x7F

/* A list of times of day, rising, into at_min and time_count. */
bool ward_plan_minutes(const struct ward_plan_object *object, const char *member,
                       struct ward_plan_schedule *ret);

/* A text of at most 15 words: the patient reads it in distress. */
void ward_plan_patient_text(const struct ward_plan_object *object, const char *member, char *ret);

/* A quantity on which a plan may set limits, or WARD_QUANTITY_NONE, which has been told. */
uint8_t ward_plan_quantity(const struct ward_plan_object *object);

/* One of the names; ret is its index. The list ends with NULL; NULL entries before that are not possible. */
bool ward_plan_choice(const struct ward_plan_object *object, const char *member,
                      enum ward_plan_presence presence, const char *const *names, uint8_t *ret);

/* Tells in parts, a list that ends with NULL. */
void ward_plan_fault_parts(const struct ward_plan_object *object, const char *member, const json_t *value,
                           const char *const *parts);

/* careplan_quantity.c, careplan_rule.c, careplan_news2.c, careplan_schedule.c: parts of the document. */
void ward_plan_read_quantity(const struct ward_plan_object *object, struct ward_care_plan *plan);
/* The rule keeps its place in plan->rules, right or wrong, so that the checks can name it by its index. */
void ward_plan_read_rule(const struct ward_plan_object *object, struct ward_care_plan *plan);
/* The member that the rule's limit or change stands in: "below", "rises_by". */
const char *ward_plan_ground(const struct ward_plan_rule *rule);
void ward_plan_read_news2(const struct ward_plan_object *document, struct ward_care_plan *plan);
/* Zone, schedule, quiet hours, service hours; after the quantities. */
void ward_plan_read_schedule(const struct ward_plan_object *document, struct ward_care_plan *plan);

/* careplan_check.c: what no single member can tell. `rules` is the list of the document, in the order of plan. */
void ward_plan_check_rules(const struct ward_care_plan *plan, const struct ward_plan_object *rules);
/* A patient on scale 2 can have too much oxygen: both levels of the high side must be there. */
void ward_plan_check_scale_2(const struct ward_care_plan *plan, const struct ward_plan_object *document);

#endif
