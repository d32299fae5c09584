/* SPDX-License-Identifier: Apache-2.0 */
/* What people and the gateway say to the engine: acknowledge, silence, sources, void, discharge. */
#include <string.h>

#include "core/alarm_private.h"
#include "core/quantity.h"

void ward_alarm_init(struct ward_alarm_patient *state, const struct ward_id *patient,
                     const struct ward_id *episode)
{
    memset(state, 0, sizeof(*state));
    state->patient = *patient;
    state->episode = *episode;
    state->suspended_until_us = WARD_NEVER;
    state->suspended_until_utc_ms = WARD_UTC_UNKNOWN;
    ward_alarm_vitals_init(state);
    for (size_t i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        ward_alarm_condition_init(&state->wide[i]);
    }
    state->utc_offset_ms = WARD_UTC_UNKNOWN;
    state->plan_expires_us = WARD_NEVER;
    state->now.utc_ms = WARD_UTC_UNKNOWN;
    state->now.clock = WARD_CLOCK_UNSYNCED;
}

struct search {
    const struct ward_alarm_id *id;
    struct ward_alarm_subject found;
};

static void match_id(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                     const void *argument)
{
    struct search *search = *(struct search *const *)argument;

    (void)run;
    if (ward_alarm_is_present(subject->condition) &&
        memcmp(subject->condition->id.octets, search->id->octets, sizeof(search->id->octets)) == 0) {
        search->found = *subject;
    }
}

static bool is_local(const struct ward_alarm_subject *subject)
{
    if (subject->technical != NULL) {
        return true;
    }
    return subject->cause == WARD_CAUSE_NO_SOURCE || subject->cause == WARD_CAUSE_NO_VALID_DATA ||
           subject->cause == WARD_CAUSE_SILENT;
}

enum ward_alarm_answer ward_alarm_acknowledge(struct ward_alarm_patient *state,
                                              const struct ward_alarm_context *context,
                                              const struct ward_alarm_id *id, const struct ward_id *by,
                                              bool clinician)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);
    struct search search = {.id = id};
    struct search *argument = &search;
    const struct ward_alarm_subject *found = &search.found;

    ward_alarm_for_each(&run, match_id, &argument);
    if (found->condition == NULL) {
        return WARD_ALARM_NOT_FOUND;
    }
    if (!clinician && !is_local(found)) {
        return WARD_ALARM_CLINICAL;
    }
    if (found->condition->state == WARD_ALARM_ACKNOWLEDGED ||
        (found->technical != NULL && strcmp(found->technical->name.text, WARD_ALARM_SUSPENSION) == 0)) {
        return WARD_ALARM_ALREADY;
    }
    ward_alarm_signal(
        &run, found,
        &(struct ward_alarm_signal){.kind = WARD_SIGNAL_ACKNOWLEDGE, .by = by, .clinician = clinician});
    return WARD_ALARM_DONE;
}

struct hush {
    const struct ward_id *by;
    size_t count;
};

static void silence_one(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                        const void *argument)
{
    struct hush *hush = *(struct hush *const *)argument;

    if (subject->condition->state == WARD_ALARM_ACTIVE) {
        hush->count++;
        ward_alarm_signal(run, subject,
                          &(struct ward_alarm_signal){.kind = WARD_SIGNAL_SILENCE, .by = hush->by});
    }
}

size_t ward_alarm_silence(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                          const struct ward_id *by)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);
    struct hush hush = {.by = by};
    struct hush *argument = &hush;

    ward_alarm_for_each(&run, silence_one, &argument);
    return hush.count;
}

void ward_alarm_sources(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        uint32_t quantities)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    state->has_sources = true;
    state->sources = quantities;
    ward_alarm_check_sources(&run);
}

void ward_alarm_check_sources(struct ward_alarm_run *run)
{
    const struct ward_alarm_patient *state = run->state;
    uint32_t sources = state->sources;

    if ((sources & (1u << WARD_PULSE_RATE_CUFF)) != 0) {
        sources |= 1u << WARD_PULSE_RATE;
    }
    for (size_t i = 0; i < state->input_count && state->has_sources; i++) {
        struct ward_alarm_input_state *input = &run->state->inputs[i];

        if (input->planned && (sources & (1u << input->quantity)) == 0) {
            ward_alarm_set(run, input, WARD_CAUSE_NO_SOURCE, WARD_PRIORITY_OF_NO_SOURCE);
        } else {
            ward_alarm_unset(run, input, WARD_CAUSE_NO_SOURCE);
        }
    }
}

