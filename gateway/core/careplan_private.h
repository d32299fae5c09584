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

/* Tells that `member` of the object (NULL: the object itself) is wrong; value may be NULL. */
void ward_plan_fault(const struct ward_plan_object *object, const char *member, const json_t *value,
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

/* One of the names; ret is its index. The list ends with NULL; NULL entries before that are not possible. */
bool ward_plan_choice(const struct ward_plan_object *object, const char *member,
                      enum ward_plan_presence presence, const char *const *names, uint8_t *ret);

/* careplan_check.c: what no single member can tell. `rules` is the list of the document, in the order of plan. */
void ward_plan_check_rules(const struct ward_care_plan *plan, const struct ward_plan_object *rules);

#endif
