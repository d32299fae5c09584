/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of a care plan: limits, and changes from the patient's own values. */
#include "core/careplan_private.h"
#include "core/clinical.h"
#include "core/decimal.h"

static const char *const rule_members[] = {
    "id",       "quantity",   "level",       "below", "above",        "falls_by",
    "rises_by", "within_s",   "at_least",    "of",    "priority",     "clear_at",
    "worse_by", "on_delay_s", "off_delay_s", "text",  "patient_text", NULL};
static const char *const level_names[] = {"amber", "red", NULL};
static const char *const priority_names[] = {"low", "medium", "high", NULL};

static const struct {
    const char *name;
    uint8_t side;
    bool change;
} grounds[] = {
    {"below", WARD_SIDE_BELOW, false},
    {"above", WARD_SIDE_ABOVE, false},
    {"falls_by", WARD_SIDE_BELOW, true},
    {"rises_by", WARD_SIDE_ABOVE, true},
};

const char *ward_plan_ground(const struct ward_plan_rule *rule)
{
    bool change = rule->kind != WARD_RULE_LIMIT;
    size_t i = 0;

    while (grounds[i].side != rule->side || grounds[i].change != change) {
        i++;
    }
    return grounds[i].name;
}

static void read_within(const struct ward_plan_object *object, struct ward_plan_rule *rule)
{
    const struct ward_plan_range range = {WARD_WITHIN_MIN_MS, WARD_WITHIN_MAX_MS};

    if (ward_plan_seconds(object, "within_s", range, &rule->within_ms)) {
        rule->kind = WARD_RULE_WITHIN;
    }
    if (json_object_get(object->json, "clear_at") != NULL) {
        ward_plan_fault(object, "clear_at", json_object_get(object->json, "clear_at"),
                        "a change has no fixed place to clear at");
    }
}

/* Exactly one of the four. Returns whether there is one that can be read. */
static bool read_ground(const struct ward_plan_object *object, struct ward_plan_rule *rule)
{
    size_t found = 0, which = 0;

    for (size_t i = 0; i < sizeof(grounds) / sizeof(grounds[0]); i++) {
        if (json_object_get(object->json, grounds[i].name) != NULL) {
            found++;
            which = i;
        }
    }
    if (found != 1) {
        ward_plan_fault(object, NULL, NULL,
                        "must have one limit: either below or above, or falls_by or rises_by");
        return false;
    }
    rule->side = grounds[which].side;
    if (!grounds[which].change) {
        if (json_object_get(object->json, "within_s") != NULL) {
            ward_plan_fault(object, "within_s", json_object_get(object->json, "within_s"),
                            "only falls_by and rises_by happen within a time");
        }
        return ward_plan_decimal(object, grounds[which].name, WARD_PLAN_REQUIRED, &rule->limit);
    }
    rule->kind = WARD_RULE_BASELINE;
    read_within(object, rule);
    if (!ward_plan_decimal(object, grounds[which].name, WARD_PLAN_REQUIRED, &rule->change)) {
        return false;
    }
    if (rule->change.mantissa <= 0) {
        ward_plan_fault(object, grounds[which].name, json_object_get(object->json, grounds[which].name),
                        "must be more than 0");
        return false;
    }
    return true;
}

static bool is_spot(const struct ward_care_plan *plan, const struct ward_plan_rule *rule)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, rule->quantity);

    return row != NULL && row->mode == WARD_MODE_SPOT;
}

static void read_delays(const struct ward_plan_object *object, const struct ward_care_plan *plan,
                        struct ward_plan_rule *rule)
{
    const struct ward_clinical_priority *figures = ward_clinical_priority(rule->priority);
    const json_t *on_delay = json_object_get(object->json, "on_delay_s");
    const json_t *off_delay = json_object_get(object->json, "off_delay_s");

