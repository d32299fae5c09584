/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schedule of a quantity: one measurement is waited for at a time.
 *
 *        half way from the time before        its time          grace ends
 *   ─────────────┬───────────────────────────────┬──────────────────┬────▶
 *                │  a valid value is this one     │ prompts, at most 3, but not in quiet hours
 *                                                                   └ none: reading-missed, day or night
 *
 * One that comes home late counts for the time at which it was measured: what it was measured in time for is not missed
 * any more; but it ends no reading-missed.
 *
 * reading-missed is low, medium from the second one in a row, high when the value before was beyond a red limit. It ends
 * by a valid value or by a clinician, and counts from admission: who was never measured has missed. While nobody knows
 * the time or the zone nothing is missed, and that is told (schedule-unknown).
 *
 * device-silent is for a device that is expected to be worn now, from silent_s after the hours began or the last value
 * came; it ends with a value, or with the hours.
 */
#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/schedule.h"

static const struct ward_alarm_technical schedule_unknown = {
    .name = "schedule-unknown",
    .text = "the time of day or the time zone is not known: missed measurements are not noticed",
    .priority = WARD_PRIORITY_OF_SCHEDULE_UNKNOWN,
    .degrades = true};

/* The time of day is known. */
static bool has_time(const struct ward_alarm_context *context)
{
    return context->zone != NULL && context->now.utc_ms != WARD_UTC_UNKNOWN;
}

/* Boot time of a moment that lies ahead; at least a millisecond. */
static uint64_t boot_us(const struct ward_alarm_context *context, int64_t utc_ms)
{
    int64_t ahead_ms = utc_ms > context->now.utc_ms ? utc_ms - context->now.utc_ms : 1;

    return utc_ms == WARD_SCHEDULE_NEVER ? WARD_NEVER
                                         : context->now.boot_us + (uint64_t)ahead_ms * WARD_MS_US;
}

static bool was_beyond_red(const struct ward_care_plan *plan, const struct ward_alarm_input_state *input)
{
    for (int side = WARD_SIDE_BELOW; side <= WARD_SIDE_ABOVE; side++) {
        const struct ward_plan_rule *red =
            ward_care_plan_rule(plan, input->quantity, (enum ward_plan_side)side, WARD_LEVEL_RED);

        if (red != NULL && ward_alarm_is_beyond(red, &input->value)) {
            return true;
        }
    }
    return false;
}

static void raise_missed(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    struct ward_alarm_subject subject = ward_alarm_subject_of(input, WARD_CAUSE_MISSED);
    struct ward_alarm_finding finding = {.priority = WARD_PRIORITY_OF_MISSED,
                                         .value = {.special = WARD_NAN},
                                         .onset_us = run->context->now.boot_us,
                                         .beyond = true,
                                         .anew = true};

    if (was_beyond_red(run->context->plan, input)) {
        finding.priority = WARD_PRIORITY_OF_MISSED_RED;
    } else if (input->missed_in_row >= 2) {
        finding.priority = WARD_PRIORITY_OF_MISSED_AGAIN;
    }
    ward_alarm_signal(run, &subject,
                      &(struct ward_alarm_signal){.kind = WARD_SIGNAL_HOLDS, .finding = &finding});
}

static void wait_for(struct ward_alarm_input_state *input, int64_t slot_ms)
{
    input->slot_ms = slot_ms;
    input->prompts = 0;
}

/* Everything whose grace is over was missed. */
static void judge_past(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                       const struct ward_plan_schedule *schedule)
{
    const struct ward_alarm_context *context = run->context;
    bool missed = false;

    while (input->slot_ms != WARD_SCHEDULE_NEVER &&
           context->now.utc_ms >= input->slot_ms + schedule->grace_ms) {
        missed = true;
        ward_adherence_note(&input->adherence, input->slot_ms, WARD_SLOT_MISSED);
        input->missed_in_row = (uint8_t)(input->missed_in_row + (input->missed_in_row < UINT8_MAX ? 1 : 0));
        wait_for(input, ward_schedule_next_ms(schedule, context->zone, input->slot_ms));
    }
    if (missed) {
        raise_missed(run, input);
    }
}

/* A clock that was set can leave the next measurement far away. */
static bool is_out_of_reach(const struct ward_alarm_context *context, int64_t slot_ms)
{
    const int64_t longest_ms = INT64_C(777600000); /* nine days: once a week, and a little */

    return slot_ms == WARD_UTC_UNKNOWN || slot_ms > context->now.utc_ms + longest_ms ||
           slot_ms < context->now.utc_ms - longest_ms;
}

