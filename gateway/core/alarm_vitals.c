/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which value of which source counts for NEWS2:
 *
 *   a spot value       at once, for the plan's fresh_s
 *   a stream           the median of its last minute, once it has run for 15 s; until then what was before
 *   the pulse          of the reading that gave the SpO2; then of the cuff; then of a strap
 *   oxygen             as entered, or always as the plan says; never guessed
 *
 *   a late value       at the time at which it was measured, if nothing newer has come
 *
 * Only valid values count. A few that counted before are kept, for when the newest is taken back.
 */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"

void ward_alarm_vitals_init(struct ward_alarm_patient *state)
{
    for (size_t i = 0; i < WARD_VITAL_COUNT; i++) {
        state->vitals[i] = (struct ward_alarm_vital){.value = {.special = WARD_NAN}};
        for (size_t j = 0; j < WARD_VITAL_PAST_MAX; j++) {
            state->vitals[i].past[j].value.special = WARD_NAN;
        }
    }
}

/* WARD_VITAL_COUNT: not a vital sign. */
static enum ward_vital_source source_of(const struct ward_alarm_measure *measure)
{
    switch (measure->measured_as) {
    case WARD_RESPIRATION_RATE: return WARD_VITAL_RESPIRATION_RATE;
    case WARD_SPO2: return WARD_VITAL_SPO2;
    case WARD_OXYGEN: return WARD_VITAL_OXYGEN;
    case WARD_BP_SYSTOLIC: return WARD_VITAL_SYSTOLIC;
    case WARD_PULSE_RATE: return measure->with_spo2 ? WARD_VITAL_PULSE_OXIMETER : WARD_VITAL_PULSE_STRAP;
    case WARD_PULSE_RATE_CUFF: return WARD_VITAL_PULSE_CUFF;
    case WARD_HEART_RATE: return WARD_VITAL_PULSE_STRAP;
    case WARD_CONSCIOUSNESS: return WARD_VITAL_CONSCIOUSNESS;
    case WARD_BODY_TEMPERATURE: return WARD_VITAL_TEMPERATURE;
    }
    return WARD_VITAL_COUNT;
}

static bool is_coded(uint8_t quantity)
{
    return quantity == WARD_OXYGEN || quantity == WARD_CONSCIOUSNESS;
}

/* The value makes room for a newer one. Of a stream only the newest median counts. */
static void keep_past(struct ward_alarm_vital *vital, bool streamed)
{
    if (!ward_decimal_is_ordered(&vital->value) || (streamed && vital->streamed)) {
        return;
    }
    memmove(&vital->past[1], &vital->past[0], (WARD_VITAL_PAST_MAX - 1) * sizeof(vital->past[0]));
    vital->past[0] = (struct ward_alarm_vital_past){.value = vital->value,
                                                    .life_us = vital->life_us,
                                                    .from = {vital->seq, vital->mono_us},
                                                    .entered = vital->entered,
                                                    .dubious = vital->dubious};
}

/* Out of past[at]; what is older moves up. */
static void drop_past(struct ward_alarm_vital *vital, size_t at)
{
    for (; at + 1 < WARD_VITAL_PAST_MAX; at++) {
        vital->past[at] = vital->past[at + 1];
    }
    vital->past[at] = (struct ward_alarm_vital_past){.value = {.special = WARD_NAN}};
}

/* Something newer has come already. */
static bool is_outdated(const struct ward_alarm_vital *vital, uint64_t life_us)
{
    return ward_decimal_is_ordered(&vital->value) && (int64_t)(life_us - vital->life_us) <= 0;
}

void ward_alarm_vital_note(struct ward_alarm_run *run, const struct ward_alarm_measure *measure)
{
    const struct ward_value value = {.number = measure->value, .quantity = measure->measured_as};
    enum ward_vital_source source = source_of(measure);
    struct ward_decimal counted = measure->value;
    uint64_t now_us = ward_alarm_moment_us(run);
    struct ward_alarm_vital *vital;

    if (source == WARD_VITAL_COUNT || !measure->valid ||
        (is_coded(measure->measured_as) && ward_quantity_code(&value) == NULL)) {
        return;
    }
    vital = &run->state->vitals[source];
    if (run->late_by_us != 0 && is_outdated(vital, now_us)) {
        return;
    }
    if (!measure->spot) {
        ward_window_add(&vital->window, &measure->value, now_us);
        if (!run->context->plan->news2.used) {
            return; /* the window is kept for a plan that will; its median is dear */
        }
        if (ward_decimal_is_finite(&measure->value) &&
            (vital->window.span_s * WARD_SECOND_US < WARD_NEWS2_STREAM_MIN_US ||
             !ward_window_median(&vital->window, &counted))) {
            return;
        }
    }
    keep_past(vital, !measure->spot);
    run->vital_noted = true;
    vital->streamed = !measure->spot;
    vital->value = counted;
    vital->life_us = now_us;
    vital->seq = measure->seq;
    vital->mono_us = measure->mono_us;
    vital->entered = measure->entered;
    vital->dubious = false;
}

