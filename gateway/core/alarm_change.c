/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes from the patient's own values, as rules with a limit: what the value is a change from, less or plus the change.
 *
 *   within a time      from the highest (a fall) or lowest (a rise) valid value of that time; without one there is no rule
 *   from the baseline  given by the clinician; or learnt: the median of the first valid readings within all limits, which
 *                      then stays as it is while the plan goes on learning: a patient's slow decline must not become the
 *                      normal
 *
 * The value itself enters after it was judged, at the time at which it was measured. Only valid ones do.
 */
#include "core/alarm_private.h"
#include "core/decimal.h"

static bool reference_of(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                         const struct ward_plan_rule *rule, struct ward_decimal *ret)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, rule->quantity);
    uint64_t now_us = ward_alarm_moment_us(run);
    uint64_t span_us = rule->within_ms * WARD_MS_US;

    if (rule->kind == WARD_RULE_WITHIN) {
        return rule->side == WARD_SIDE_BELOW ? ward_trend_highest(&input->trend, span_us, now_us, ret)
                                             : ward_trend_lowest(&input->trend, span_us, now_us, ret);
    }
    if (row == NULL || row->baseline == WARD_BASELINE_NONE) {
        return false;
    }
    *ret = row->baseline == WARD_BASELINE_GIVEN ? row->baseline_value : input->baseline;
    return ward_decimal_is_finite(ret);
}

static bool add_signed(const struct ward_decimal *value, struct ward_decimal by, bool down,
                       struct ward_decimal *ret)
{
    by.mantissa = down ? -by.mantissa : by.mantissa;
    return ward_decimal_add(value, &by, ret);
}

bool ward_alarm_change_rule(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                            enum ward_plan_side side, enum ward_plan_level level, struct ward_plan_rule *ret)
{
    const struct ward_plan_rule *rule =
        ward_care_plan_change(run->context->plan, input->quantity, side, level);
    const struct ward_clinical_quantity *figures = ward_clinical_quantity(input->quantity);
    bool fall = side == WARD_SIDE_BELOW;
    struct ward_decimal reference, limit, clear_at;

    if (rule == NULL || !reference_of(run, input, rule, &reference) ||
        !add_signed(&reference, rule->change, fall, &limit) ||
        !add_signed(&limit, figures->clear_by, !fall, &clear_at)) {
        return false;
    }
    *ret = *rule;
    ret->limit = ward_decimal_normalise(limit);
    ret->clear_at = ward_decimal_normalise(clear_at);
    return true;
}

/* The longest time that a change of the quantity is looked for in; 0: none is. */
static uint64_t longest_span_us(const struct ward_care_plan *plan, uint8_t quantity)
{
    uint64_t longest_us = 0;

    for (size_t i = 0; i < plan->rule_count; i++) {
        uint64_t span_us = plan->rules[i].within_ms * WARD_MS_US;

        if (plan->rules[i].quantity == quantity && span_us > longest_us) {
            longest_us = span_us;
        }
    }
    return longest_us;
}

static void learn(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                  const struct ward_plan_quantity *row, const struct ward_alarm_measure *measure)
{
    uint64_t now_us = ward_alarm_moment_us(run);
    bool often = !measure->spot && input->learnt_count > 0 &&
                 now_us - input->learnt_life_us < WARD_BASELINE_STREAM_EVERY_US;

    if (often || ward_alarm_limit_crossed(run->context->plan, input->quantity, &measure->value) != NULL) {
        return;
    }
    input->learnt_from[input->learnt_count] = (struct ward_source){measure->seq, measure->mono_us};
    input->learnt[input->learnt_count++] = measure->value;
    input->learnt_life_us = now_us;
    if (input->learnt_count >= row->baseline_readings) {
        (void)ward_median(input->learnt, input->learnt_count, &input->baseline);
    }
}

/* One of those that it was learnt from may have been taken back: then another one takes its place. */
static bool is_learning(const struct ward_alarm_input_state *input, const struct ward_plan_quantity *row)
{
    const bool begun = !ward_decimal_is_finite(&input->baseline) || input->learnt_count > 0;

    return row->baseline == WARD_BASELINE_LEARNT && begun && input->learnt_count < row->baseline_readings;
}

