/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEWS2 as conditions, by the response of the chart:
 *
 *   news2-score         minimum 7 or more: high; 5 or 6: medium; from the plan's low_from: low
 *   news2-three-in-one  3 points in one parameter: medium
 *
 *   new data, at or over a threshold     raised, or goes on; again when the minimum or a parameter more says so
 *   new data, under it, complete         cleared; late ones clear nothing
 *   new data, under it, partial          nothing: who is not measured is not well; nor does its priority sink
 *   an input has grown too old, under it  unknown
 *   another plan, or a reading voided    cleared as that when the minimum is under it; raised when it is over it and
 *                                        was not, or was higher. A partial score clears nothing for a plan that has
 *                                        NEWS2 too, unless the plan alone is why it is under the threshold: nothing was
 *                                        measured
 */
#include "core/alarm_private.h"

static struct ward_alarm_subject subject_of(struct ward_alarm_run *run, enum ward_alarm_cause cause)
{
    return (struct ward_alarm_subject){.condition = &run->state->wide[cause - WARD_CAUSE_NEWS2],
                                       .cause = cause};
}

static uint8_t priority_of(const struct ward_plan_news2 *news2, uint8_t minimum)
{
    if (minimum >= WARD_NEWS2_HIGH_FROM) {
        return WARD_PRIORITY_HIGH;
    }
    if (minimum >= WARD_NEWS2_MEDIUM_FROM) {
        return WARD_PRIORITY_MEDIUM;
    }
    return news2->low_from != 0 && minimum >= news2->low_from ? WARD_PRIORITY_LOW : WARD_PRIORITY_NONE;
}

static uint8_t level_of(uint8_t priority)
{
    switch (priority) {
    case WARD_PRIORITY_HIGH: return WARD_LEVEL_RED;
    case WARD_PRIORITY_MEDIUM: return WARD_LEVEL_AMBER;
    }
    return WARD_LEVEL_NONE;
}

/* Whether something that counted does not any more. */
static bool note_fresh(struct ward_alarm_patient *state, const struct ward_news2_score *score)
{
    const uint8_t all = (1u << WARD_NEWS2_PARAMETERS) - 1;
    uint8_t fresh = (uint8_t)(all & ~(score->missing | score->stale));
    bool lost = (state->news2_fresh & ~fresh) != 0;

    state->news2_fresh = fresh;
    return lost;
}

static bool is_scored(const struct ward_alarm_run *run)
{
    return run->context->plan != NULL && run->context->plan->news2.used;
}

/* What is known now, by the plan before: with its scale, and its oxygen as far as that is known. */
static struct ward_news2_score score_before(const struct ward_alarm_run *run,
                                            const struct ward_news2_report *news2)
{
    const struct ward_plan_news2 *before = &run->context->before->news2;
    struct ward_news2_report report = *news2;
    struct ward_news2_input *oxygen = &report.inputs[WARD_NEWS2_OXYGEN];

    if (before->oxygen_always) {
        *oxygen = (struct ward_news2_input){.presence = WARD_NEWS2_FRESH, .value = {.mantissa = 1}};
    } else if (run->context->plan->news2.oxygen_always) {
        oxygen->presence = WARD_NEWS2_MISSING;
    }
    return ward_news2_score(report.inputs, before->scale);
}

/* The plan has another threshold, or other points for what is known: that it is under it was not measured. */
static bool is_under_by_plan(const struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                             const struct ward_news2_report *news2)
{
    const struct ward_care_plan *before = run->context->before;
    const bool is_sum = subject->cause == WARD_CAUSE_NEWS2;
    struct ward_news2_score score;

    if (is_sum && priority_of(&run->context->plan->news2, (uint8_t)subject->condition->value.mantissa) ==
                      WARD_PRIORITY_NONE) {
        return true;
    }
    if (before == NULL || !before->news2.used) {
        return false;
    }
    score = score_before(run, news2);
    return is_sum ? priority_of(&before->news2, score.minimum) != WARD_PRIORITY_NONE : score.three_in != 0;
}

static void under_threshold(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                            const struct ward_news2_report *news2, enum ward_alarm_news2_why why)
{
    struct ward_alarm_signal signal = {.kind = WARD_SIGNAL_RECOVERED};

    if (!ward_alarm_is_present(subject->condition)) {
        return;
    }
    switch (why) {
    case WARD_NEWS2_NEW_DATA:
        if (!news2->score.complete) {
            return;
        }
        break;
    case WARD_NEWS2_LATE_DATA: return;
    case WARD_NEWS2_TIME: signal.kind = WARD_SIGNAL_STALE; break;
    case WARD_NEWS2_NEW_PLAN:
        if (is_scored(run) && !news2->score.complete && !is_under_by_plan(run, subject, news2)) {
            return;
        }
        signal =
            (struct ward_alarm_signal){.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_PLAN_CHANGED};
        break;
    case WARD_NEWS2_VOIDED:
        signal = (struct ward_alarm_signal){.kind = WARD_SIGNAL_WITHDRAWN, .reason = WARD_CLEARED_VOIDED};
        break;
    }
    ward_alarm_signal(run, subject, &signal);
}

