/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suspending: a technical condition of its own, whose events are `suspended` and `resumed`. Evaluation goes on; while it
 * lasts every event says that it is suspended, and when it ends what is still present annunciates again.
 */
#include "core/alarm_private.h"
#include "core/utc.h"

/* The date and the minute, as a person would say it: "2026-11-22T09:45". */
#define MINUTE_TEXT_LENGTH 16

static void describe(struct ward_alarm_technical_state *slot, const struct ward_alarm_suspension *suspension,
                     int64_t until_utc_ms)
{
    char text[WARD_ALARM_TEXT_MAX + 1] = "", until[WARD_UTC_TEXT_SIZE];
    struct ward_words words = {.text = text};

    ward_words_put(&words, "monitoring is suspended on a clinician's order");
    if (until_utc_ms != WARD_UTC_UNKNOWN && ward_utc_format(until_utc_ms, until)) {
        until[MINUTE_TEXT_LENGTH] = '\0';
        ward_words_put(&words, " until ");
        ward_words_put(&words, until);
        ward_words_put(&words, "Z");
    }
    if (suspension->why != NULL && suspension->why[0] != '\0') {
        ward_words_put(&words, ": ");
        ward_words_put(&words, suspension->why);
    }
    ward_alarm_technical_text(slot, text);
}

bool ward_alarm_is_suspended(const struct ward_alarm_patient *state)
{
    return state->suspended_until_us != WARD_NEVER;
}

bool ward_alarm_suspend(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_alarm_suspension *suspension)
{
    const uint32_t duration_ms = suspension->duration_ms;
    const int64_t now_ms = context->now.utc_ms;
    struct ward_alarm_run run;
    struct ward_alarm_technical_state *slot;
    struct ward_alarm_subject subject;

    if (duration_ms == 0 || duration_ms > WARD_ALARM_SUSPEND_MAX_MS) {
        return false;
    }
    run = ward_alarm_begin(state, context);
    slot = ward_alarm_technical_slot(state, WARD_ALARM_SUSPENSION, NULL);
    if (slot == NULL || state->ended) {
        return false;
    }
    subject = (struct ward_alarm_subject){
        .condition = &slot->condition, .technical = slot, .cause = WARD_CAUSE_COUNT};
    if (!ward_alarm_is_present(&slot->condition)) {
        ward_alarm_condition_init(&slot->condition);
        slot->condition.id = ward_alarm_next_id(&run);
        slot->condition.raised_us = context->now.boot_us;
        slot->condition.raised_utc_ms = context->now.utc_ms;
    }
    slot->advisory = true;
    describe(slot, suspension, now_ms != WARD_UTC_UNKNOWN ? now_ms + duration_ms : WARD_UTC_UNKNOWN);
    slot->condition.priority = WARD_PRIORITY_LOW;
    slot->condition.state = WARD_ALARM_ACTIVE;
    slot->condition.by = suspension->by;
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
    struct ward_alarm_technical_state *slot =
        ward_alarm_technical_slot(run->state, WARD_ALARM_SUSPENSION, NULL);

    run->state->suspended_until_us = WARD_NEVER;
    run->state->suspended_until_utc_ms = WARD_UTC_UNKNOWN;
    if (slot == NULL || !ward_alarm_is_present(&slot->condition)) {
        return;
    }
    slot->condition.state = WARD_ALARM_INACTIVE;
    slot->condition.by = *by;
    ward_alarm_emit(run,
                    &(struct ward_alarm_subject){
                        .condition = &slot->condition, .technical = slot, .cause = WARD_CAUSE_COUNT},
                    WARD_EVENT_RESUMED, NULL);
    ward_alarm_for_each(run, annunciate_again, NULL);
}

void ward_alarm_resume(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                       const struct ward_id *by)
{
    struct ward_alarm_run run = ward_alarm_begin(state, context);

    ward_alarm_end_suspension(&run, by);
}