void ward_alarm_change_note(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                            const struct ward_alarm_measure *measure)
{
    const struct ward_care_plan *plan = run->context->plan;
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, input->quantity);
    uint64_t span_us = longest_span_us(plan, input->quantity);

    if (!measure->valid || !ward_decimal_is_finite(&measure->value) || row == NULL) {
        return;
    }
    if (span_us > 0) {
        ward_trend_add(&input->trend, span_us, &measure->value,
                       &(struct ward_source){measure->seq, measure->mono_us}, ward_alarm_moment_us(run));
    }
    if (is_learning(input, row)) {
        learn(run, input, row, measure);
    }
}

void ward_alarm_change_note_old(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                const struct ward_alarm_measure *measure)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);

    if (measure->valid && ward_decimal_is_finite(&measure->value) && row != NULL && is_learning(input, row)) {
        learn(run, input, row, measure);
    }
}

void ward_alarm_change_replace_plan(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);

    if (row == NULL || row->baseline != WARD_BASELINE_LEARNT) {
        input->baseline = (struct ward_decimal){.special = WARD_NAN};
        input->learnt_count = 0;
    } else if (!ward_decimal_is_finite(&input->baseline) && input->learnt_count >= row->baseline_readings) {
        input->learnt_count = (uint8_t)(row->baseline_readings - 1);
    }
    if (row == NULL || row->median_of <= 1) {
        input->newest_count = 0; /* nothing enters the row meanwhile: it would be of another time later */
    }
}

/* Until there are as many values as the plan wants, the newest counts itself: nothing is held back. */
void ward_alarm_apply_median(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                             struct ward_alarm_measure *measure)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);

    if (row == NULL || row->median_of <= 1 || !measure->valid) {
        return;
    }
    if (input->stale || (!measure->spot && !input->running)) {
        input->newest_count = 0; /* a row of values has no gap */
    }
    for (size_t i = WARD_PLAN_MEDIAN_MAX - 1; i > 0; i--) {
        input->newest[i] = input->newest[i - 1];
        input->newest_from[i] = input->newest_from[i - 1];
    }
    input->newest[0] = measure->value;
    input->newest_from[0] = (struct ward_source){measure->seq, measure->mono_us};
    input->newest_count =
        (uint8_t)(input->newest_count + (input->newest_count < WARD_PLAN_MEDIAN_MAX ? 1 : 0));
    if (input->newest_count >= row->median_of) {
        (void)ward_median(input->newest, row->median_of, &measure->value);
    }
}

struct ward_decimal ward_alarm_newest_judged(const struct ward_alarm_input_state *input,
                                             const struct ward_plan_quantity *row)
{
    struct ward_decimal value = input->value;

    if (row != NULL && row->median_of > 1 && input->newest_count >= row->median_of) {
        (void)ward_median(input->newest, row->median_of, &value);
    }
    return value;
}

/* Takes what is from the reading out of values that stand beside their sources. */
static bool forget(struct ward_decimal *values, struct ward_source *sources, uint8_t *count, uint64_t seq)
{
    for (unsigned i = 0; i < *count; i++) {
        if (sources[i].seq == seq) {
            ward_source_remove(sources, count, i);
            for (unsigned j = i; j < *count; j++) {
                values[j] = values[j + 1];
            }
            return true;
        }
    }
    return false;
}

bool ward_alarm_change_forget(struct ward_alarm_input_state *input, uint64_t seq)
{
    const bool finite = ward_decimal_is_finite(&input->baseline);
    bool found = forget(input->newest, input->newest_from, &input->newest_count, seq);

    found |= ward_trend_forget(&input->trend, seq);
    if (forget(input->learnt, input->learnt_from, &input->learnt_count, seq)) {
        found = true;
        /* The patient is not left without a baseline that there was: what remains of it does until it is complete. */
        if (finite && !ward_median(input->learnt, input->learnt_count, &input->baseline)) {
            input->baseline = (struct ward_decimal){.special = WARD_NAN};
        }
    }
    return found;
}
