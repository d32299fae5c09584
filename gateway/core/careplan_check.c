/* SPDX-License-Identifier: Apache-2.0 */
/* Clinical sanity between the rules of a plan: what no single member can tell. */
#include <string.h>

#include "core/careplan_private.h"
#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

struct check {
    const struct ward_care_plan *plan;
    const struct ward_plan_object *rules;
    size_t index;
    const struct ward_plan_rule *rule; /* plan->rules[index] */
};

static int compare(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    (void)ward_decimal_compare(a, b, &order); /* what a plan holds is finite */
    return order;
}

static void fault(const struct check *check, const char *member, const char *reason)
{
    struct ward_plan_object rule = ward_plan_item(check->rules, check->index);

    ward_plan_fault(&rule, member, member != NULL ? json_object_get(rule.json, member) : NULL, reason);
}

/* A fault that another rule has a part in: "…: it is 90 in /rules/3". */
static void fault_with(const struct check *check, const char *member, const char *reason,
                       const struct ward_plan_rule *other)
{
    const struct ward_plan_object rule = ward_plan_item(check->rules, check->index);
    const struct ward_plan_object there = ward_plan_item(check->rules, (size_t)(other - check->plan->rules));
    const struct ward_decimal *number = other->kind == WARD_RULE_LIMIT ? &other->limit : &other->change;
    char text[WARD_DECIMAL_TEXT_SIZE];
    const char *const parts[] = {reason, " (", ward_plan_ground(other), " ", text, " in ", there.pointer,
                                 ")",    NULL};

    text[ward_decimal_print(number, text)] = '\0';
    ward_plan_fault_parts(&rule, member, json_object_get(rule.json, member), parts);
}

/* Where clear_at stands in the document, or what it was made from. */
static const char *clear_member(const struct check *check)
{
    struct ward_plan_object rule = ward_plan_item(check->rules, check->index);

    return json_object_get(rule.json, "clear_at") != NULL ? "clear_at" : ward_plan_ground(check->rule);
}

/* Two plausible values of the quantity can lie so far apart. */
static bool can_differ_by(const struct ward_quantity_info *info, const struct ward_decimal *by)
{
    struct ward_decimal end;

    return !info->bounded || (ward_decimal_add(&info->low, by, &end) && compare(&end, &info->high) <= 0);
}

/* A value that recovered could be none: a stream would never get out of the alarm. */
static bool is_clear_at_plausible(const struct ward_plan_rule *rule, const struct ward_quantity_info *info)
{
    return !info->bounded || (rule->side == WARD_SIDE_BELOW ? compare(&rule->clear_at, &info->high) <= 0
                                                            : compare(&rule->clear_at, &info->low) >= 0);
}

static void check_limit(const struct check *check)
{
    const struct ward_plan_rule *rule = check->rule;
    const struct ward_quantity_info *info = ward_quantity_info(rule->quantity);
    int inward = compare(&rule->clear_at, &rule->limit);

    if (info->bounded &&
        (compare(&rule->limit, &info->low) <= 0 || compare(&rule->limit, &info->high) >= 0)) {
        fault(check, ward_plan_ground(rule),
              "lies outside what is plausible: no value could ever be beyond it");
    }
    if (rule->side == WARD_SIDE_BELOW ? inward <= 0 : inward >= 0) {
        fault(check, clear_member(check),
              "clear_at must lie inside the limit: above a low one, below a high one");
    } else if (!is_clear_at_plausible(rule, info)) {
        fault(check, clear_member(check), "clear_at lies outside what is plausible: it could not clear");
    }
}

/* From a baseline that is given a change has its limit; otherwise what two values can differ by is all that is known. */
static bool can_change(const struct ward_plan_rule *rule, const struct ward_plan_quantity *row)
{
    const struct ward_quantity_info *info = ward_quantity_info(rule->quantity);
    struct ward_decimal by = rule->change, end;

    if (rule->kind != WARD_RULE_BASELINE || row == NULL || row->baseline != WARD_BASELINE_GIVEN) {
        return can_differ_by(info, &rule->change);
    }
    by.mantissa = rule->side == WARD_SIDE_BELOW ? -by.mantissa : by.mantissa;
    return !info->bounded || (ward_decimal_add(&row->baseline_value, &by, &end) &&
                              compare(&end, &info->low) >= 0 && compare(&end, &info->high) <= 0);
}

