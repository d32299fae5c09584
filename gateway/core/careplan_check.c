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

static const char *limit_member(const struct ward_plan_rule *rule)
{
    return rule->side == WARD_SIDE_BELOW ? "below" : "above";
}

/* Where clear_at stands in the document, or what it was made from. */
static const char *clear_member(const struct check *check)
{
    struct ward_plan_object rule = ward_plan_item(check->rules, check->index);

    return json_object_get(rule.json, "clear_at") != NULL ? "clear_at" : limit_member(check->rule);
}

static void check_alone(const struct check *check)
{
    const struct ward_plan_rule *rule = check->rule;
    const struct ward_quantity_info *info = ward_quantity_info(rule->quantity);
    int inward = compare(&rule->clear_at, &rule->limit);

    if (ward_care_plan_quantity(check->plan, rule->quantity) == NULL) {
        fault(check, "quantity", "is not in the plan's list of quantities");
    }
    if (info->bounded &&
        (compare(&rule->limit, &info->low) <= 0 || compare(&rule->limit, &info->high) >= 0)) {
        fault(check, limit_member(rule), "lies outside what is plausible: no value could ever be beyond it");
    }
    if (rule->side == WARD_SIDE_BELOW ? inward <= 0 : inward >= 0) {
        fault(check, clear_member(check),
              "clear_at must lie inside the limit: above a low one, below a high one");
    }
    if (rule->worse_by.mantissa <= 0) {
        fault(check, "worse_by", "must be more than 0");
    }
}

static void check_against(const struct check *check, const struct ward_plan_rule *other)
{
    const struct ward_plan_rule *rule = check->rule;
    bool below = rule->side == WARD_SIDE_BELOW;
    int order = compare(&rule->limit, &other->limit);

    if (other->quantity != rule->quantity) {
        return;
    }
    if (other->side != rule->side) {
        if (below && order >= 0) {
            fault(check, "below", "the low limit must lie below the high limit of the same quantity");
        } else if (below ? compare(&rule->clear_at, &other->limit) > 0
                         : compare(&rule->clear_at, &other->limit) < 0) {
            fault(check, clear_member(check),
                  "clear_at lies beyond the limit of the other side: it could not clear");
        }
    } else if (rule->level == WARD_LEVEL_AMBER && other->level == WARD_LEVEL_RED) {
        if (below ? order <= 0 : order >= 0) {
            fault(check, limit_member(rule), "amber must lie inside red: it is there to come first");
        }
        if (rule->priority > other->priority) {
            fault(check, "priority", "amber must not have a higher priority than red");
        }
    }
}

static void check_before(const struct check *check, const struct ward_plan_rule *earlier)
{
    const struct ward_plan_rule *rule = check->rule;

    if (rule->id.text[0] != '\0' && strcmp(earlier->id.text, rule->id.text) == 0) {
        fault(check, "id", "another rule has this id");
    }
    if (rule->level != WARD_LEVEL_NONE && earlier->quantity == rule->quantity &&
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