/* A worry that was entered for the wrong patient. */
static void void_concern(struct ward_alarm_run *run, uint64_t seq)
{
    struct ward_alarm_subject subject = {
        .condition = &run->state->wide[WARD_CAUSE_CONCERN - WARD_CAUSE_NEWS2], .cause = WARD_CAUSE_CONCERN};

    if (seq != 0 && ward_alarm_is_present(subject.condition) && subject.condition->value_seq == seq) {
        ward_alarm_signal(
            run, &subject,
            &(struct ward_alarm_signal){.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_VOIDED});
    }
}

uint32_t ward_alarm_void(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         uint64_t seq)
{
    const struct ward_alarm_signal voided = {.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_VOIDED};
    struct ward_alarm_run run = ward_alarm_begin(state, context);
    uint32_t quantities = seq != 0 ? ward_alarm_vitals_void(state, seq) : 0;

    if (quantities != 0) {
        ward_alarm_news2_update(&run, WARD_NEWS2_VOIDED);
    }
    void_concern(&run, seq);
    for (size_t i = 0; i < state->input_count && seq != 0; i++) {
        struct ward_alarm_input_state *input = &state->inputs[i];

        if (input->value_seq == seq) {
            quantities |= 1u << input->quantity;
            ward_alarm_change_forget_newest(input);
            input->value = (struct ward_decimal){.special = WARD_NAN};
            input->value_seq = 0;
        }
        for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
            struct ward_alarm_detector *detectors;
            struct ward_alarm_subject subject = ward_alarm_ground(input, ground, &detectors);

            /* One sample of a stream decides nothing: the next ones do. */
            if (ward_alarm_is_present(subject.condition) && subject.condition->value_seq == seq &&
                input->last_spot) {
                quantities |= 1u << input->quantity;
                ward_alarm_detector_init(&detectors[0]);
                ward_alarm_detector_init(&detectors[1]);
                ward_alarm_signal(&run, &subject, &voided);
            }
        }
    }
    return quantities;
}

static bool carries(const struct ward_reading *reading, uint8_t quantity)
{
    for (size_t i = 0; i < reading->value_count; i++) {
        if (ward_quantity_judged_as(reading->values[i].quantity) == quantity) {
            return true;
        }
    }
    return false;
}

static void give_seq(struct ward_alarm_condition *condition, const struct ward_reading *reading)
{
    if (condition->value_seq == 0 && condition->value_mono_us == reading->mono_us) {
        condition->value_seq = reading->seq;
    }
}

void ward_alarm_committed(struct ward_alarm_patient *state, const struct ward_reading *reading)
{
    for (size_t i = 0; i < state->input_count; i++) {
        struct ward_alarm_input_state *input = &state->inputs[i];

        if (!carries(reading, input->quantity)) {
            continue;
        }
        if (input->value_seq == 0 && input->value_mono_us == reading->mono_us) {
            input->value_seq = reading->seq;
        }
        if (input->last_seq == 0 && input->last_mono_us == reading->mono_us) {
            input->last_seq = reading->seq;
        }
        for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
            struct ward_alarm_detector *detectors;

            give_seq(ward_alarm_ground(input, ground, &detectors).condition, reading);
        }
    }
    give_seq(&state->wide[WARD_CAUSE_CONCERN - WARD_CAUSE_NEWS2], reading);
    for (size_t i = 0; i < WARD_VITAL_COUNT; i++) {
        struct ward_alarm_vital *vital = &state->vitals[i];

        if (vital->seq == 0 && vital->mono_us == reading->mono_us &&
            carries(reading, ward_alarm_vital_quantity((enum ward_vital_source)i))) {
            vital->seq = reading->seq;
        }
    }
}

static void discharge_one(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                          const void *argument)
{
    (void)argument;
    ward_alarm_signal(
        run, subject,
        &(struct ward_alarm_signal){.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_DISCHARGED});
}

void ward_alarm_discharge(struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    ward_alarm_for_each(&run, discharge_one, NULL);
    state->suspended_until_us = WARD_NEVER;
    state->ended = true;
}

static bool is_tense(const struct ward_alarm_condition *condition)
{
    return condition->state != WARD_ALARM_INACTIVE && condition->state != WARD_ALARM_ENDED_UNSEEN &&
           condition->state != WARD_ALARM_ACKNOWLEDGED;
}

bool ward_alarm_is_tense(const struct ward_alarm_patient *state)
{
    for (size_t i = 0; i < state->input_count; i++) {
        for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
            if (is_tense(&state->inputs[i].conditions[cause])) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        if (is_tense(&state->wide[i])) {
            return true;
        }
    }
    return false;
}