static void check_change(const struct check *check, const struct ward_plan_quantity *row)
{
    const struct ward_plan_rule *rule = check->rule;

    if (rule->kind == WARD_RULE_BASELINE && row != NULL && row->baseline == WARD_BASELINE_NONE) {
        fault(check, ward_plan_ground(rule),
              "needs within_s, or a baseline of the quantity to be a change from");
    } else if (!can_change(rule, row)) {
        fault(check, ward_plan_ground(rule),
              "is more than plausible values can change by: no value could ever be beyond it");
    }
}

static void check_alone(const struct check *check)
{
    const struct ward_plan_rule *rule = check->rule;
    const struct ward_plan_quantity *row = ward_care_plan_quantity(check->plan, rule->quantity);

    if (row == NULL) {
        fault(check, "quantity", "is not in the plan's list of quantities");
    }
    if (rule->kind == WARD_RULE_LIMIT) {
        check_limit(check);
    } else {
        check_change(check, row);
    }
    if (rule->worse_by.mantissa <= 0) {
        fault(check, "worse_by", "must be more than 0");
    } else if (!can_differ_by(ward_quantity_info(rule->quantity), &rule->worse_by)) {
        fault(check, "worse_by",
              "is more than plausible values can differ by: no value could ever be so much worse");
    }
}

static void check_other_side(const struct check *check, const struct ward_plan_rule *other)
{
    const struct ward_plan_rule *rule = check->rule;
    bool below = rule->side == WARD_SIDE_BELOW;

    if (below && compare(&rule->limit, &other->limit) >= 0) {
        fault_with(check, "below", "the low limit must lie below the high limit of the same quantity", other);
    } else if (below ? compare(&rule->clear_at, &other->limit) > 0
                     : compare(&rule->clear_at, &other->limit) < 0) {
        fault_with(check, clear_member(check),
                   "clear_at lies beyond the limit of the other side: it could not clear", other);
    }
}

static void check_levels(const struct check *check, const struct ward_plan_rule *red)
{
    const struct ward_plan_rule *amber = check->rule;
    bool change = amber->kind != WARD_RULE_LIMIT;
    int order = change ? compare(&amber->change, &red->change) : compare(&amber->limit, &red->limit);
    bool comparable = amber->kind == red->kind && amber->within_ms == red->within_ms;

    if (comparable && (!change && amber->side == WARD_SIDE_BELOW ? order <= 0 : order >= 0)) {
        fault_with(check, ward_plan_ground(amber), "amber must lie inside red: it is there to come first",
                   red);
    }
    if (amber->priority > red->priority) {
        fault(check, "priority", "amber must not have a higher priority than red");
    }
}

static void check_against(const struct check *check, const struct ward_plan_rule *other)
{
    const struct ward_plan_rule *rule = check->rule;
    bool limits = rule->kind == WARD_RULE_LIMIT && other->kind == WARD_RULE_LIMIT;
    bool changes = rule->kind != WARD_RULE_LIMIT && other->kind != WARD_RULE_LIMIT;

    if (other->quantity != rule->quantity) {
        return;
    }
    if (other->side != rule->side) {
        if (limits) {
            check_other_side(check, other);
        }
    } else if ((limits || changes) && rule->level == WARD_LEVEL_AMBER && other->level == WARD_LEVEL_RED) {
        check_levels(check, other);
    }
}

static void check_before(const struct check *check, const struct ward_plan_rule *earlier)
{
    const struct ward_plan_rule *rule = check->rule;
    bool both = (earlier->kind == WARD_RULE_LIMIT) == (rule->kind == WARD_RULE_LIMIT);

    if (rule->id.text[0] != '\0' && strcmp(earlier->id.text, rule->id.text) == 0) {
        fault(check, "id", "another rule has this id");
    }
    if (rule->level != WARD_LEVEL_NONE && both && earlier->quantity == rule->quantity &&
        earlier->side == rule->side && earlier->level == rule->level) {
        fault(check, NULL, "there is another rule for this quantity, side and level");
    }
}

void ward_plan_check_rules(const struct ward_care_plan *plan, const struct ward_plan_object *rules)
{
    for (size_t i = 0; i < plan->rule_count; i++) {
        struct check check = {.plan = plan, .rules = rules, .index = i, .rule = &plan->rules[i]};

        for (size_t j = 0; j < i; j++) {
            check_before(&check, &plan->rules[j]);
        }
        if (check.rule->level == WARD_LEVEL_NONE) {
            continue;
        }
        check_alone(&check);
        for (size_t j = 0; j < plan->rule_count; j++) {
            if (j != i && plan->rules[j].level != WARD_LEVEL_NONE) {
                check_against(&check, &plan->rules[j]);
            }
        }
    }
}
