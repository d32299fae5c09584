/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is one plan quieter than another? It decides what may be put in force while nobody can say whether an order is in time,
 * so every doubt counts as yes: each rule must be found again under its id, and be as strict in every figure; what cannot
 * be put in an order (a window, a baseline, hours) must be the same. What is added makes nothing quieter.
 */
#include <string.h>

#include "core/careplan.h"
#include "core/decimal.h"

/* a - b as a sign; 2 when they cannot be compared, which is neither more nor less. */
static int order_of(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 2;

    (void)ward_decimal_compare(a, b, &order);
    return order;
}

/* Whether a limit (or what clears it) of next is met no later than that of present. */
static bool is_as_near(enum ward_plan_side side, const struct ward_decimal *present,
                       const struct ward_decimal *next)
{
    const int order = order_of(next, present);

    return order == 0 || order == (side == WARD_SIDE_BELOW ? 1 : -1);
}

static bool is_at_most(const struct ward_decimal *next, const struct ward_decimal *present)
{
    const int order = order_of(next, present);

    return order == 0 || order == -1;
}

static const struct ward_plan_rule *rule_by_id(const struct ward_care_plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->rule_count; i++) {
        if (strcmp(plan->rules[i].id.text, id) == 0) {
            return &plan->rules[i];
        }
    }
    return NULL;
}

static bool is_limit_as_strict(const struct ward_plan_rule *present, const struct ward_plan_rule *next)
{
    const enum ward_plan_side side = (enum ward_plan_side)present->side;

    if (present->kind == WARD_RULE_LIMIT) {
        return is_as_near(side, &present->limit, &next->limit) &&
               is_as_near(side, &present->clear_at, &next->clear_at);
    }
    return is_at_most(&next->change, &present->change) && order_of(&next->clear_at, &present->clear_at) == 0;
}

static bool is_rule_as_strict(const struct ward_plan_rule *present, const struct ward_plan_rule *next)
{
    return next != NULL && next->quantity == present->quantity && next->side == present->side &&
           next->kind == present->kind && next->level == present->level &&
           next->priority >= present->priority && next->at_least == present->at_least &&
           next->of == present->of && next->within_ms == present->within_ms &&
           next->on_delay_ms <= present->on_delay_ms && next->off_delay_ms >= present->off_delay_ms &&
           is_at_most(&next->worse_by, &present->worse_by) && is_limit_as_strict(present, next);
}

static bool are_hours_same(const struct ward_plan_hours *a, const struct ward_plan_hours *b)
{
    return a->from_min == b->from_min && a->until_min == b->until_min && a->days == b->days;
}

/* A time after which something is raised; 0: never. */
static bool is_no_later(uint32_t present_ms, uint32_t next_ms)
{
    return present_ms == 0 || (next_ms != 0 && next_ms <= present_ms);
}

static bool is_quantity_as_strict(const struct ward_plan_quantity *present,
                                  const struct ward_plan_quantity *next)
{
    if (next == NULL || next->mode != present->mode || next->stale_ms != present->stale_ms ||
        next->stale_spot_ms != present->stale_spot_ms || next->settle_ms != present->settle_ms ||
        next->median_of != present->median_of || next->baseline != present->baseline ||
        next->baseline_readings != present->baseline_readings ||
        !is_no_later(present->expect_ms, next->expect_ms)) {
        return false;
    }
    if (present->baseline == WARD_BASELINE_GIVEN &&
        order_of(&next->baseline_value, &present->baseline_value) != 0) {
        return false;
    }
    return !present->worn || (next->worn && are_hours_same(&next->wear, &present->wear) &&
                              next->silent_ms <= present->silent_ms);
}

static bool are_times_as_strict(const struct ward_plan_times *present, const struct ward_plan_times *next)
{
    return next->realarm_ms <= present->realarm_ms && is_no_later(present->escalate_ms, next->escalate_ms) &&
           next->acknowledgement_ms <= present->acknowledgement_ms;
}

static bool is_news2_as_strict(const struct ward_plan_news2 *present, const struct ward_plan_news2 *next)
{
    return !present->used ||
           (next->used && next->scale == present->scale && next->oxygen_always == present->oxygen_always &&
            next->fresh_ms == present->fresh_ms &&
            (present->low_from == 0 || (next->low_from != 0 && next->low_from <= present->low_from)));
}

static bool is_schedule_as_strict(const struct ward_plan_schedule *present,
                                  const struct ward_plan_schedule *next)
{
    if (next == NULL || next->days != present->days || next->time_count != present->time_count ||
        next->grace_ms > present->grace_ms) {
        return false;
    }
    for (size_t i = 0; i < present->time_count; i++) {
        if (next->at_min[i] != present->at_min[i]) {
            return false;
        }
    }
    return true;
}

/* Prompts wait for the end of the quiet hours, and both go by the zone. */
static bool are_schedules_as_strict(const struct ward_care_plan *present, const struct ward_care_plan *next)
{
    bool good = true;

    for (size_t i = 0; i < present->schedule_count && good; i++) {
        const struct ward_plan_schedule *schedule = &present->schedules[i];

        good = is_schedule_as_strict(schedule, ward_care_plan_schedule(next, schedule->quantity));
    }
    return good && (present->zone[0] == '\0' || (strcmp(next->zone, present->zone) == 0 &&
                                                 are_hours_same(&next->quiet, &present->quiet)));
}

bool ward_care_plan_is_quieter(const struct ward_care_plan *present, const struct ward_care_plan *next)
{
    bool strict = true;

    if (present == NULL) {
        return false;
    }
    for (size_t i = 0; i < present->rule_count && strict; i++) {
        strict = is_rule_as_strict(&present->rules[i], rule_by_id(next, present->rules[i].id.text));
    }
    for (size_t i = 0; i < present->quantity_count && strict; i++) {
        const struct ward_plan_quantity *quantity = &present->quantities[i];

        strict = is_quantity_as_strict(quantity, ward_care_plan_quantity(next, quantity->quantity));
    }
    for (size_t i = WARD_PRIORITY_LOW; i <= WARD_PRIORITY_HIGH && strict; i++) {
        strict = are_times_as_strict(&present->times[i], &next->times[i]);
    }
    return !strict || next->review_by_ms > present->review_by_ms ||
           next->late_max_age_ms < present->late_max_age_ms ||
           !is_news2_as_strict(&present->news2, &next->news2) || !are_schedules_as_strict(present, next);
}
