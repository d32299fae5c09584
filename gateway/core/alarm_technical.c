/* SPDX-License-Identifier: Apache-2.0 */
/* Technical conditions: of the gateway itself, and those that the engine finds without a quantity. */
#include <errno.h>
#include <string.h>

#include "core/alarm_private.h"
#include "core/reading.h"

/* The slot of that name; a fresh one when there is none, in the place of one at rest; NULL when all are present. */
struct ward_alarm_technical_state *ward_alarm_technical_slot(struct ward_alarm_patient *state,
                                                             const char *name)
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

bool ward_alarm_is_asserted(const struct ward_alarm_patient *state, const char *name)
{
    const struct ward_alarm_technical_state *known = find_technical(state, name);

    return known != NULL && ward_alarm_is_present(&known->condition);
}

void ward_alarm_technical_text(struct ward_alarm_technical_state *slot, const char *text)
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
    struct ward_alarm_finding finding = {.priority = (uint8_t)technical->priority,
                                         .value = {.special = WARD_NAN},
                                         .onset_us = run->context->now.boot_us,
                                         .beyond = true};
    struct ward_alarm_subject subject;

    if (!active && !ward_alarm_is_asserted(run->state, technical->name)) {
        return 0;
    }
    subject.input = NULL;
    subject.technical = ward_alarm_technical_slot(run->state, technical->name);
    if (subject.technical == NULL) {
        return -ENOSPC;
    }
    subject.condition = &subject.technical->condition;
    subject.cause = WARD_CAUSE_COUNT;
    subject.technical->advisory = technical->advisory;
    subject.technical->degrades = technical->degrades;
    ward_alarm_technical_text(subject.technical, technical->text);
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
    struct ward_alarm_run run;

    if (!ward_id_is_valid(technical->name)) {
        return -EINVAL;
    }
    if (active && !ward_alarm_is_asserted(state, technical->name) &&
        technical_present(state) >= WARD_ALARM_TECHNICAL_MAX - WARD_ALARM_TECHNICAL_OWN) {
        return -ENOSPC;
    }
    run = ward_alarm_begin(state, context);
    return state->ended ? 0 : set_technical(&run, technical, active);
}
