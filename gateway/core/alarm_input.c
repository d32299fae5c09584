/* SPDX-License-Identifier: Apache-2.0 */
/* Readings: which quantity, of what quality, live or late, spot, stream or session. */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"

void ward_alarm_input_init(struct ward_alarm_input_state *input, uint8_t quantity, uint64_t now_us)
{
    *input = (struct ward_alarm_input_state){
        .quantity = quantity,
        .value = {.special = WARD_NAN},
        .last = {.special = WARD_NAN},
        .value_us = WARD_NEVER,
        .value_measured_ms = WARD_UTC_UNKNOWN,
        .last_us = WARD_NEVER,
        .unvalid_us = WARD_NEVER,
        .steady_from_us = WARD_NEVER,
        .expected_us = now_us,
        .newest_measured_ms = WARD_UTC_UNKNOWN,
        .derive_from_us = WARD_NEVER,
        .baseline = {.special = WARD_NAN},
        .slot_ms = WARD_UTC_UNKNOWN,
        .schedule_us = WARD_NEVER,
        .heard_us = WARD_NEVER,
        .wear_us = WARD_NEVER,
        .wear_counted_us = WARD_NEVER,
    };
    for (int side = 0; side < 2; side++) {
        for (int level = 0; level < 2; level++) {
            ward_alarm_detector_init(&input->detectors[side][level]);
            ward_alarm_detector_init(&input->changes[side][level]);
        }
    }
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        ward_alarm_condition_init(&input->conditions[cause]);
    }
}

struct ward_alarm_input_state *ward_alarm_find_input(struct ward_alarm_patient *state, uint8_t quantity)
{
    for (size_t i = 0; i < state->input_count; i++) {
        if (state->inputs[i].quantity == quantity) {
            return &state->inputs[i];
        }
    }
    return NULL;
}

static uint8_t quality_of(const struct ward_reading *reading, const struct ward_value *value)
{
    return ward_decimal_is_ordered(&value->number) && ward_quantity_is_plausible(value) ? reading->quality
                                                                                        : WARD_INVALID;
}

void ward_alarm_note_value(struct ward_alarm_input_state *input, const struct ward_alarm_measure *measure,
                           uint64_t now_us, bool counted)
{
    input->last = measure->value;
    input->last_us = now_us;
    input->last_seq = measure->seq;
    input->last_mono_us = measure->mono_us;
    input->last_spot = measure->spot;
    input->last_valid = measure->valid;
    input->stale = false;
    input->rebooted = false;
    if (!measure->spot) {
        input->running = true;
    }
    if (!measure->valid) {
        return;
    }
    input->value = measure->value;
    input->value_us = now_us;
    input->value_seq = measure->seq;
    input->value_mono_us = measure->mono_us;
    input->value_measured_ms = measure->measured_ms;
    input->value_spot = measure->spot;
    input->unvalid_us = WARD_NEVER;
    input->expected_us = now_us;
    ward_alarm_past_note(input, &(struct ward_alarm_past){.value = measure->value,
                                                          .from = {measure->seq, measure->mono_us},
                                                          .us = now_us,
                                                          .measured_ms = measure->measured_ms,
                                                          .spot = measure->spot,
                                                          .counted = counted});
}

/* A valid value ends what was wrong with the data. */
static void end_data_conditions(struct ward_alarm_run *run, struct ward_alarm_input_state *input, bool spot)
{
    uint64_t now_us = run->context->now.boot_us;

    if (input->steady_from_us == WARD_NEVER) {
        input->steady_from_us = now_us;
    }
    ward_alarm_unset(run, input, WARD_CAUSE_NO_DATA);
    ward_alarm_unset(run, input, WARD_CAUSE_NO_VALID_DATA);
    if (spot || now_us - input->steady_from_us >= WARD_STEADY_US) {
        ward_alarm_unset(run, input, WARD_CAUSE_INCOMPLETE);
    }
}

/* Frames come, but no valid value with them. */
static void note_no_valid(struct ward_alarm_run *run, struct ward_alarm_input_state *input, bool at_once)
{
    uint64_t now_us = run->context->now.boot_us;

    if (input->unvalid_us == WARD_NEVER) {
        input->unvalid_us = now_us;
    }
    if (at_once || now_us - input->unvalid_us >= WARD_NO_VALID_US) {
        ward_alarm_set(run, input, WARD_CAUSE_NO_VALID_DATA, WARD_PRIORITY_OF_NO_VALID_DATA);
    }
}

