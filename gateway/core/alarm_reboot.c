/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine was started anew: the boot-time clock counts from another zero, and how long it was off is known only
 * when both clocks were synced. The safe reading is taken:
 *
 *   ages                         go on, with the time off as far as it is known
 *   a pending on-delay           counts as elapsed at the first new valid value still beyond the limit
 *   acknowledgement, suspension  over, unless its end is known in trusted UTC and lies ahead
 *   silence                      over
 *   active, unknown              annunciate at once
 *   what NEWS2 is made of        stale, unless it is known how long the machine was off
 *   reminders, escalations       have what was left of their time, less the time off as far as it is known
 *   numbers of events            one may have been told and not committed: it says again what stands
 */
#include "core/alarm_private.h"

/* So many numbers of one occurrence at most; beyond them the ward finds a hole, and not a number that says two things. */
#define MOST_TOLD_AGAIN 8
/* Events of one occurrence that a power cut leaves told and not committed. There may be more while the disk is slow. */
#define LEFT_BY_POWER_CUT 1

struct shift {
    uint64_t before_us; /* newest moment of the boot before */
    uint64_t now_us;
    uint64_t off_us;    /* between the two; 0: not known */
    int64_t now_utc_ms; /* WARD_UTC_UNKNOWN: not to be trusted */
};

static uint64_t past(const struct shift *shift, uint64_t moment_us, uint64_t off_us)
{
    uint64_t age_us;

    if (moment_us == WARD_NEVER) {
        return WARD_NEVER;
    }
    age_us = (ward_is_before_us(moment_us, shift->before_us) ? shift->before_us - moment_us : 0) + off_us;
    moment_us = shift->now_us - age_us;
    return moment_us != WARD_NEVER ? moment_us : moment_us - 1; /* one that was is not none */
}

static uint64_t future(const struct shift *shift, uint64_t moment_us)
{
    uint64_t left_us;

    if (moment_us == WARD_NEVER) {
        return WARD_NEVER;
    }
    left_us = moment_us > shift->before_us ? moment_us - shift->before_us : 0;
    return shift->now_us + (left_us > shift->off_us ? left_us - shift->off_us : 0);
}

/* now_us, which is over, when the end cannot be trusted. */
static uint64_t trusted_end(const struct shift *shift, int64_t until_utc_ms)
{
    if (until_utc_ms == WARD_UTC_UNKNOWN || shift->now_utc_ms == WARD_UTC_UNKNOWN ||
        until_utc_ms <= shift->now_utc_ms) {
        return shift->now_us;
    }
    return shift->now_us + (uint64_t)(until_utc_ms - shift->now_utc_ms) * WARD_MS_US;
}

static void move_condition(const struct shift *shift, struct ward_alarm_condition *condition)
{
    condition->raised_us = past(shift, condition->raised_us, shift->off_us);
    condition->realarm_us = future(shift, condition->realarm_us);
    condition->escalate_us = future(shift, condition->escalate_us);
    condition->silenced_until_us = WARD_NEVER;
    condition->data_since_acknowledgement = false;
    if (condition->acknowledgement_holds) {
        condition->acknowledged_until_us = trusted_end(shift, condition->acknowledged_until_utc_ms);
    }
}

static void move_detector(const struct shift *shift, struct ward_alarm_detector *detector,
                          const struct ward_alarm_input_state *input)
{
    if (!input->rebooted) { /* otherwise nothing has come since the reboot before */
        detector->long_run =
            detector->run_us != WARD_NEVER && input->last_us - detector->run_us >= WARD_STEADY_US;
    }
    detector->elapsed = detector->pending;
    detector->onset_us = past(shift, detector->onset_us, 0);
    detector->beyond_us = past(shift, detector->beyond_us, 0);
    detector->run_us = WARD_NEVER;
    detector->unproved_us = WARD_NEVER;
    detector->recovered_us = WARD_NEVER;
}

static void move_session(const struct shift *shift, struct ward_session *session)
{
    session->contact_us = past(shift, session->contact_us, 0);
    session->derived_us = past(shift, session->derived_us, 0);
    /* What is to be steady, or to have moved for long enough, begins anew: nothing has come in this boot. */
    session->steady_us = session->moved_us = session->last_us = shift->now_us;
}

