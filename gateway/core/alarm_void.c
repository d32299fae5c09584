/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading is taken back: what it has left behind goes, and what remains is judged as if it had never been.
 *
 *   its trace is in                           what follows
 *   a score's input                           the one before it counts again, with its own age
 *   the newest value                          the one before it is the newest; it may raise what the other hid
 *   a count of so many of so many, a median   one value less, and an older one instead as far as it is kept
 *   a trend, a baseline                       the change is from what is left of them
 *
 *   the condition                             becomes
 *   its level still has a valid, fresh value  goes on, with that value when its own was taken back
 *   it has none any more                      cleared as voided, whoever looked; then raised at the level that is left
 *   ended-unseen, and no value that is left   cleared as voided
 *   since it was raised was beyond it
 *   late-out-of-limits                        cleared as voided when none of its readings is left
 *
 * Of a running stream one sample decides nothing against a limit: the next ones do. The windows of its last minute let
 * go of it by themselves.
 */
#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"

static const struct ward_alarm_signal voided = {.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_VOIDED};

/* One quantity while a reading is taken out of it. */
struct removal {
    struct ward_alarm_run *run;
    struct ward_alarm_input_state *input;
    uint64_t seq;
    bool newest, touched; /* it was the newest value; it has left a trace at all */
    bool fresh;           /* there is a newest value now, and it is not stale */
    struct ward_alarm_measure remains;
};

static void step_back(struct removal *removal)
{
    struct ward_alarm_input_state *input = removal->input;
    const struct ward_alarm_past *before = &input->past[0];

    if (removal->newest && input->past_count == 0) {
        input->value = input->last = (struct ward_decimal){.special = WARD_NAN};
        input->value_seq = input->last_seq = 0;
        input->last_valid = false;
        return;
    }
    if (removal->newest) {
        input->value = before->value;
        input->value_seq = before->from.seq;
        input->value_mono_us = before->from.mono_us;
        input->value_us = before->us;
        input->value_measured_ms = before->measured_ms;
        input->value_spot = before->spot;
        input->expected_us = before->us;
    }
    if (!input->running) {
        input->last = input->value;
        input->last_us = input->value_us;
        input->last_seq = input->value_seq;
        input->last_mono_us = input->value_mono_us;
        input->last_spot = input->value_spot;
        input->last_valid = true;
    }
}

static void find_remains(struct removal *removal)
{
    const struct ward_alarm_run *run = removal->run;
    struct ward_alarm_input_state *input = removal->input;
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);
    const uint64_t stale_us = ward_alarm_stale_ms(input, run->context->plan) * WARD_MS_US;

    removal->fresh = row != NULL && ward_decimal_is_ordered(&input->value) && input->value_us != WARD_NEVER &&
                     run->context->now.boot_us - input->value_us < stale_us;
    removal->remains = (struct ward_alarm_measure){.value = ward_alarm_newest_judged(input, row),
                                                   .seq = input->value_seq,
                                                   .mono_us = input->value_mono_us,
                                                   .measured_ms = input->value_measured_ms,
                                                   .valid = true,
                                                   .spot = true};
    if (!input->running) {
        input->last = removal->remains.value;
    }
}

/* The highest level at which what remains holds, or WARD_LEVEL_NONE. */
static uint8_t level_left(const struct removal *removal, size_t ground,
                          const struct ward_alarm_condition *condition,
                          const struct ward_alarm_detector detectors[2])
{
    for (int level = WARD_LEVEL_RED; level >= WARD_LEVEL_AMBER && removal->fresh; level--) {
        struct ward_plan_rule made;
        const struct ward_plan_rule *rule =
            ward_alarm_ground_rule(removal->run, removal->input, ground, (enum ward_plan_level)level, &made);
        const bool beyond = rule != NULL && ward_alarm_is_beyond(rule, &removal->remains.value);
        /* What was late, or to be confirmed, was not counted when it was raised. */
        const bool goes_on = beyond && (rule->at_least <= 1 || condition->late || condition->confirm);

        if (goes_on ||
            (rule != NULL && rule->at_least > 1 && ward_alarm_is_enough(&detectors[level - 1], rule))) {
            return (uint8_t)level;
        }
    }
    return WARD_LEVEL_NONE;
}

