/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: what is due by now, and when to be called next. Every input begins with ward_alarm_begin, so that what was due
 * before it has happened before it, even when the caller's timer was late.
 */
#include "core/alarm_private.h"

uint32_t ward_alarm_stale_ms(const struct ward_alarm_input_state *input, const struct ward_care_plan *plan)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, input->quantity);

    if (row == NULL) {
        return input->last_spot ? WARD_STALE_SPOT_MS : WARD_STALE_STREAM_MS;
    }
    return input->last_spot ? row->stale_spot_ms : row->stale_ms;
}

/* The patient is known to be out of limits, or was when last heard of: no need to say that nothing comes. */
static bool stands(const struct ward_alarm_condition *condition)
{
    return ward_alarm_is_present(condition) && condition->state != WARD_ALARM_ENDED_UNSEEN;
}

/* After a reboot a device needs longer to come back than between two values: as long as those of a stream are fresh. */
static uint64_t stop_due_us(const struct ward_alarm_input_state *input, const struct ward_care_plan *plan)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, input->quantity);
    const uint64_t back_us = (row != NULL ? row->stale_ms : WARD_STALE_STREAM_MS) * WARD_MS_US;
    const uint64_t patience_us = input->rebooted ? back_us : WARD_INPUT_STOP_US;

    return input->running ? ward_after_us(input->last_us, patience_us) : WARD_NEVER;
}

static uint64_t stale_due_us(const struct ward_alarm_input_state *input, const struct ward_care_plan *plan)
{
    return input->stale ? WARD_NEVER
                        : ward_after_us(input->last_us, ward_alarm_stale_ms(input, plan) * WARD_MS_US);
}

static uint64_t expected_due_us(const struct ward_alarm_input_state *input, const struct ward_care_plan *plan)
{
    const struct ward_plan_quantity *row = ward_care_plan_quantity(plan, input->quantity);
    bool known;

    if (row == NULL || row->expect_ms == 0) {
        return WARD_NEVER;
    }
    known = stands(&input->conditions[WARD_CAUSE_NO_DATA]) || stands(&input->conditions[WARD_CAUSE_LOW]) ||
            stands(&input->conditions[WARD_CAUSE_HIGH]) || stands(&input->conditions[WARD_CAUSE_FALL]) ||
            stands(&input->conditions[WARD_CAUSE_RISE]);
    return known ? WARD_NEVER : ward_after_us(input->expected_us, row->expect_ms * WARD_MS_US);
}

/* Some of so many spot values were beyond a limit, but not enough, and the next one does not come. */
static uint64_t repeat_due_us(const struct ward_alarm_input_state *input)
{
    bool pending = false;

    for (int side = 0; side < 2 && !input->running; side++) {
        for (int level = 0; level < 2; level++) {
            pending |= input->detectors[side][level].pending || input->changes[side][level].pending;
        }
    }
    return pending ? ward_after_us(input->last_us, WARD_REPEAT_US) : WARD_NEVER;
}

static void go_stale(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_alarm_signal signal = {.kind = WARD_SIGNAL_STALE};

    input->stale = true;
    for (size_t i = 0; i < WARD_GROUND_COUNT; i++) {
        struct ward_alarm_detector *detectors;
        struct ward_alarm_subject subject = ward_alarm_ground(input, i, &detectors);

        ward_alarm_signal(run, &subject, &signal);
    }
}

static void advance_input(struct ward_alarm_run *run, struct ward_alarm_input_state *input)
{
    const struct ward_care_plan *plan = run->context->plan;
    uint64_t now_us = run->context->now.boot_us;

    if (now_us >= stop_due_us(input, plan) && plan != NULL) {
        ward_alarm_input_stop(run, input);
    }
    if (now_us >= repeat_due_us(input) && plan != NULL) {
        ward_alarm_evaluate_stop(run, input);
    }
    if (now_us >= stale_due_us(input, plan)) {
        go_stale(run, input);
    }
    if (plan != NULL && input->planned && now_us >= expected_due_us(input, plan)) {
        ward_alarm_set(run, input, WARD_CAUSE_NO_DATA, WARD_PRIORITY_OF_NO_DATA);
    }
}

static void keep_earlier(uint64_t *earliest_us, uint64_t moment_us)
{
    if (moment_us < *earliest_us) {
        *earliest_us = moment_us;
    }
}

/* When the first timer of a condition is due. */
static uint64_t conditions_due_us(const struct ward_alarm_patient *state)
{
    uint64_t earliest_us = WARD_NEVER;

    for (size_t i = 0; i < state->input_count; i++) {
        for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
            keep_earlier(&earliest_us, ward_alarm_condition_deadline_us(&state->inputs[i].conditions[cause]));
        }
    }
    for (size_t i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        keep_earlier(&earliest_us, ward_alarm_condition_deadline_us(&state->wide[i]));
    }
    for (size_t i = 0; i < state->technical_count; i++) {
        keep_earlier(&earliest_us, ward_alarm_condition_deadline_us(&state->technical[i].condition));
    }
    return earliest_us;
}