static void take(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                 const struct ward_alarm_measure *measure)
{
    uint64_t last_valid_us = input->running ? input->value_us : WARD_NEVER;
    struct ward_alarm_measure judged = *measure;

    ward_alarm_vital_note(run, measure);
    ward_alarm_apply_median(run, input, &judged);
    ward_alarm_note_value(input, measure, run->context->now.boot_us, measure->spot);
    input->last = judged.value;
    ward_alarm_evaluate(run, input, &judged, last_valid_us);
    ward_alarm_change_note(run, input, measure);
    if (measure->valid) {
        ward_alarm_schedule_measured(run, input);
        end_data_conditions(run, input, measure->spot);
    } else if (!measure->spot && !measure->disputed) {
        note_no_valid(run, input, false);
    }
}

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
    take(run, input, measure);
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

static void take_session(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
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
        note_no_valid(run, input, false);
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

static void end_session(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
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

void ward_alarm_input_stop(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);

    if (!input->running) {
        return;
    }
    input->running = false;
    input->steady_from_us = WARD_NEVER;
    input->unvalid_us = WARD_NEVER;
    if (row != NULL && row->mode == WARD_MODE_SPOT) {
        end_session(run, input);
    } else {
        ward_alarm_evaluate_stop(run, input);
    }
}

/* A device whose clock is ahead must not make everything that follows look old. */
void ward_alarm_note_measured(struct ward_alarm_input_state *input, int64_t measured_ms, int64_t now_ms)
{
    const bool ahead = now_ms != WARD_UTC_UNKNOWN && measured_ms > now_ms;

    input->newest_measured_ms = measured_ms == WARD_UTC_UNKNOWN || ahead ? now_ms : measured_ms;
}

/* A device that is not worn says nothing of what another one streams. Who it is may be unknown, on either side. */
static bool is_streamed_by(const struct ward_alarm_input_state *input, const char *device)
{
    return input->source.text[0] == '\0' || device[0] == '\0' || strcmp(input->source.text, device) == 0;
}

static void take_invalid(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                         const struct ward_reading *reading)
{
    if (reading->late) {
        return; /* that there was no finger then says nothing of now */
    }
    if ((reading->reasons & WARD_REASON_NO_CONTACT) != 0) {
        if (is_streamed_by(input, reading->device.text)) {
            ward_alarm_input_stop(run, input);
        }
    } else {
        note_no_valid(run, input, reading->kind != WARD_READING_CONTINUOUS);
    }
}

/*
 * Another device says otherwise, and nothing else is wrong with it. Which of the two is right is not known: so what is
 * beyond a limit raises as if it were valid, and what is not clears nothing. Neither is suppressed, nor delayed.
 */
static bool is_disputed(const struct ward_reading *reading)
{
    return reading->quality == WARD_QUESTIONABLE && reading->reasons == WARD_REASON_DISAGREEMENT;
}

static bool has_quantity(const struct ward_reading *reading, uint8_t quantity)
{
    for (size_t i = 0; i < reading->value_count && i < WARD_READING_VALUES_MAX; i++) {
        if (reading->values[i].quantity == quantity) {
            return true;
        }
    }
    return false;
}

/* No limit of the plan is on it, but it may be part of a score, or a person's worry. */
static void take_unplanned(struct ward_alarm_run *run, const struct ward_reading *reading,
                           const struct ward_alarm_measure *measure)
{
    if (measure->measured_as == WARD_CONCERN) {
        ward_alarm_concern(run, measure);
    } else if (!reading->late) {
        ward_alarm_vital_note(run, measure);
    } else {
        ward_alarm_take_late(run, NULL, measure);
    }
}

static void take_value(struct ward_alarm_run *run, const struct ward_reading *reading,
                       const struct ward_value *value)
{
    const struct ward_care_plan *plan = run->context->plan;
    uint8_t quantity = ward_quantity_judged_as(value->quantity);
    uint8_t quality = quality_of(reading, value);
    struct ward_alarm_input_state *input = ward_alarm_find_input(run->state, quantity);
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, quantity);
    struct ward_alarm_measure measure = {.value = value->number,
                                         .seq = reading->seq,
                                         .mono_us = reading->mono_us,
                                         .measured_ms = reading->measured_at_ms,
                                         .valid = quality == WARD_VALID,
                                         .disputed = is_disputed(reading),
                                         .spot = reading->kind != WARD_READING_CONTINUOUS,
                                         .measured_as = value->quantity,
                                         .with_spo2 = has_quantity(reading, WARD_SPO2),
                                         .entered = reading->kind == WARD_READING_ENTRY};

    if (input == NULL || row == NULL) {
        take_unplanned(run, reading, &measure);
        return;
    }
    if (!reading->late && (reading->reasons & WARD_REASON_NO_CONTACT) == 0) {
        ward_alarm_schedule_heard(run, input);
    }
    if (quality == WARD_INVALID) {
        take_invalid(run, input, reading);
        return;
    }
    measure.valid |= measure.disputed && ward_alarm_limit_crossed(plan, quantity, &value->number) != NULL;
    if (reading->late) {
        measure.spot = true;
        ward_alarm_take_late(run, input, &measure);
        return;
    }
    ward_alarm_note_measured(input, measure.measured_ms, run->context->now.utc_ms);
    if (!measure.spot) {
        input->source = reading->device;
    }
    if (!measure.spot && row->mode == WARD_MODE_SPOT) {
        take_session(run, input, row, &measure);
    } else {
        take(run, input, &measure);
    }
}