/* Whether a value that came since the condition was raised was beyond it at its level. */
static bool had_its_level(const struct removal *removal, size_t ground,
                          const struct ward_alarm_condition *condition)
{
    const struct ward_alarm_input_state *input = removal->input;
    struct ward_plan_rule made;
    const struct ward_plan_rule *rule =
        ward_alarm_ground_rule(removal->run, input, ground, (enum ward_plan_level)condition->level, &made);

    for (unsigned i = 0; i < input->past_count && rule != NULL; i++) {
        if (!ward_is_before_us(input->past[i].us, condition->raised_us) &&
            ward_alarm_is_beyond(rule, &input->past[i].value)) {
            return true;
        }
    }
    return false;
}

/* Whether every value since then is remembered. */
static bool remembers(const struct ward_alarm_input_state *input, uint64_t since_us)
{
    for (unsigned i = 0; i < input->past_count; i++) {
        if (!input->past[i].spot) {
            return false;
        }
        if (ward_is_before_us(input->past[i].us, since_us)) {
            return true;
        }
    }
    return input->past_count < WARD_ALARM_PAST_MAX - 1; /* less the one that was taken out */
}

static void rest(struct ward_alarm_detector detectors[2])
{
    ward_alarm_detector_rest(&detectors[0]);
    ward_alarm_detector_rest(&detectors[1]);
}

static void judge_standing(struct removal *removal, size_t ground, const struct ward_alarm_subject *subject,
                           struct ward_alarm_detector detectors[2])
{
    struct ward_alarm_condition *condition = subject->condition;
    const bool own = condition->value_seq == removal->seq;
    const uint8_t left = level_left(removal, ground, condition, detectors);
    /* An unacknowledged one keeps the highest level that it had. */
    const bool stands =
        left >= condition->level || (left != WARD_LEVEL_NONE && !condition->acknowledgement_holds &&
                                     had_its_level(removal, ground, condition));

    if (!own && !removal->fresh) {
        return; /* nobody can say: it is unknown, and goes on being that */
    }
    if (!stands) {
        rest(detectors);
        ward_alarm_signal(removal->run, subject, &voided);
    } else if (own) {
        condition->value = removal->remains.value;
        condition->value_seq = removal->remains.seq;
        condition->value_mono_us = removal->remains.mono_us;
    }
}

/* So many of so many: none of those that are left was beyond. */
static void judge_pending(struct removal *removal, size_t ground, const struct ward_alarm_subject *subject,
                          struct ward_alarm_detector detectors[2])
{
    for (int level = 0; level < 2; level++) {
        struct ward_plan_rule made;
        const struct ward_plan_rule *rule = ward_alarm_ground_rule(removal->run, removal->input, ground,
                                                                   (enum ward_plan_level)(level + 1), &made);

        if (rule == NULL || (rule->at_least > 1 && ward_alarm_is_none(&detectors[level], rule))) {
            ward_alarm_detector_rest(&detectors[level]);
        }
    }
    if (!detectors[0].pending && !detectors[1].pending) {
        ward_alarm_signal(removal->run, subject, &voided);
    }
}

static void judge(struct removal *removal, size_t ground)
{
    struct ward_alarm_detector *detectors;
    const struct ward_alarm_subject subject = ward_alarm_ground(removal->input, ground, &detectors);

    if (removal->input->running && ground < WARD_GROUND_LIMITS) {
        return;
    }
    switch ((enum ward_alarm_state)subject.condition->state) {
    case WARD_ALARM_INACTIVE: break;
    case WARD_ALARM_PENDING: judge_pending(removal, ground, &subject, detectors); break;
    case WARD_ALARM_ACTIVE:
    case WARD_ALARM_ACKNOWLEDGED:
    case WARD_ALARM_SILENCED:
    case WARD_ALARM_UNKNOWN: judge_standing(removal, ground, &subject, detectors); break;
    case WARD_ALARM_ENDED_UNSEEN:
        if (remembers(removal->input, subject.condition->raised_us) &&
            !had_its_level(removal, ground, subject.condition)) {
            ward_alarm_signal(removal->run, &subject, &voided);
        }
        break;
    }
}

