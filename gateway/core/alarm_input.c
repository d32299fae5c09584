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

void ward_alarm_note_no_valid(struct ward_alarm_run *run, struct ward_alarm_input_state *input, bool at_once)
{
    uint64_t now_us = run->context->now.boot_us;

    if (input->unvalid_us == WARD_NEVER) {
        input->unvalid_us = now_us;
    }
    if (at_once || now_us - input->unvalid_us >= WARD_NO_VALID_US) {
        ward_alarm_set(run, input, WARD_CAUSE_NO_VALID_DATA, WARD_PRIORITY_OF_NO_VALID_DATA);
    }
}

void ward_alarm_take(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
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
        ward_alarm_note_no_valid(run, input, false);
    }
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
        ward_alarm_session_end(run, input);
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
        ward_alarm_note_no_valid(run, input, reading->kind != WARD_READING_CONTINUOUS);
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
        ward_alarm_session_take(run, input, row, &measure);
    } else {
        ward_alarm_take(run, input, &measure);
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
