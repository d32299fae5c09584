/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode spot: a stream counts by what its session derives (core/session.h), and by what it is when it ends or cannot be
 * waited for.
 */
#include "core/alarm_private.h"

/* In a session nothing is evaluated but what it derives; only how long it was beyond red is followed. */
static void follow_red(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    for (int side = 0; side < 2; side++) {
        const struct ward_plan_rule *rule = ward_care_plan_rule(run->context->plan, input->quantity,
                                                                (enum ward_plan_side)side, WARD_LEVEL_RED);
        struct ward_alarm_detector *red = &input->detectors[side][WARD_LEVEL_RED - 1];

        if (rule == NULL || !ward_alarm_is_beyond(rule, &input->last)) {
            red->run_us = WARD_NEVER;
            red->long_run = false;
        } else if (red->run_us == WARD_NEVER) {
            red->run_us = run->context->now.boot_us;
        }
    }
}

/* How long it is beyond red is a matter of one session. */
static void forget_red(struct ward_alarm_input_state *input)
{
    for (int side = 0; side < 2; side++) {
        input->detectors[side][WARD_LEVEL_RED - 1].run_us = WARD_NEVER;
        input->detectors[side][WARD_LEVEL_RED - 1].long_run = false;
    }
}

static bool was_beyond_red(const struct ward_alarm_input_state *input)
{
    for (int side = 0; side < 2; side++) {
        const struct ward_alarm_detector *red = &input->detectors[side][WARD_LEVEL_RED - 1];

        bool long_run = red->run_us != WARD_NEVER && input->last_us - red->run_us >= WARD_STEADY_US;

        if (!red->holds && (long_run || red->long_run)) {
            return true;
        }
    }
    return false;
}

/*
 * Worn on, beyond a red limit for so long, and nothing derived meanwhile: nobody can wait for the session to end. Where
 * the plan gives a value longer than that to settle it has that time.
 */
static bool is_unsettled_beyond_red(const struct ward_alarm_input_state *input,
                                    const struct ward_plan_quantity *row)
{
    const uint64_t settle_us = row->settle_ms * WARD_MS_US;
    const uint64_t patience_us = settle_us > WARD_UNPROVED_US ? settle_us : WARD_UNPROVED_US;

    if (ward_session_is_steady(&input->session, input->last_us)) {
        return false;
    }
    for (int side = 0; side < 2; side++) {
        const struct ward_alarm_detector *red = &input->detectors[side][WARD_LEVEL_RED - 1];

        if (!red->holds && red->run_us != WARD_NEVER && input->last_us - red->run_us >= patience_us &&
            ward_is_before_us(input->session.derived_us, red->run_us)) {
            return true;
        }
    }
    return false;
}

/* A derived value is evaluated as the spot value that it is, and handed out to be recorded. */
static void take_derived(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                         const struct ward_alarm_measure *measure)
{
    const struct ward_alarm_sink *sink = run->context->sink;
    const uint64_t last_us = measure->mono_us;
    const uint64_t beyond_us = last_us > WARD_STEADY_US ? last_us - WARD_STEADY_US : 0;
    struct ward_alarm_derived derived = {.quantity = input->quantity,
                                         .value = measure->value,
                                         .valid = measure->valid,
                                         .from_mono_us = input->derive_from_us,
                                         .to_mono_us = last_us,
                                         .measured_at_ms = measure->measured_ms};

    if (!measure->valid && derived.from_mono_us > beyond_us) { /* those that were beyond a red limit */
        derived.from_mono_us = beyond_us;
    }
    if (derived.from_mono_us > last_us) {
        derived.from_mono_us = last_us;
    }

    if (measure->valid) { /* what is only to be confirmed leaves its readings to the value that does */
        input->derive_from_us = WARD_NEVER;
    }
    if (sink->derived != NULL) {
        sink->derived(sink->context, &derived);
    }
    ward_alarm_take(run, input, measure);
}