/* When the next prompt is to be given; NEVER when there is none any more. */
static int64_t prompt_ms(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                         const struct ward_plan_schedule *schedule)
{
    const struct ward_alarm_context *context = run->context;
    int64_t at_ms = input->slot_ms + (int64_t)(schedule->grace_ms / WARD_PROMPTS_MAX) * input->prompts;

    if (input->slot_ms == WARD_SCHEDULE_NEVER || input->prompts >= WARD_PROMPTS_MAX) {
        return WARD_SCHEDULE_NEVER;
    }
    at_ms = at_ms > context->now.utc_ms ? at_ms : context->now.utc_ms;
    if (ward_hours_contain(&context->plan->quiet, context->zone, at_ms)) {
        at_ms = ward_hours_change_ms(&context->plan->quiet, context->zone, at_ms);
    }
    return at_ms < input->slot_ms + schedule->grace_ms ? at_ms : WARD_SCHEDULE_NEVER;
}

static void prompt(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                   const struct ward_plan_schedule *schedule)
{
    const struct ward_alarm_sink *sink = run->context->sink;
    const struct ward_alarm_prompt told = {.patient = run->state->patient,
                                           .quantity = input->quantity,
                                           .number = (uint8_t)(input->prompts + 1),
                                           .slot_ms = input->slot_ms,
                                           .text = schedule->prompt_text};

    /* Prompts that quiet hours have held back become one. */
    while (input->prompts < WARD_PROMPTS_MAX &&
           input->slot_ms + (int64_t)(schedule->grace_ms / WARD_PROMPTS_MAX) * input->prompts <=
               run->context->now.utc_ms) {
        input->prompts++;
    }
    if (sink->prompt != NULL) {
        sink->prompt(sink->context, &told);
    }
}

/*
 * What is waited for is at most the next time that is not measured yet. A clock that was ahead and is right again has gone
 * beyond that: what it took for missed, measured or asked for is none of these.
 */
static void find_slot(const struct ward_alarm_context *context, struct ward_alarm_input_state *input,
                      const struct ward_plan_schedule *schedule)
{
    const int64_t next_ms = ward_schedule_next_ms(schedule, context->zone, context->now.utc_ms);
    const int64_t open_ms = ward_adherence_is_in_time(&input->adherence, next_ms)
                                ? ward_schedule_next_ms(schedule, context->zone, next_ms)
                                : next_ms;

    if (input->slot_ms > open_ms) {
        ward_adherence_forget(&input->adherence, open_ms);
        wait_for(input, open_ms);
    } else if (is_out_of_reach(context, input->slot_ms)) {
        wait_for(input, open_ms);
    } else if (input->slot_ms > context->now.utc_ms) {
        input->prompts = 0;
    }
}

static void follow_slots(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                         const struct ward_plan_schedule *schedule)
{
    const struct ward_alarm_context *context = run->context;
    int64_t due_ms;

    find_slot(context, input, schedule);
    judge_past(run, input, schedule);
    due_ms = prompt_ms(run, input, schedule);
    if (due_ms <= context->now.utc_ms) {
        prompt(run, input, schedule);
        due_ms = prompt_ms(run, input, schedule);
    }
    if (input->slot_ms != WARD_SCHEDULE_NEVER && input->slot_ms + schedule->grace_ms < due_ms) {
        due_ms = input->slot_ms + schedule->grace_ms;
    }
    input->schedule_us = boot_us(context, due_ms);
}

static void follow_wear(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                        const struct ward_plan_quantity *row)
{
    const struct ward_alarm_context *context = run->context;
    uint64_t now_us = context->now.boot_us, change_us, due_us;
    bool heard; /* since it is expected to be worn */

    ward_alarm_adherence_wear(run, input, 0);
    if (!row->worn || !ward_hours_contain(&row->wear, context->zone, context->now.utc_ms)) {
        input->wear_us = input->wear_counted_us = WARD_NEVER;
        ward_alarm_unset(run, input, WARD_CAUSE_SILENT);
    } else {
        if (input->wear_us == WARD_NEVER) {
            input->wear_us = now_us;
        }
        if (input->wear_counted_us == WARD_NEVER) {
            input->wear_counted_us = now_us;
        }
        heard = input->heard_us != WARD_NEVER && ward_is_before_us(input->wear_us, input->heard_us);
        due_us = ward_after_us(heard ? input->heard_us : input->wear_us, row->silent_ms * WARD_MS_US);
        if (now_us >= due_us) {
            ward_alarm_set(run, input, WARD_CAUSE_SILENT, WARD_PRIORITY_OF_SILENT);
        } else if (due_us < input->schedule_us) {
            input->schedule_us = due_us;
        }
    }
    change_us = row->worn
                    ? boot_us(context, ward_hours_change_ms(&row->wear, context->zone, context->now.utc_ms))
                    : WARD_NEVER;
    input->schedule_us = change_us < input->schedule_us ? change_us : input->schedule_us;
}