static bool stands(const struct ward_alarm_condition *condition)
{
    return ward_alarm_is_present(condition) && condition->state != WARD_ALARM_ENDED_UNSEEN;
}

/* A partial score takes nothing back. Nor is it more than it says where the condition is more urgent than its level. */
static void keep(const struct ward_alarm_condition *condition, struct ward_alarm_finding *finding)
{
    if (finding->priority < condition->priority) {
        finding->priority = condition->priority;
        finding->level = finding->level > condition->level ? finding->level : condition->level;
    }
}

static void judge(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                  const struct ward_news2_report *news2, enum ward_alarm_news2_why why,
                  struct ward_alarm_finding *finding)
{
    if (finding->priority == WARD_PRIORITY_NONE) {
        under_threshold(run, subject, news2, why);
        return;
    }
    if (why == WARD_NEWS2_VOIDED && stands(subject->condition)) {
        if (level_of(finding->priority) >= subject->condition->level) {
            return;
        }
        under_threshold(run, subject, news2, why); /* what is left of it is raised as that */
    }
    finding->level = level_of(finding->priority);
    if ((!news2->score.complete || why == WARD_NEWS2_LATE_DATA) && stands(subject->condition)) {
        keep(subject->condition, finding);
    }
    if (why != WARD_NEWS2_TIME) {
        finding->late = why == WARD_NEWS2_LATE_DATA;
        finding->onset_us = run->context->now.boot_us;
        finding->beyond = why != WARD_NEWS2_NEW_PLAN; /* which is no data since an acknowledgement */
        ward_alarm_signal(run, subject,
                          &(struct ward_alarm_signal){.kind = WARD_SIGNAL_HOLDS, .finding = finding});
    }
}

void ward_alarm_news2_update(struct ward_alarm_run *run, enum ward_alarm_news2_why why)
{
    struct ward_alarm_subject sum = subject_of(run, WARD_CAUSE_NEWS2);
    struct ward_alarm_subject three = subject_of(run, WARD_CAUSE_NEWS2_THREE);
    struct ward_alarm_finding of_sum = {0}, of_three = {0};
    struct ward_news2_report news2;

    if (!is_scored(run) && why != WARD_NEWS2_NEW_PLAN) {
        return;
    }
    if (ward_alarm_news2(run->state, run->context, &news2)) {
        bool lost = note_fresh(run->state, &news2.score);
        int64_t known =
            ward_alarm_is_present(three.condition) ? three.condition->acknowledged_value.mantissa : 0;

        of_sum.priority = priority_of(&run->context->plan->news2, news2.score.minimum);
        of_sum.value.mantissa = news2.score.minimum;
        of_three.priority = news2.score.three_in != 0 ? WARD_PRIORITY_OF_NEWS2_THREE : WARD_PRIORITY_NONE;
        of_three.value.mantissa = news2.score.three_in; /* which: not shown as a number */
        of_three.anew = (news2.score.three_in & ~known) != 0;
        if (why == WARD_NEWS2_TIME && !lost) {
            return;
        }
    } else if (why != WARD_NEWS2_NEW_PLAN) {
        return;
    }
    judge(run, &sum, &news2, why, &of_sum);
    judge(run, &three, &news2, why, &of_three);
}

void ward_alarm_news2_noted(struct ward_alarm_run *run)
{
    if (run->vital_noted) {
        run->vital_noted = false;
        ward_alarm_news2_update(run, WARD_NEWS2_NEW_DATA);
    }
}

/* Something of it is to be told when an input grows too old. */
static bool waits_for_time(const struct ward_alarm_condition *condition)
{
    return stands(condition) && condition->state != WARD_ALARM_UNKNOWN;
}

uint64_t ward_alarm_news2_due_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan)
{
    bool waits = waits_for_time(&state->wide[0]) ||
                 waits_for_time(&state->wide[WARD_CAUSE_NEWS2_THREE - WARD_CAUSE_NEWS2]);

    return plan != NULL && plan->news2.used && waits ? ward_alarm_vitals_due_us(state, plan) : WARD_NEVER;
}

void ward_alarm_concern(struct ward_alarm_run *run, const struct ward_alarm_measure *measure)
{
    struct ward_alarm_subject subject = subject_of(run, WARD_CAUSE_CONCERN);
    const struct ward_alarm_finding finding = {.priority = WARD_PRIORITY_OF_CONCERN,
                                               .value = measure->value,
                                               .value_seq = measure->seq,
                                               .value_mono_us = measure->mono_us,
                                               .onset_us = run->context->now.boot_us,
                                               .beyond = true,
                                               .anew = true};

    ward_alarm_signal(run, &subject,
                      &(struct ward_alarm_signal){.kind = WARD_SIGNAL_HOLDS, .finding = &finding});
}