/* A valid value of a session: a measurement when it is steady. */
static void derive_steady(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                          const struct ward_plan_quantity *row, const struct ward_alarm_measure *measure)
{
    const struct ward_session_rules rules = {.figures = ward_clinical_quantity(input->quantity),
                                             .settle_ms = row->settle_ms};
    const uint64_t now_us = run->context->now.boot_us;
    struct ward_alarm_measure derived = *measure;
    const enum ward_session_outcome outcome =
        ward_session_value(&input->session, &rules, &measure->value, now_us, &derived.value);

    input->unvalid_us = WARD_NEVER;
    if (input->derive_from_us == WARD_NEVER || input->session.steady_us == now_us) {
        input->derive_from_us = measure->mono_us;
    }
    if (outcome == WARD_SESSION_DERIVED) {
        derived.spot = true;
        take_derived(run, input, &derived);
    }
}

void ward_alarm_session_take(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                             const struct ward_plan_quantity *row, const struct ward_alarm_measure *measure)
{
    if (!input->running) {
        forget_red(input);
    }
    input->last = measure->value;
    input->last_us = run->context->now.boot_us;
    input->last_seq = measure->seq;
    input->last_mono_us = measure->mono_us;
    input->last_spot = true;
    input->running = true;
    input->rebooted = false;
    follow_red(run, input);
    if (measure->valid) {
        derive_steady(run, input, row, measure);
    } else if (!measure->disputed) {
        ward_alarm_note_no_valid(run, input, false);
    }
    if (is_unsettled_beyond_red(input, row)) {
        struct ward_alarm_measure unsettled = *measure;

        unsettled.spot = true;
        unsettled.valid = false;
        take_derived(run, input, &unsettled);
    }
}

/* At its end, beyond red: that was told while it lasted, and it was asked to measure again. */
static bool was_told_unsettled(const struct ward_alarm_input_state *input)
{
    for (int side = 0; side < 2; side++) {
        const struct ward_alarm_detector *red = &input->detectors[side][WARD_LEVEL_RED - 1];

        if (red->holds && red->confirm && red->run_us != WARD_NEVER &&
            !ward_is_before_us(red->onset_us, red->run_us)) {
            return true;
        }
    }
    return false;
}

/* Whether an SpO2 was in the reading that the newest value is from. */
static bool came_with_spo2(struct ward_alarm_patient *state, const struct ward_alarm_input_state *input)
{
    const struct ward_alarm_input_state *spo2 = ward_alarm_find_input(state, WARD_SPO2);

    return spo2 != NULL && spo2->last_mono_us == input->last_mono_us;
}

void ward_alarm_session_end(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    struct ward_alarm_measure derived = {.value = input->last,
                                         .seq = input->last_seq,
                                         .mono_us = input->last_mono_us,
                                         .measured_ms = input->newest_measured_ms,
                                         .spot = true,
                                         .measured_as = input->quantity,
                                         .with_spo2 = came_with_spo2(run->state, input)};
    const bool beyond_red = was_beyond_red(input), was_told = was_told_unsettled(input);
    bool no_valid_value = !input->session.worn;
    enum ward_session_outcome outcome = ward_session_end(&input->session, &derived.value);

    forget_red(input);
    if (outcome == WARD_SESSION_DERIVED || beyond_red) {
        derived.valid = outcome == WARD_SESSION_DERIVED;
        run->late_by_us = run->context->now.boot_us - input->last_us; /* nothing has come since then */
        take_derived(run, input, &derived);
        run->late_by_us = 0;
    } else if ((outcome == WARD_SESSION_INCOMPLETE || no_valid_value) && !was_told) {
        ward_alarm_set(run, input, WARD_CAUSE_INCOMPLETE, WARD_PRIORITY_OF_INCOMPLETE);
    }
    input->derive_from_us = WARD_NEVER; /* the next session is not from readings of this one */
}