static void move_input(const struct shift *shift, struct ward_alarm_input_state *input)
{
    for (int side = 0; side < 2; side++) {
        for (int level = 0; level < 2; level++) {
            move_detector(shift, &input->detectors[side][level], input);
            move_detector(shift, &input->changes[side][level], input);
        }
    }
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        move_condition(shift, &input->conditions[cause]);
    }
    move_session(shift, &input->session);
    input->rebooted = input->running;
    if (input->running) {
        /* what is derived of it at its end is of this boot, and names no reading of the one before */
        input->last_mono_us = shift->now_us;
        input->derive_from_us = WARD_NEVER;
    }
    input->last_us = input->running ? shift->now_us : past(shift, input->last_us, shift->off_us);
    input->value_us = past(shift, input->value_us, shift->off_us);
    input->expected_us = past(shift, input->expected_us, shift->off_us);
    input->heard_us = past(shift, input->heard_us, shift->off_us);
    input->wear_us = past(shift, input->wear_us, shift->off_us);
    for (unsigned i = 0; i < input->past_count; i++) {
        input->past[i].us = past(shift, input->past[i].us, shift->off_us);
    }
    if (input->wear_counted_us != WARD_NEVER) {
        /* while the machine was off nobody looked whether it was worn */
        input->wear_counted_us = shift->now_us;
    }
    input->schedule_us = shift->now_us; /* is looked for anew */
    input->unvalid_us = WARD_NEVER;
    input->steady_from_us = WARD_NEVER;
}

static void give_reboot(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                        const void *argument)
{
    const struct ward_alarm_condition *condition = subject->condition;
    const uint32_t told = condition->n + LEFT_BY_POWER_CUT;

    (void)argument;
    ward_alarm_signal(run, subject, &(struct ward_alarm_signal){.kind = WARD_SIGNAL_REBOOT});
    while (ward_alarm_is_present(condition) && condition->n <= told) {
        ward_alarm_emit(run, subject, (enum ward_alarm_event_kind)condition->last_event, NULL);
    }
}

static void tell_again(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                       const void *argument)
{
    const struct ward_alarm_told *told = argument;
    struct ward_alarm_condition *condition = subject->condition;
    const uint32_t newest =
        ward_alarm_is_present(condition) ? told->newest(told->context, &condition->id) : 0;

    if (newest <= condition->n) {
        return;
    }
    if (newest - condition->n > MOST_TOLD_AGAIN) {
        condition->n = newest - MOST_TOLD_AGAIN;
    }
    while (condition->n <= newest) {
        ward_alarm_emit(run, subject, (enum ward_alarm_event_kind)condition->last_event, NULL);
    }
}

void ward_alarm_restart(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_alarm_told *told)
{
    struct ward_alarm_run run = {.state = state, .context = context};

    ward_alarm_for_each(&run, tell_again, told);
}

static struct shift shift_between(const struct ward_time *before, const struct ward_time *now)
{
    bool synced = now->clock == WARD_CLOCK_SYNCED && now->utc_ms != WARD_UTC_UNKNOWN;
    bool both = synced && before->clock == WARD_CLOCK_SYNCED && before->utc_ms != WARD_UTC_UNKNOWN &&
                now->utc_ms > before->utc_ms;

    return (struct shift){.before_us = before->boot_us,
                          .now_us = now->boot_us,
                          .off_us = both ? (uint64_t)(now->utc_ms - before->utc_ms) * WARD_MS_US : 0,
                          .now_utc_ms = synced ? now->utc_ms : WARD_UTC_UNKNOWN};
}

void ward_alarm_reboot(struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    struct shift shift = shift_between(&state->now, &context->now);
    struct ward_alarm_run run = {.state = state, .context = context};

    for (size_t i = 0; i < state->input_count; i++) {
        move_input(&shift, &state->inputs[i]);
    }
    for (size_t i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        move_condition(&shift, &state->wide[i]);
    }
    state->life_offset_us += shift.before_us + shift.off_us - shift.now_us;
    ward_alarm_vitals_reboot(state, shift.off_us != 0);
    for (size_t i = 0; i < state->technical_count; i++) {
        move_condition(&shift, &state->technical[i].condition);
    }
    if (state->suspended_until_us != WARD_NEVER) {
        state->suspended_until_us = trusted_end(&shift, state->suspended_until_utc_ms);
    }
    state->now = context->now;
    if (state->suspended_until_us <= context->now.boot_us) {
        ward_alarm_end_suspension(&run, &(struct ward_id){{0}});
    }
    ward_alarm_for_each(&run, give_reboot, NULL);
    ward_alarm_tick(state, context);
}