void ward_alarm_vital_forget(struct ward_alarm_patient *state, enum ward_vital_source source)
{
    state->vitals[source].value = (struct ward_decimal){.special = WARD_NAN};
}

static uint64_t age_us(const struct ward_alarm_patient *state, const struct ward_alarm_vital *vital,
                       uint64_t now_us)
{
    return ward_alarm_life_us(state, now_us) - vital->life_us;
}

static uint8_t presence_of(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                           const struct ward_alarm_vital *vital)
{
    uint64_t fresh_us = context->plan->news2.fresh_ms * WARD_MS_US;

    if (!ward_decimal_is_ordered(&vital->value)) {
        return WARD_NEWS2_MISSING;
    }
    return !vital->dubious && age_us(state, vital, context->now.boot_us) < fresh_us ? WARD_NEWS2_FRESH
                                                                                    : WARD_NEWS2_STALE;
}

/* The first that is fresh; else the first that was ever given; else the first. */
static enum ward_vital_source best_pulse(const struct ward_alarm_patient *state,
                                         const struct ward_alarm_context *context)
{
    enum ward_vital_source best = WARD_VITAL_PULSE_OXIMETER;
    uint8_t presence = WARD_NEWS2_MISSING;

    for (unsigned i = WARD_VITAL_PULSE_OXIMETER; i <= WARD_VITAL_PULSE_STRAP; i++) {
        uint8_t this = presence_of(state, context, &state->vitals[i]);

        if (this > presence) {
            best = (enum ward_vital_source)i;
            presence = this;
        }
    }
    return best;
}

static const char *name_of_source(enum ward_vital_source source, const struct ward_alarm_vital *vital)
{
    static const char *const names[WARD_VITAL_COUNT] = {
        [WARD_VITAL_RESPIRATION_RATE] = "belt",   [WARD_VITAL_SPO2] = "oximeter",
        [WARD_VITAL_OXYGEN] = "device",           [WARD_VITAL_SYSTOLIC] = "cuff",
        [WARD_VITAL_PULSE_OXIMETER] = "oximeter", [WARD_VITAL_PULSE_CUFF] = "cuff",
        [WARD_VITAL_PULSE_STRAP] = "strap",       [WARD_VITAL_CONSCIOUSNESS] = "device",
        [WARD_VITAL_TEMPERATURE] = "thermometer"};

    return vital->entered ? "entry" : names[source];
}

static enum ward_vital_source source_for(const struct ward_alarm_patient *state,
                                         const struct ward_alarm_context *context,
                                         enum ward_news2_parameter parameter)
{
    switch (parameter) {
    case WARD_NEWS2_RESPIRATION_RATE: return WARD_VITAL_RESPIRATION_RATE;
    case WARD_NEWS2_SPO2: return WARD_VITAL_SPO2;
    case WARD_NEWS2_OXYGEN: return WARD_VITAL_OXYGEN;
    case WARD_NEWS2_SYSTOLIC: return WARD_VITAL_SYSTOLIC;
    case WARD_NEWS2_PULSE: return best_pulse(state, context);
    case WARD_NEWS2_CONSCIOUSNESS: return WARD_VITAL_CONSCIOUSNESS;
    case WARD_NEWS2_TEMPERATURE: return WARD_VITAL_TEMPERATURE;
    case WARD_NEWS2_PARAMETERS: break;
    }
    return WARD_VITAL_COUNT;
}

