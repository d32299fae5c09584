/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new plan in place of the old one. Rules are matched by id:
 *
 *   the rule is gone, or the baseline that it was from cleared as plan-changed
 *   it stays, the newest fresh value is beyond it      the occurrence goes on, acknowledgement and all
 *   it stays with the same limit                       the same, also while it recovers
 *   it stays, the newest fresh value is within         cleared as plan-changed
 *   it stays, the value is stale                       unknown goes on being unknown
 *   it stays, as much of a change within the same time goes on, until a new value is held against it: what it is from moves
 *                                                      on without one, or is gone
 *
 * Then the newest fresh valid value is held against the whole new plan: it may raise, as if it came now. But nothing was
 * measured, so it clears nothing more, and where values are counted it counts once. What has not settled yet waits.
 */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"

static const struct ward_alarm_signal plan_changed = {.kind = WARD_SIGNAL_WITHDRAWN,
                                                      .reason = WARD_CLEARED_PLAN_CHANGED};

/* The plan's rule for a ground and level, also a change without anything at present that it could be from. */
static const struct ward_plan_rule *planned_rule(const struct ward_alarm_run *run,
                                                 const struct ward_alarm_input_state *input, size_t ground,
                                                 enum ward_plan_level level)
{
    const enum ward_plan_side side = ground % WARD_GROUND_LIMITS == 0 ? WARD_SIDE_BELOW : WARD_SIDE_ABOVE;

    return ground < WARD_GROUND_LIMITS
               ? ward_care_plan_rule(run->context->plan, input->quantity, side, level)
               : ward_care_plan_change(run->context->plan, input->quantity, side, level);
}

/* The rule of that id; NULL when it is gone. */
static const struct ward_plan_rule *same_rule(const struct ward_alarm_run *run,
                                              const struct ward_alarm_input_state *input, size_t ground,
                                              const struct ward_id *id)
{
    for (int level = WARD_LEVEL_AMBER; level <= WARD_LEVEL_RED; level++) {
        const struct ward_plan_rule *rule = planned_rule(run, input, ground, (enum ward_plan_level)level);

        if (rule != NULL && strcmp(rule->id.text, id->text) == 0) {
            return rule;
        }
    }
    return NULL;
}

/* Whether the plan before wanted so much of a change within that time, as far as it is known. */
static bool is_as_before(const struct ward_alarm_run *run, const struct ward_plan_rule *rule)
{
    const struct ward_care_plan *before = run->context->before;
    const struct ward_plan_rule *same = NULL;
    int order = 0;

    for (size_t i = 0; before != NULL && i < before->rule_count; i++) {
        if (before->rules[i].kind == WARD_RULE_WITHIN &&
            strcmp(before->rules[i].id.text, rule->id.text) == 0) {
            same = &before->rules[i];
        }
    }
    return same == NULL || (same->within_ms == rule->within_ms &&
                            ward_decimal_compare(&same->change, &rule->change, &order) && order == 0);
}

/*
 * now: the rule with the limit that it has at present; NULL: there is nothing that it could be from. Of a baseline that is
 * the plan's doing.
 */
static bool goes_on(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                    const struct ward_alarm_condition *condition, const struct ward_plan_rule *rule,
                    const struct ward_plan_rule *now)
{
    int order = 0;

    if (rule->kind == WARD_RULE_WITHIN && (now == NULL || is_as_before(run, rule))) {
        return true;
    }
    if (now == NULL) {
        return false;
    }
    if (input->stale || ward_alarm_is_beyond(now, &condition->value)) {
        return true;
    }
    return ward_decimal_compare(&now->limit, &condition->limit, &order) && order == 0;
}

static void drop_detectors(struct ward_alarm_run *run, struct ward_alarm_input_state *input, size_t ground,
                           bool all)
{
    struct ward_alarm_detector *detectors;

    (void)ward_alarm_ground(input, ground, &detectors);
    for (int level = 0; level < 2; level++) {
        if (all || planned_rule(run, input, ground, (enum ward_plan_level)(level + 1)) == NULL) {
            ward_alarm_detector_init(&detectors[level]);
        }
    }
}

/* What was on its way to be raised is not any more when the new limit lies beyond the newest value, or there is none now. */
static void stop_pending(struct ward_alarm_run *run, struct ward_alarm_input_state *input, size_t ground)
{
    struct ward_alarm_detector *detectors;
    struct ward_plan_rule made;

    (void)ward_alarm_ground(input, ground, &detectors);
    for (int level = 0; level < 2; level++) {
        const enum ward_plan_level of_level = (enum ward_plan_level)(level + 1);
        const struct ward_plan_rule *planned = planned_rule(run, input, ground, of_level),
                                    *now = ward_alarm_ground_rule(run, input, ground, of_level, &made);

        if (detectors[level].pending && planned != NULL && planned->of <= 1 &&
            (now == NULL || !ward_alarm_is_beyond(now, &input->last))) {
            ward_alarm_detector_rest(&detectors[level]);
        }
    }
}