    rule->on_delay_ms = figures->on_delay_ms;
    rule->off_delay_ms = figures->off_delay_ms;
    ward_plan_seconds(object, "on_delay_s", (struct ward_plan_range){0, WARD_ON_DELAY_MAX_MS},
                      &rule->on_delay_ms);
    ward_plan_seconds(object, "off_delay_s", (struct ward_plan_range){0, WARD_OFF_DELAY_MAX_MS},
                      &rule->off_delay_ms);
    if (!is_spot(plan, rule)) {
        return;
    }
    if (rule->on_delay_ms != 0 && json_is_integer(on_delay)) {
        ward_plan_fault(object, "on_delay_s", on_delay, "a spot value counts at once: must be 0 or absent");
    }
    if (rule->off_delay_ms != 0 && json_is_integer(off_delay)) {
        ward_plan_fault(object, "off_delay_s", off_delay, "a spot value counts at once: must be 0 or absent");
    }
}

static void read_count(const struct ward_plan_object *object, const struct ward_care_plan *plan,
                       struct ward_plan_rule *rule)
{
    bool least = json_object_get(object->json, "at_least") != NULL;
    bool of = json_object_get(object->json, "of") != NULL;
    bool good;

    rule->at_least = rule->of = 1;
    if (!least && !of) {
        return;
    }
    good = ward_plan_integer(object, "at_least", WARD_PLAN_REQUIRED, 1, WARD_AT_LEAST_MAX, &rule->at_least);
    good &= ward_plan_integer(object, "of", WARD_PLAN_REQUIRED, 1, WARD_AT_LEAST_MAX, &rule->of);
    if (good && rule->at_least > rule->of) {
        ward_plan_fault(object, "at_least", json_object_get(object->json, "at_least"),
                        "there cannot be more of them than the values that are looked at");
    }
    if (good && !is_spot(plan, rule)) {
        ward_plan_fault(object, "of", json_object_get(object->json, "of"),
                        "only spot values are counted: a stream has its delays");
    }
}

static void read_margins(const struct ward_plan_object *object, struct ward_plan_rule *rule)
{
    const struct ward_clinical_quantity *figures = ward_clinical_quantity(rule->quantity);
    struct ward_decimal clear_by = figures->clear_by;

    rule->worse_by = ward_decimal_normalise(figures->worse_by);
    ward_plan_decimal(object, "worse_by", WARD_PLAN_OPTIONAL, &rule->worse_by);
    if (rule->kind != WARD_RULE_LIMIT) {
        return;
    }
    if (rule->side == WARD_SIDE_ABOVE) {
        clear_by.mantissa = -clear_by.mantissa;
    }
    if (!ward_decimal_add(&rule->limit, &clear_by, &rule->clear_at)) {
        rule->clear_at = rule->limit;
    }
    rule->clear_at = ward_decimal_normalise(rule->clear_at);
    ward_plan_decimal(object, "clear_at", WARD_PLAN_OPTIONAL, &rule->clear_at);
}

void ward_plan_read_rule(const struct ward_plan_object *object, struct ward_care_plan *plan)
{
    struct ward_plan_rule *rule = &plan->rules[plan->rule_count++];
    uint8_t level = 0, priority = 0;
    bool limited;

    ward_plan_refuse_unknown(object, rule_members);
    ward_plan_id(object, "id", &rule->id);
    rule->quantity = ward_plan_quantity(object);
    if (ward_plan_choice(object, "level", WARD_PLAN_REQUIRED, level_names, &level)) {
        rule->level = (uint8_t)(WARD_LEVEL_AMBER + level);
    }
    rule->priority = rule->level == WARD_LEVEL_RED ? WARD_PRIORITY_HIGH : WARD_PRIORITY_MEDIUM;
    if (ward_plan_choice(object, "priority", WARD_PLAN_OPTIONAL, priority_names, &priority)) {
        rule->priority = (uint8_t)(WARD_PRIORITY_LOW + priority);
    }
    limited = read_ground(object, rule);
    ward_plan_text(object, "text", WARD_PLAN_OPTIONAL, rule->text, sizeof(rule->text));
    ward_plan_patient_text(object, "patient_text", rule->patient_text);
    if (rule->quantity != WARD_QUANTITY_NONE) {
        read_delays(object, plan, rule);
        read_count(object, plan, rule);
    }
    if (rule->quantity != WARD_QUANTITY_NONE && limited) {
        read_margins(object, rule);
    } else {
        rule->level = WARD_LEVEL_NONE; /* not whole: the checks between rules pass it by */
    }
}