static bool needs_time(const struct ward_care_plan *plan)
{
    bool worn = false;

    for (size_t i = 0; plan != NULL && i < plan->quantity_count; i++) {
        worn |= plan->quantities[i].worn;
    }
    return plan != NULL && (worn || plan->schedule_count > 0);
}

static void follow(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_care_plan *plan = run->context->plan;
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, input->quantity);
    const struct ward_plan_schedule *schedule = ward_care_plan_schedule(plan, input->quantity);

    input->schedule_us = WARD_NEVER;
    if (row == NULL || !has_time(run->context)) {
        return;
    }
    if (schedule != NULL) {
        follow_slots(run, input, schedule);
    }
    follow_wear(run, input, row);
}

static int64_t offset_of(const struct ward_time *time)
{
    return time->utc_ms != WARD_UTC_UNKNOWN ? time->utc_ms - (int64_t)(time->boot_us / WARD_MS_US)
                                            : WARD_UTC_UNKNOWN;
}

static bool is_another(int64_t offset_ms, int64_t before_ms)
{
    const bool known = offset_ms != WARD_UTC_UNKNOWN && before_ms != WARD_UTC_UNKNOWN;

    return offset_ms != before_ms && !(known && offset_ms - before_ms < 1000 && before_ms - offset_ms < 1000);
}

bool ward_alarm_clock_moved(const struct ward_alarm_patient *state, const struct ward_time *now)
{
    return is_another(offset_of(now), offset_of(&state->now));
}

/* The wall clock became known, was lost or was set: what was worked out by it no longer holds. */
static bool clock_moved(struct ward_alarm_run *run)
{
    const int64_t offset_ms = has_time(run->context) ? offset_of(&run->context->now) : WARD_UTC_UNKNOWN;
    const bool moved = is_another(offset_ms, run->state->utc_offset_ms);

    if (moved) {
        run->state->utc_offset_ms = offset_ms;
    }
    return moved;
}

void ward_alarm_schedule_advance(struct ward_alarm_run *run)
{
    bool all = clock_moved(run);

    ward_alarm_assert(run, &schedule_unknown, needs_time(run->context->plan) && !has_time(run->context));
    for (size_t i = 0; i < run->state->input_count; i++) {
        if (all || run->context->now.boot_us >= run->state->inputs[i].schedule_us) {
            follow(run, &run->state->inputs[i]);
        }
    }
}

void ward_alarm_schedule_heard(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const uint64_t now_us = run->context->now.boot_us;
    const bool goes_on = input->heard_us != WARD_NEVER &&
                         now_us - input->heard_us <= (uint64_t)WARD_STALE_STREAM_MS * WARD_MS_US;

    if (!goes_on) {
        input->unvalid_us = WARD_NEVER; /* what came before such a pause is not what comes now */
    }
    ward_alarm_adherence_wear(run, input, goes_on ? now_us - input->heard_us : 0);
    input->heard_us = now_us;
    if (input->conditions[WARD_CAUSE_SILENT].state != WARD_ALARM_INACTIVE) {
        ward_alarm_unset(run, input, WARD_CAUSE_SILENT);
        follow(run, input);
    }
}

void ward_alarm_schedule_measured(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_plan_schedule *schedule = ward_care_plan_schedule(run->context->plan, input->quantity);
    int64_t now_ms = run->context->now.utc_ms, before_ms;

    ward_alarm_unset(run, input, WARD_CAUSE_MISSED);
    if (schedule == NULL || !has_time(run->context) || is_out_of_reach(run->context, input->slot_ms)) {
        return;
    }
    before_ms = ward_schedule_previous_ms(schedule, run->context->zone, input->slot_ms);
    if (before_ms == INT64_MIN || now_ms >= input->slot_ms - (input->slot_ms - before_ms) / 2) {
        input->missed_in_row = 0;
        ward_adherence_note(&input->adherence, input->slot_ms, WARD_SLOT_IN_TIME);
        wait_for(input, ward_schedule_next_ms(schedule, run->context->zone, input->slot_ms));
        follow(run, input);
    } else {
        ward_adherence_improve(&input->adherence, before_ms, WARD_SLOT_LATE);
    }
}