static void go_on(struct ward_alarm_run *run, struct ward_alarm_input_state *input, size_t ground,
                  const struct ward_plan_rule *rule, const struct ward_plan_rule *now)
{
    struct ward_alarm_detector *detectors;
    struct ward_alarm_subject subject = ward_alarm_ground(input, ground, &detectors);

    drop_detectors(run, input, ground, false);
    subject.condition->level = rule->level;
    if (now != NULL) {
        subject.condition->limit = now->limit;
    }
    if (rule->level == WARD_LEVEL_AMBER && detectors[WARD_LEVEL_RED - 1].holds) {
        ward_alarm_detector_rest(&detectors[WARD_LEVEL_RED - 1]); /* it was this rule, which was red before */
    }
    detectors[rule->level - 1].holds = true;
}

static void replace_ground(struct ward_alarm_run *run, struct ward_alarm_input_state *input, size_t ground)
{
    struct ward_alarm_detector *detectors;
    struct ward_alarm_subject subject = ward_alarm_ground(input, ground, &detectors);
    struct ward_alarm_condition *condition = subject.condition;
    struct ward_plan_rule made;
    const struct ward_plan_rule *rule = same_rule(run, input, ground, &condition->rule);
    const struct ward_plan_rule *now =
        rule != NULL ? ward_alarm_ground_rule(run, input, ground, (enum ward_plan_level)rule->level, &made)
                     : NULL;
    bool stands = ward_alarm_is_present(condition) && condition->state != WARD_ALARM_ENDED_UNSEEN;

    stop_pending(run, input, ground);
    if (stands && rule != NULL && goes_on(run, input, condition, rule, now)) {
        go_on(run, input, ground, rule, now);
        return;
    }
    drop_detectors(run, input, ground, stands);
    if (stands ||
        (condition->state == WARD_ALARM_PENDING && !detectors[0].pending && !detectors[1].pending)) {
        ward_alarm_signal(run, &subject, &plan_changed);
    }
}

static void withdraw_all(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    input->running = false;
    input->session = (struct ward_session){0};
    for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
        drop_detectors(run, input, ground, true);
    }
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        struct ward_alarm_subject subject = ward_alarm_subject_of(input, (enum ward_alarm_cause)cause);

        ward_alarm_signal(run, &subject, &plan_changed);
    }
}

static void reevaluate(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);
    const struct ward_alarm_measure newest = {.value = ward_alarm_newest_judged(input, row),
                                              .seq = input->value_seq,
                                              .mono_us = input->value_mono_us,
                                              .measured_ms = input->value_measured_ms,
                                              .valid = true,
                                              .known = true,
                                              .counted = input->past_count > 0 && input->past[0].counted,
                                              .spot = input->value_spot || !input->running};

    if (!input->stale && ward_decimal_is_ordered(&input->value)) {
        ward_alarm_evaluate(run, input, &newest, input->value_us);
    }
}

static void replace_for(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);
    struct ward_alarm_subject no_data = ward_alarm_subject_of(input, WARD_CAUSE_NO_DATA);

    ward_alarm_change_replace_plan(run, input);
    ward_alarm_schedule_replace_plan(run, input);
    if (row == NULL) {
        withdraw_all(run, input);
        return;
    }
    if (row->expect_ms == 0) {
        ward_alarm_signal(run, &no_data, &plan_changed);
    }
    if (row->mode == WARD_MODE_STREAM) {
        input->session = (struct ward_session){0};
    }
    for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
        replace_ground(run, input, ground);
    }
    reevaluate(run, input);
}

/* A quantity that an older plan had keeps its place while something of it is present, and is found again. */
static void take_quantities(struct ward_alarm_run *run)
{
    struct ward_alarm_patient *state = run->state;
    const struct ward_care_plan *plan = run->context->plan;
    uint64_t now_us = run->context->now.boot_us;

    for (size_t i = 0; i < state->input_count; i++) {
        bool planned = ward_care_plan_quantity(plan, state->inputs[i].quantity) != NULL;

        if (planned && !state->inputs[i].planned) {
            state->inputs[i].expected_us = now_us;
        }
        state->inputs[i].planned = planned;
    }
    for (size_t i = 0; plan != NULL && i < plan->quantity_count; i++) {
        uint8_t quantity = plan->quantities[i].quantity;

        if (ward_alarm_find_input(state, quantity) == NULL && state->input_count < WARD_CLINICAL_QUANTITIES) {
            struct ward_alarm_input_state *input = &state->inputs[state->input_count++];

            ward_alarm_input_init(input, quantity, now_us);
            input->planned = true;
        }
    }
}

void ward_alarm_replace_plan(struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    if (state->ended) {
        return;
    }
    take_quantities(&run);
    for (size_t i = 0; i < state->input_count; i++) {
        replace_for(&run, &state->inputs[i]);
    }
    ward_alarm_check_sources(&run);
    ward_alarm_news2_update(&run, WARD_NEWS2_NEW_PLAN);
}
