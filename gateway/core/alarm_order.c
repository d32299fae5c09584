/* SPDX-License-Identifier: Apache-2.0 */
/* What people and the gateway say to the engine: acknowledge, silence, sources, discharge. */
#include <stddef.h>
#include <string.h>

#include "core/alarm_private.h"

void ward_alarm_init(struct ward_alarm_patient *state, const struct ward_id *patient,
                     const struct ward_id *episode)
{
    memset(state, 0, offsetof(struct ward_alarm_patient, inputs)); /* each of them is set when it comes */
    memset(state->technical, 0, sizeof(state->technical));
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

/* What has ended is kept for a clinician, whatever it was. */
static bool is_local(const struct ward_alarm_subject *subject)
{
    if (subject->condition->state == WARD_ALARM_ENDED_UNSEEN) {
        return false;
    }
    if (subject->technical != NULL) {
        return true;
    }
    return subject->cause == WARD_CAUSE_NO_SOURCE || subject->cause == WARD_CAUSE_NO_VALID_DATA ||
           subject->cause == WARD_CAUSE_SILENT;
}

/* Taken over on the spot, it has been seen by no clinician yet. */
static bool is_acknowledged(const struct ward_alarm_subject *subject, bool clinician)
{
    return (subject->condition->state == WARD_ALARM_ACKNOWLEDGED &&
            (subject->condition->seen || !clinician)) ||
           (subject->technical != NULL && strcmp(subject->technical->name.text, WARD_ALARM_SUSPENSION) == 0);
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
    if (is_acknowledged(found, clinician)) {
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