/* The time of the schedule is kept with that; what was noted of it already can only get better. */
static void keep_slot(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                      const struct ward_plan_schedule *schedule, int64_t slot_ms,
                      enum ward_slot_outcome outcome)
{
    if (slot_ms == input->slot_ms && outcome == WARD_SLOT_IN_TIME) {
        input->missed_in_row = 0;
        ward_adherence_note(&input->adherence, slot_ms, outcome);
        wait_for(input, ward_schedule_next_ms(schedule, run->context->zone, slot_ms));
        follow(run, input);
    } else {
        ward_adherence_improve(&input->adherence, slot_ms, outcome);
    }
}

void ward_alarm_schedule_measured_late(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                       int64_t measured_ms)
{
    const struct ward_plan_schedule *schedule = ward_care_plan_schedule(run->context->plan, input->quantity);
    int64_t before_ms, next_ms;
    bool in_grace;

    if (schedule == NULL || !has_time(run->context) || measured_ms == WARD_UTC_UNKNOWN ||
        is_out_of_reach(run->context, measured_ms)) {
        return;
    }
    next_ms = ward_schedule_next_ms(schedule, run->context->zone, measured_ms);
    before_ms = ward_schedule_previous_ms(schedule, run->context->zone, next_ms);
    if (next_ms == WARD_SCHEDULE_NEVER || before_ms == INT64_MIN) {
        return;
    }
    in_grace = measured_ms < before_ms + schedule->grace_ms;
    /* What is waited for goes first, as with a value of now. */
    if (measured_ms >= next_ms - (next_ms - before_ms) / 2 && !(in_grace && before_ms == input->slot_ms)) {
        keep_slot(run, input, schedule, next_ms, WARD_SLOT_IN_TIME);
    } else if (in_grace) {
        keep_slot(run, input, schedule, before_ms, WARD_SLOT_IN_TIME);
    } else {
        keep_slot(run, input, schedule, before_ms, WARD_SLOT_LATE);
    }
}

uint32_t ward_alarm_prompted(const struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    uint32_t prompted = 0;

    for (size_t i = 0; i < state->input_count && !state->ended && has_time(context); i++) {
        const struct ward_alarm_input_state *input = &state->inputs[i];
        const struct ward_plan_schedule *schedule = ward_care_plan_schedule(context->plan, input->quantity);

        if (schedule != NULL && input->prompts > 0 && input->slot_ms <= context->now.utc_ms &&
            context->now.utc_ms < input->slot_ms + schedule->grace_ms) {
            prompted |= 1u << input->quantity;
        }
    }
    return prompted;
}

/* The patient is being waited for, and the new plan has that time too: a new plan is no measurement. */
static bool goes_on_waiting(const struct ward_alarm_context *context,
                            const struct ward_alarm_input_state *input,
                            const struct ward_plan_schedule *schedule)
{
    return schedule != NULL && has_time(context) && !is_out_of_reach(context, input->slot_ms) &&
           input->slot_ms <= context->now.utc_ms &&
           ward_schedule_next_ms(schedule, context->zone, input->slot_ms - 1) == input->slot_ms;
}

/* Times of a new plan, from now on. What was taken early for a time that it does not have counts for none. */
static void begin_times(const struct ward_alarm_context *context, struct ward_alarm_input_state *input,
                        const struct ward_plan_schedule *schedule)
{
    if (!goes_on_waiting(context, input, schedule)) {
        input->slot_ms = WARD_UTC_UNKNOWN;
    }
    if (schedule != NULL && has_time(context) &&
        !ward_adherence_is_in_time(&input->adherence,
                                   ward_schedule_next_ms(schedule, context->zone, context->now.utc_ms))) {
        ward_adherence_forget(&input->adherence, context->now.utc_ms + 1);
    }
}

void ward_alarm_schedule_replace_plan(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    struct ward_alarm_subject missed = ward_alarm_subject_of(input, WARD_CAUSE_MISSED);
    struct ward_alarm_subject silent = ward_alarm_subject_of(input, WARD_CAUSE_SILENT);
    const struct ward_alarm_signal gone = {.kind = WARD_SIGNAL_WITHDRAWN,
                                           .reason = WARD_CLEARED_PLAN_CHANGED};
    const struct ward_plan_quantity *row = ward_care_plan_quantity(run->context->plan, input->quantity);
    const struct ward_plan_schedule *schedule = ward_care_plan_schedule(run->context->plan, input->quantity);

    begin_times(run->context, input, schedule);
    if (schedule == NULL) {
        input->missed_in_row = 0;
        ward_alarm_signal(run, &missed, &gone);
    }
    if (row == NULL || !row->worn) {
        ward_alarm_adherence_wear(run, input, 0);
        input->wear_us = input->wear_counted_us = WARD_NEVER;
        ward_alarm_signal(run, &silent, &gone);
    }
    follow(run, input);
}