bool ward_alarm_news2(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                      struct ward_news2_report *ret)
{
    const struct ward_care_plan *plan = context->plan;

    memset(ret, 0, sizeof(*ret));
    if (plan == NULL || !plan->news2.used || state->ended) {
        return false;
    }
    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        enum ward_vital_source source = source_for(state, context, (enum ward_news2_parameter)i);
        const struct ward_alarm_vital *vital = &state->vitals[source];

        ret->inputs[i].presence = presence_of(state, context, vital);
        ret->inputs[i].value = vital->value;
        ret->age_ms[i] = age_us(state, vital, context->now.boot_us) / WARD_MS_US;
        ret->sources[i] = name_of_source(source, vital);
    }
    if (plan->news2.oxygen_always) {
        ret->inputs[WARD_NEWS2_OXYGEN] =
            (struct ward_news2_input){.presence = WARD_NEWS2_FRESH, .value = {.mantissa = 1}};
        ret->age_ms[WARD_NEWS2_OXYGEN] = 0;
        ret->sources[WARD_NEWS2_OXYGEN] = "plan";
    }
    ret->score = ward_news2_score(ret->inputs, plan->news2.scale);
    return true;
}

uint64_t ward_alarm_vitals_due_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan)
{
    uint64_t due_us = WARD_NEVER;

    for (size_t i = 0; i < WARD_VITAL_COUNT; i++) {
        const struct ward_alarm_vital *vital = &state->vitals[i];
        uint64_t moment_us = vital->life_us + plan->news2.fresh_ms * WARD_MS_US - state->life_offset_us;
        bool fresh = ward_decimal_is_ordered(&vital->value) && !vital->dubious &&
                     age_us(state, vital, state->now.boot_us) < plan->news2.fresh_ms * WARD_MS_US;

        if (fresh && moment_us < due_us) {
            due_us = moment_us;
        }
    }
    return due_us;
}

void ward_alarm_vitals_reboot(struct ward_alarm_patient *state, bool off_is_known)
{
    for (size_t i = 0; i < WARD_VITAL_COUNT; i++) {
        state->vitals[i].dubious |= !off_is_known;
        for (size_t j = 0; j < WARD_VITAL_PAST_MAX; j++) {
            state->vitals[i].past[j].dubious |= !off_is_known;
        }
        memset(&state->vitals[i].window, 0, sizeof(state->vitals[i].window));
    }
}

uint8_t ward_alarm_vital_quantity(enum ward_vital_source source)
{
    static const uint8_t quantities[WARD_VITAL_COUNT] = {
        WARD_RESPIRATION_RATE, WARD_SPO2,       WARD_OXYGEN,        WARD_BP_SYSTOLIC,     WARD_PULSE_RATE,
        WARD_PULSE_RATE,       WARD_HEART_RATE, WARD_CONSCIOUSNESS, WARD_BODY_TEMPERATURE};

    return quantities[source];
}

void ward_alarm_vitals_committed(struct ward_alarm_patient *state, uint32_t quantities,
                                 const struct ward_reading *reading)
{
    for (unsigned i = 0; i < WARD_VITAL_COUNT; i++) {
        struct ward_alarm_vital *vital = &state->vitals[i];

        if ((quantities & (1u << ward_alarm_vital_quantity((enum ward_vital_source)i))) == 0) {
            continue;
        }
        if (vital->seq == 0 && vital->mono_us == reading->mono_us) {
            vital->seq = reading->seq;
        }
        for (size_t j = 0; j < WARD_VITAL_PAST_MAX; j++) {
            ward_source_give_seq(&vital->past[j].from, 1, reading);
        }
    }
}

/* What counted before the newest value counts again. */
static void step_back(struct ward_alarm_vital *vital)
{
    const struct ward_alarm_vital_past *before = &vital->past[0];

    vital->value = before->value;
    vital->life_us = before->life_us;
    vital->seq = before->from.seq;
    vital->mono_us = before->from.mono_us;
    vital->entered = before->entered;
    vital->dubious = before->dubious;
    vital->streamed = false;
    drop_past(vital, 0);
}

bool ward_alarm_vitals_void(struct ward_alarm_patient *state, uint64_t seq)
{
    bool found = false;

    for (unsigned i = 0; i < WARD_VITAL_COUNT; i++) {
        struct ward_alarm_vital *vital = &state->vitals[i];

        for (size_t j = 0; j < WARD_VITAL_PAST_MAX; j++) {
            if (vital->past[j].from.seq == seq) {
                drop_past(vital, j);
            }
        }
        if (vital->seq == seq && ward_decimal_is_ordered(&vital->value)) {
            step_back(vital);
            found = true;
        }
    }
    return found;
}