static void give_time(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                      const void *argument)
{
    (void)argument;
    if (run->context->now.boot_us >= ward_alarm_condition_deadline_us(subject->condition)) {
        ward_alarm_signal(run, subject, &(struct ward_alarm_signal){.kind = WARD_SIGNAL_TIME});
    }
}

static const struct ward_alarm_technical no_plan = {.name = "no-plan",
                                                    .text = "no care plan: nothing is being watched",
                                                    .priority = WARD_PRIORITY_OF_NO_PLAN,
                                                    .degrades = true};

static const struct ward_alarm_technical plan_expired = {
    .name = "plan-expired",
    .text = "the care plan is past its review date; it stays in force",
    .priority = WARD_PRIORITY_OF_PLAN_EXPIRED};

static void check_expiry(struct ward_alarm_run *run)
{
    const struct ward_care_plan *plan = run->context->plan;
    const struct ward_time *now = &run->context->now;

    run->state->plan_expires_us = WARD_NEVER;
    if (plan == NULL || now->utc_ms == WARD_UTC_UNKNOWN) {
        return;
    }
    if (now->utc_ms <= plan->review_by_ms) {
        run->state->plan_expires_us =
            now->boot_us + (uint64_t)(plan->review_by_ms - now->utc_ms + 1) * WARD_MS_US;
    }
    ward_alarm_assert(run, &plan_expired, now->utc_ms > plan->review_by_ms);
}

struct ward_alarm_run ward_alarm_begin(struct ward_alarm_patient *state,
                                       const struct ward_alarm_context *context)
{
    struct ward_alarm_run run = {.state = state, .context = context};

    state->now = context->now;
    if (state->ended) {
        return run;
    }
    if (context->now.boot_us >= state->suspended_until_us) {
        ward_alarm_end_suspension(&run, &(struct ward_id){{0}});
    }
    ward_alarm_assert(&run, &no_plan, context->plan == NULL);
    check_expiry(&run);
    for (size_t i = 0; i < state->input_count; i++) {
        advance_input(&run, &state->inputs[i]);
    }
    ward_alarm_schedule_advance(&run);
    ward_alarm_news2_update(&run, WARD_NEWS2_TIME);
    ward_alarm_news2_noted(&run);
    if (context->now.boot_us >= conditions_due_us(state)) {
        ward_alarm_for_each(&run, give_time, NULL);
    }
    return run;
}

void ward_alarm_tick(struct ward_alarm_patient *state, const struct ward_alarm_context *context)
{
    (void)ward_alarm_begin(state, context);
}

static void keep_earlier_of_input(uint64_t *earliest_us, const struct ward_alarm_input_state *input,
                                  const struct ward_care_plan *plan)
{
    if (plan != NULL) {
        keep_earlier(earliest_us, stop_due_us(input, plan));
        keep_earlier(earliest_us, repeat_due_us(input));
        keep_earlier(earliest_us, input->schedule_us);
        keep_earlier(earliest_us, input->planned ? expected_due_us(input, plan) : WARD_NEVER);
    }
    keep_earlier(earliest_us, stale_due_us(input, plan));
}

uint64_t ward_alarm_deadline_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan)
{
    uint64_t earliest_us = state->suspended_until_us;

    if (state->ended) {
        return WARD_NEVER;
    }
    if (plan == NULL && !ward_alarm_is_asserted(state, no_plan.name)) {
        return 0;
    }
    keep_earlier(&earliest_us, state->plan_expires_us);
    for (size_t i = 0; i < state->input_count; i++) {
        keep_earlier_of_input(&earliest_us, &state->inputs[i], plan);
    }
    keep_earlier(&earliest_us, ward_alarm_news2_due_us(state, plan));
    keep_earlier(&earliest_us, conditions_due_us(state));
    return earliest_us;
}

void ward_alarm_for_each(struct ward_alarm_run *run, ward_alarm_visit_fn *visit, const void *argument)
{
    for (size_t i = 0; i < run->state->input_count; i++) {
        for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
            struct ward_alarm_subject subject =
                ward_alarm_subject_of(&run->state->inputs[i], (enum ward_alarm_cause)cause);

            visit(run, &subject, argument);
        }
    }
    for (int cause = WARD_CAUSE_NEWS2; cause < WARD_CAUSE_END; cause++) {
        struct ward_alarm_subject subject = {.condition = &run->state->wide[cause - WARD_CAUSE_NEWS2],
                                             .cause = (enum ward_alarm_cause)cause};

        visit(run, &subject, argument);
    }
    for (size_t i = 0; i < run->state->technical_count; i++) {
        struct ward_alarm_subject subject = {.condition = &run->state->technical[i].condition,
                                             .technical = &run->state->technical[i],
                                             .cause = WARD_CAUSE_COUNT};

        visit(run, &subject, argument);
    }
}
