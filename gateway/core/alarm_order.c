/* SPDX-License-Identifier: Apache-2.0 */
/* What people and the gateway itself say to the engine: acknowledge, silence, suspend, void, technical conditions. */
#include <errno.h>
#include <string.h>

#include "core/alarm_private.h"
#include "core/reading.h"

#define SUSPENSION "monitoring-suspended"

void ward_alarm_init(struct ward_alarm_patient *state, const struct ward_id *patient,
                     const struct ward_id *episode)
{
    memset(state, 0, sizeof(*state));
    state->patient = *patient;
    state->episode = *episode;
    state->suspended_until_us = WARD_NEVER;
    state->suspended_until_utc_ms = WARD_UTC_UNKNOWN;
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
    return subject->cause == WARD_CAUSE_NO_SOURCE || subject->cause == WARD_CAUSE_NO_VALID_DATA;
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
        (found->technical != NULL && strcmp(found->technical->name.text, SUSPENSION) == 0)) {
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

/* The slot of that name; a fresh one when there is none, in the place of one at rest; NULL when all are present. */
static struct ward_alarm_technical_state *technical_slot(struct ward_alarm_patient *state, const char *name)
{
    struct ward_alarm_technical_state *free_slot = NULL;

    for (size_t i = 0; i < state->technical_count; i++) {
        if (strcmp(state->technical[i].name.text, name) == 0) {
            return &state->technical[i];
        }
        if (!ward_alarm_is_present(&state->technical[i].condition)) {
            free_slot = &state->technical[i];
        }
    }
    if (free_slot == NULL && state->technical_count < WARD_ALARM_TECHNICAL_MAX) {
        free_slot = &state->technical[state->technical_count++];
    }
    if (free_slot != NULL) {
        memset(free_slot, 0, sizeof(*free_slot));
        (void)ward_id_set(&free_slot->name, name);
        ward_alarm_condition_init(&free_slot->condition);
    }
    return free_slot;
}

static const struct ward_alarm_technical_state *find_technical(const struct ward_alarm_patient *state,
                                                               const char *name)
{
    for (size_t i = 0; i < state->technical_count; i++) {
        if (strcmp(state->technical[i].name.text, name) == 0) {
            return &state->technical[i];
        }
    }
    return NULL;
}

static void put_text(struct ward_alarm_technical_state *slot, const char *text)
{
    size_t length = strnlen(text, WARD_ALARM_TEXT_MAX + 1);

    if (length > WARD_ALARM_TEXT_MAX) {
        length = WARD_ALARM_TEXT_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memset(slot->text, 0, sizeof(slot->text));
    memcpy(slot->text, text, length);
}

static int set_technical(struct ward_alarm_run *run, const struct ward_alarm_technical *technical,
                         bool active)
{
    const struct ward_alarm_technical_state *known = find_technical(run->state, technical->name);
    struct ward_alarm_finding finding = {.priority = (uint8_t)technical->priority,
                                         .value = {.special = WARD_NAN},
                                         .onset_us = run->context->now.boot_us,
                                         .beyond = true};
    struct ward_alarm_subject subject;

    if (!active && (known == NULL || !ward_alarm_is_present(&known->condition))) {
        return 0;
    }
    subject.input = NULL;
    subject.technical = technical_slot(run->state, technical->name);
    if (subject.technical == NULL) {
        return -ENOSPC;
    }
    subject.condition = &subject.technical->condition;
    subject.cause = WARD_CAUSE_COUNT;
    subject.technical->advisory = technical->advisory;
    subject.technical->degrades = technical->degrades;
    put_text(subject.technical, technical->text);
    ward_alarm_signal(run, &subject,
                      &(struct ward_alarm_signal){.kind = active ? WARD_SIGNAL_HOLDS : WARD_SIGNAL_RECOVERED,
                                                  .finding = active ? &finding : NULL});
    return 0;
}

void ward_alarm_assert(struct ward_alarm_run *run, const struct ward_alarm_technical *technical, bool active)
{
    /* Room is kept for the engine's own conditions: see ward_alarm_technical. */
    (void)set_technical(run, technical, active);
}

static size_t technical_present(const struct ward_alarm_patient *state)
{
    size_t count = 0;

    for (size_t i = 0; i < state->technical_count; i++) {
        count += ward_alarm_is_present(&state->technical[i].condition) ? 1 : 0;
    }
    return count;
}

int ward_alarm_technical(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         const struct ward_alarm_technical *technical, bool active)
{
    const struct ward_alarm_technical_state *known = find_technical(state, technical->name);
    struct ward_alarm_run run;

    if (!ward_id_is_valid(technical->name)) {
        return -EINVAL;
    }
    if (active && (known == NULL || !ward_alarm_is_present(&known->condition)) &&
        technical_present(state) >= WARD_ALARM_TECHNICAL_MAX - WARD_ALARM_TECHNICAL_OWN) {
        return -ENOSPC;
    }
    run = ward_alarm_begin(state, context);
    return state->ended ? 0 : set_technical(&run, technical, active);
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

uint32_t ward_alarm_void(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         uint64_t seq)
{
    const struct ward_alarm_signal voided = {.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_VOIDED};
    struct ward_alarm_run run = ward_alarm_begin(state, context);
    uint32_t quantities = 0;

    for (size_t i = 0; i < state->input_count && seq != 0; i++) {
        struct ward_alarm_input_state *input = &state->inputs[i];

        if (input->value_seq == seq) {
            quantities |= 1u << input->quantity;
            input->value = (struct ward_decimal){.special = WARD_NAN};
            input->value_seq = 0;
        }
        for (int side = 0; side < 2; side++) {
            struct ward_alarm_subject subject =
                ward_alarm_subject_of(input, side == WARD_SIDE_BELOW ? WARD_CAUSE_LOW : WARD_CAUSE_HIGH);

            /* One sample of a stream decides nothing: the next ones do. */
            if (ward_alarm_is_present(subject.condition) && subject.condition->value_seq == seq &&
                input->last_spot) {
                quantities |= 1u << input->quantity;
                ward_alarm_detector_init(&input->detectors[side][0]);
                ward_alarm_detector_init(&input->detectors[side][1]);
                ward_alarm_signal(&run, &subject, &voided);
            }
        }
    }
    return quantities;
}

void ward_alarm_committed(struct ward_alarm_patient *state, const struct ward_reading *reading)
{
    for (size_t i = 0; i < state->input_count; i++) {
        struct ward_alarm_input_state *input = &state->inputs[i];

        if (input->value_seq == 0 && input->value_mono_us == reading->mono_us) {
            input->value_seq = reading->seq;
        }
        if (input->last_seq == 0 && input->last_mono_us == reading->mono_us) {
            input->last_seq = reading->seq;
        }
        for (int cause = WARD_CAUSE_LOW; cause <= WARD_CAUSE_HIGH; cause++) {
            struct ward_alarm_condition *condition = &input->conditions[cause];

            if (condition->value_seq == 0 && condition->value_mono_us == reading->mono_us) {
                condition->value_seq = reading->seq;
            }
        }
    }
}

bool ward_alarm_suspend(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        uint32_t duration_ms, const struct ward_id *by)
{
    struct ward_alarm_run run;
    struct ward_alarm_technical_state *slot;
    struct ward_alarm_subject subject;

    if (duration_ms == 0 || duration_ms > WARD_ALARM_SUSPEND_MAX_MS) {
        return false;
    }
    run = ward_alarm_begin(state, context);
    slot = technical_slot(state, SUSPENSION);
    if (slot == NULL || state->ended) {
        return false;
    }
    subject = (struct ward_alarm_subject){.condition = &slot->condition, .technical = slot};
    if (!ward_alarm_is_present(&slot->condition)) {
        ward_alarm_condition_init(&slot->condition);
        slot->condition.id = ward_alarm_next_id(&run);
        slot->condition.raised_us = context->now.boot_us;
        slot->condition.raised_utc_ms = context->now.utc_ms;
    }
    slot->advisory = true;
    put_text(slot, "monitoring is suspended on a clinician's order");
    slot->condition.priority = WARD_PRIORITY_LOW;
    slot->condition.state = WARD_ALARM_ACTIVE;
    slot->condition.by = *by;
    state->suspended_until_us = context->now.boot_us + duration_ms * WARD_MS_US;
    state->suspended_until_utc_ms =
        context->now.clock == WARD_CLOCK_SYNCED && context->now.utc_ms != WARD_UTC_UNKNOWN
            ? context->now.utc_ms + duration_ms
            : WARD_UTC_UNKNOWN;
    ward_alarm_emit(&run, &subject, WARD_EVENT_SUSPENDED, NULL);
    return true;
}

static void annunciate_again(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                             const void *argument)
{
    bool sounds =
        subject->condition->state == WARD_ALARM_ACTIVE ||
        (subject->condition->state == WARD_ALARM_UNKNOWN && !subject->condition->acknowledgement_holds);

    (void)argument;
    if (sounds) {
        ward_alarm_signal(run, subject, &(struct ward_alarm_signal){.kind = WARD_SIGNAL_REBOOT});
    }
}

void ward_alarm_end_suspension(struct ward_alarm_run *run, const struct ward_id *by)
{
    struct ward_alarm_technical_state *slot = technical_slot(run->state, SUSPENSION);

    run->state->suspended_until_us = WARD_NEVER;
    run->state->suspended_until_utc_ms = WARD_UTC_UNKNOWN;
    if (slot == NULL || !ward_alarm_is_present(&slot->condition)) {
        return;
    }
    slot->condition.state = WARD_ALARM_INACTIVE;
    slot->condition.by = *by;
    ward_alarm_emit(run, &(struct ward_alarm_subject){.condition = &slot->condition, .technical = slot},
                    WARD_EVENT_RESUMED, NULL);
    ward_alarm_for_each(run, annunciate_again, NULL);
}

void ward_alarm_resume(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                       const struct ward_id *by)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    ward_alarm_end_suspension(&run, by);
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

bool ward_alarm_is_tense(const struct ward_alarm_patient *state)
{
    for (size_t i = 0; i < state->input_count; i++) {
        for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
            uint8_t at = state->inputs[i].conditions[cause].state;

            if (at != WARD_ALARM_INACTIVE && at != WARD_ALARM_ENDED_UNSEEN && at != WARD_ALARM_ACKNOWLEDGED) {
                return true;
            }
        }
    }
    return false;
}