static void void_late(struct removal *removal)
{
    struct ward_alarm_input_state *input = removal->input;
    const struct ward_alarm_subject subject = ward_alarm_subject_of(input, WARD_CAUSE_LATE);
    const uint8_t before = input->late_count;

    for (unsigned i = input->late_count; i-- > 0;) {
        if (input->late_from[i].seq == removal->seq) {
            ward_source_remove(input->late_from, &input->late_count, i);
        }
    }
    if (before > 0 && input->late_count == 0 && ward_alarm_is_present(subject.condition)) {
        ward_alarm_signal(removal->run, &subject, &voided);
    }
}

static bool raised(const struct ward_alarm_input_state *input, uint64_t seq)
{
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        const struct ward_alarm_condition *condition = &input->conditions[cause];

        if (ward_alarm_is_of_value((enum ward_alarm_cause)cause) && ward_alarm_is_present(condition) &&
            condition->value_seq == seq) {
            return true;
        }
    }
    return false;
}

/* Returns whether there was a trace of it, and nothing is left now. */
static bool void_input(struct removal *removal)
{
    struct ward_alarm_input_state *input = removal->input;
    bool last = input->last_seq == removal->seq;

    removal->newest = input->value_seq == removal->seq;
    removal->touched = ward_alarm_past_forget(input, removal->seq);
    removal->touched |= ward_alarm_change_forget(input, removal->seq);
    removal->touched |= removal->newest || last || raised(input, removal->seq);
    void_late(removal);
    if (!removal->touched) {
        return false;
    }
    if (removal->newest || last) {
        step_back(removal);
    }
    find_remains(removal);
    for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
        judge(removal, ground);
    }
    if (removal->fresh && input->value_spot) { /* a sample of a stream has not settled by itself */
        (void)ward_alarm_evaluate_raising(removal->run, input, &removal->remains, WARD_RAISING_REMAINS);
    }
    return input->past_count == 0;
}

/* A worry that was entered for the wrong patient. */
static void void_concern(struct ward_alarm_run *run, uint64_t seq)
{
    struct ward_alarm_subject subject = {
        .condition = &run->state->wide[WARD_CAUSE_CONCERN - WARD_CAUSE_NEWS2], .cause = WARD_CAUSE_CONCERN};

    if (ward_alarm_is_present(subject.condition) && subject.condition->value_seq == seq) {
        ward_alarm_signal(run, &subject, &voided);
    }
}

uint32_t ward_alarm_void(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         uint64_t seq)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);
    uint32_t bare = 0;

    if (seq == 0 || state->ended) {
        return 0;
    }
    if (ward_alarm_vitals_void(state, seq)) {
        ward_alarm_news2_update(&run, WARD_NEWS2_VOIDED);
    }
    void_concern(&run, seq);
    for (size_t i = 0; i < state->input_count; i++) {
        struct removal removal = {.run = &run, .input = &state->inputs[i], .seq = seq};

        if (void_input(&removal)) {
            bare |= 1u << state->inputs[i].quantity;
        }
    }
    return bare;
}

/* What a reading of this quantity counts in is its own. Of a session that is what was derived of it, a later record. */
static bool counts_itself(const struct ward_care_plan *plan, const struct ward_reading *reading,
                          uint8_t quantity)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, quantity);

    return reading->kind != WARD_READING_CONTINUOUS || reading->late || row == NULL ||
           row->mode != WARD_MODE_SPOT;
}

void ward_alarm_committed(struct ward_alarm_patient *state, const struct ward_care_plan *plan,
                          const struct ward_reading *reading)
{
    struct ward_alarm_condition *concern = &state->wide[WARD_CAUSE_CONCERN - WARD_CAUSE_NEWS2];
    uint32_t quantities = 0;

    for (size_t i = 0; i < reading->value_count; i++) {
        const uint8_t quantity = ward_quantity_judged_as(reading->values[i].quantity);

        quantities |= counts_itself(plan, reading, quantity) ? 1u << quantity : 0;
    }
    for (size_t i = 0; i < state->input_count; i++) {
        if ((quantities & (1u << state->inputs[i].quantity)) != 0) {
            ward_alarm_past_committed(&state->inputs[i], reading);
        }
    }
    if (concern->value_seq == 0 && concern->value_mono_us == reading->mono_us) {
        concern->value_seq = reading->seq;
    }
    ward_alarm_vitals_committed(state, quantities, reading);
}
