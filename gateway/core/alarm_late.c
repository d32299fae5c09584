/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading that was already old when it came. It never clears and never rewinds.
 *
 *   newest of its quantity, at most        raises, against limits and changes, as late; counts for NEWS2 with its true
 *   late_max_age old                       age, and for later changes at the time at which it was measured
 *   older than that, or than what was      beyond a limit: late-out-of-limits. Valid and within: it may still be one of
 *   evaluated                              those that a baseline is learnt from, and is nothing else
 *   no time of measurement, or no clock    as older; what cannot be dated is no change, and no input of a score
 */
#include <string.h>

#include "core/alarm_private.h"

/*
 * When the newest that was evaluated was measured. While nobody knew the time, or by a clock that was ahead and is right
 * again: as today's clock has it when it came. WARD_UTC_UNKNOWN: nobody can say.
 */
static int64_t newest_ms(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input)
{
    const struct ward_time *now = &run->context->now;
    const int64_t known_ms = input->newest_measured_ms;

    if (now->utc_ms == WARD_UTC_UNKNOWN || input->last_us == WARD_NEVER ||
        (known_ms != WARD_UTC_UNKNOWN && known_ms <= now->utc_ms)) {
        return known_ms;
    }
    return now->utc_ms - (int64_t)((now->boot_us - input->last_us) / WARD_MS_US);
}

static bool is_newer(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                     int64_t measured_ms)
{
    const int64_t newest = newest_ms(run, input);

    if (measured_ms == WARD_UTC_UNKNOWN) {
        return false;
    }
    return newest == WARD_UTC_UNKNOWN ? input->last_us == WARD_NEVER : measured_ms > newest;
}

/* False: nobody knows. A device whose clock is ahead measured now. */
static bool age_of(const struct ward_alarm_run *run, const struct ward_alarm_measure *measure,
                   int64_t *ret_ms)
{
    const int64_t now_ms = run->context->now.utc_ms;

    if (now_ms == WARD_UTC_UNKNOWN || measure->measured_ms == WARD_UTC_UNKNOWN) {
        return false;
    }
    *ret_ms = measure->measured_ms < now_ms ? now_ms - measure->measured_ms : 1;
    return true;
}

static void take_old(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                     const struct ward_alarm_measure *measure)
{
    const uint8_t most = WARD_ALARM_LATE_MAX - 1;
    const struct ward_plan_rule *rule =
        ward_alarm_limit_crossed(run->context->plan, input->quantity, &measure->value);
    const struct ward_alarm_finding finding = {.priority = WARD_PRIORITY_OF_LATE,
                                               .rule = rule,
                                               .value = measure->value,
                                               .value_seq = measure->seq,
                                               .value_mono_us = measure->mono_us,
                                               .onset_us = run->context->now.boot_us,
                                               .beyond = true,
                                               .late = true};

    if (rule == NULL) {
        ward_alarm_change_note_old(run, input, measure);
        return;
    }
    if (!ward_alarm_is_present(&input->conditions[WARD_CAUSE_LATE])) {
        input->late_count = 0;
    }
    memmove(&input->late_from[1], &input->late_from[0], most * sizeof(input->late_from[0]));
    input->late_from[0] = (struct ward_source){measure->seq, measure->mono_us};
    input->late_count =
        (uint8_t)(input->late_count < WARD_ALARM_LATE_MAX ? input->late_count + 1 : WARD_ALARM_LATE_MAX);
    ward_alarm_set_found(run, input, WARD_CAUSE_LATE, &finding);
}

void ward_alarm_take_late(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                          const struct ward_alarm_measure *measure)
{
    const struct ward_alarm_context *context = run->context;
    struct ward_alarm_measure late = *measure;
    int64_t age_ms = 0;
    const bool dated = age_of(run, measure, &age_ms), recent = age_ms <= context->plan->late_max_age_ms;

    late.spot = true;
    if (input != NULL && measure->valid) {
        ward_alarm_schedule_measured_late(run, input, measure->measured_ms);
    }
    if (input != NULL && (!is_newer(run, input, measure->measured_ms) || !recent)) {
        take_old(run, input, &late);
        return;
    }
    run->late_by_us = dated ? (uint64_t)age_ms * WARD_MS_US : 0;
    if (input != NULL) {
        ward_alarm_note_measured(input, measure->measured_ms, context->now.utc_ms);
        if (ward_alarm_evaluate_raising(run, input, &late, WARD_RAISING_LATE)) {
            ward_alarm_note_value(input, &late, context->now.boot_us, false);
        }
    }
    if (dated && recent) {
        ward_alarm_vital_note(run, &late);
    }
    if (dated && input != NULL) {
        ward_alarm_change_note(run, input, &late);
    }
    run->late_by_us = 0;
}