void ward_alarm_reading(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_reading *reading)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    if (state->ended || reading->unassigned || reading->kind >= WARD_RECORD_GAP) {
        return;
    }
    for (size_t i = 0; i < reading->value_count && i < WARD_READING_VALUES_MAX; i++) {
        /* Who has no plan yet may be worried about all the same. */
        if (context->plan != NULL || reading->values[i].quantity == WARD_CONCERN) {
            take_value(&run, reading, &reading->values[i]);
        }
    }
    if (context->plan == NULL) {
        return;
    }
    if (!reading->late && reading->quality == WARD_VALID && has_quantity(reading, WARD_SPO2) &&
        !has_quantity(reading, WARD_PULSE_RATE)) {
        ward_alarm_vital_forget(state, WARD_VITAL_PULSE_OXIMETER);
    }
    if (!reading->late) {
        ward_alarm_news2_update(&run, WARD_NEWS2_NEW_DATA);
    } else if (run.vital_noted) {
        ward_alarm_news2_update(&run, WARD_NEWS2_LATE_DATA);
    }
}

static void take_early(struct ward_alarm_run *run, const struct ward_reading *reading,
                       const struct ward_value *value)
{
    uint8_t quantity = ward_quantity_judged_as(value->quantity);
    uint8_t quality = quality_of(reading, value);
    struct ward_alarm_input_state *input = ward_alarm_find_input(run->state, quantity);
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, quantity);
    const struct ward_alarm_measure measure = {.value = value->number,
                                               .mono_us = reading->mono_us,
                                               .measured_ms = reading->measured_at_ms,
                                               .valid = quality == WARD_VALID,
                                               .spot = true,
                                               .measured_as = value->quantity};

    if (input == NULL || row == NULL || quality == WARD_INVALID || row->median_of > 1) {
        return;
    }
    if (ward_alarm_evaluate_raising(run, input, &measure, WARD_RAISING_EARLY)) {
        ward_alarm_note_value(input, &measure, run->context->now.boot_us, false);
    }
}

void ward_alarm_reading_early(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                              const struct ward_reading *reading)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    if (context->plan == NULL || state->ended || reading->unassigned || reading->kind >= WARD_RECORD_GAP) {
        return;
    }
    for (size_t i = 0; i < reading->value_count && i < WARD_READING_VALUES_MAX; i++) {
        take_early(&run, reading, &reading->values[i]);
    }
}

void ward_alarm_input_stopped(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                              uint32_t quantities, const char *device)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    for (size_t i = 0; i < state->input_count && context->plan != NULL && !state->ended; i++) {
        struct ward_alarm_input_state *input = &state->inputs[i];

        if ((quantities & (1u << input->quantity)) != 0 && is_streamed_by(input, device)) {
            ward_alarm_input_stop(&run, input);
        }
    }
    ward_alarm_news2_noted(&run);
}
