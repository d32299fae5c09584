/* SPDX-License-Identifier: Apache-2.0 */
/* Technical conditions: of the gateway itself, and those that the engine finds without a quantity. */
#include <errno.h>
#include <string.h>

#include "core/alarm_private.h"
#include "core/reading.h"

/* Where the condition is, or technical_count. */
static size_t find(const struct ward_alarm_patient *state, const char *name, const char *device)
{
    size_t i = 0;

    while (i < state->technical_count &&
           (strcmp(state->technical[i].name.text, name) != 0 ||
            strcmp(state->technical[i].device.text, device != NULL ? device : "") != 0)) {
        i++;
    }
    return i;
}

/* A fresh slot is one more, or takes the place of one at rest. */
struct ward_alarm_technical_state *ward_alarm_technical_slot(struct ward_alarm_patient *state,
                                                             const char *name, const char *device)
{
    size_t at = find(state, name, device);
    struct ward_alarm_technical_state *slot = NULL;

    if (at < state->technical_count) {
        return &state->technical[at];
    }
    for (size_t i = 0; i < state->technical_count && slot == NULL; i++) {
        if (!ward_alarm_is_present(&state->technical[i].condition)) {
            slot = &state->technical[i];
        }
    }
    if (slot == NULL && state->technical_count < WARD_ALARM_TECHNICAL_MAX) {
        slot = &state->technical[state->technical_count++];
    }
    if (slot != NULL) {
        memset(slot, 0, sizeof(*slot));
        (void)ward_id_set(&slot->name, name);
        (void)ward_id_set(&slot->device, device != NULL ? device : "");
        ward_alarm_condition_init(&slot->condition);
    }
    return slot;
}

static bool is_asserted(const struct ward_alarm_patient *state, const struct ward_alarm_technical *technical)
{
    size_t at = find(state, technical->name, technical->device);

    return at < state->technical_count && ward_alarm_is_present(&state->technical[at].condition);
}

bool ward_alarm_is_asserted(const struct ward_alarm_patient *state, const char *name)
{
    const struct ward_alarm_technical technical = {.name = name};

    return is_asserted(state, &technical);
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

static int change_technical(struct ward_alarm_run *run, const struct ward_alarm_technical *technical,
                            bool active)
{
    const struct ward_alarm_finding finding = {.priority = (uint8_t)technical->priority,
                                               .value = {.special = WARD_NAN},
                                               .onset_us = run->context->now.boot_us,
                                               .beyond = true};
    struct ward_alarm_subject subject;

    subject.input = NULL;
    subject.technical = ward_alarm_technical_slot(run->state, technical->name, technical->device);
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

/* Most that are told are not there, and were not. */
static int set_technical(struct ward_alarm_run *run, const struct ward_alarm_technical *technical,
                         bool active)
{
    return active || is_asserted(run->state, technical) ? change_technical(run, technical, active) : 0;
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

    if (!ward_id_is_valid(technical->name) ||
        (technical->device != NULL && !ward_id_is_valid(technical->device))) {
        return -EINVAL;
    }
    if (active && !is_asserted(state, technical) &&
        technical_present(state) >= WARD_ALARM_TECHNICAL_MAX - WARD_ALARM_TECHNICAL_OWN) {
        return -ENOSPC;
    }
    run = ward_alarm_begin(state, context);
    return state->ended ? 0 : set_technical(&run, technical, active);
}
