/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to an occurrence: the actions that the case table of alarm.c is made of. */
#include "core/alarm_private.h"
#include "core/decimal.h"

void ward_occurrence_tell(struct ward_alarm_machine *machine, enum ward_alarm_event_kind kind)
{
    ward_alarm_emit(machine->run, machine->subject, kind, machine->signal->finding);
}

static const struct ward_plan_times *times_of(const struct ward_alarm_machine *machine)
{
    const struct ward_care_plan *plan = machine->run->context->plan;
    uint8_t priority = machine->condition->priority;

    return plan != NULL && machine->subject->technical == NULL ? &plan->times[priority]
                                                               : &ward_clinical_priority(priority)->times;
}

static bool is_stale(const struct ward_alarm_machine *machine)
{
    return machine->subject->input != NULL && machine->subject->input->stale &&
           ward_alarm_is_of_value(machine->subject->cause);
}

static bool is_advisory(const struct ward_alarm_subject *subject)
{
    return subject->technical != NULL ? subject->technical->advisory : subject->cause == WARD_CAUSE_LATE;
}

/* Only what is wrong with the patient's data must be looked at after it has ended. */
static bool latches(const struct ward_alarm_machine *machine)
{
    const struct ward_alarm_condition *condition = machine->condition;

    return machine->subject->technical == NULL && machine->subject->cause != WARD_CAUSE_NO_SOURCE &&
           condition->priority >= WARD_PRIORITY_MEDIUM && !condition->seen;
}

static void start_timers(struct ward_alarm_machine *machine)
{
    const struct ward_plan_times *times = times_of(machine);
    bool escalates = machine->subject->technical == NULL && !is_advisory(machine->subject) &&
                     times->escalate_ms != 0 && machine->condition->priority < WARD_PRIORITY_HIGH;

    machine->condition->realarm_us = machine->now_us + times->realarm_ms * WARD_MS_US;
    machine->condition->escalate_us =
        escalates ? machine->now_us + times->escalate_ms * WARD_MS_US : WARD_NEVER;
}

void ward_occurrence_take_value(struct ward_alarm_condition *condition,
                                const struct ward_alarm_finding *finding)
{
    condition->value = finding->value;
    condition->value_seq = finding->value_seq;
    condition->value_mono_us = finding->value_mono_us;
}

void ward_occurrence_take_level(struct ward_alarm_condition *condition,
                                const struct ward_alarm_finding *finding)
{
    condition->level = finding->level;
    condition->priority = finding->priority;
    if (finding->rule != NULL) {
        condition->rule = finding->rule->id;
        condition->limit = finding->rule->limit;
    }
}

void ward_occurrence_begin(struct ward_alarm_machine *machine)
{
    struct ward_alarm_condition *condition = machine->condition;

    condition->id = ward_alarm_next_id(machine->run);
    condition->n = 0;
    condition->raised_us = machine->now_us;
    condition->raised_utc_ms = machine->run->context->now.utc_ms;
    condition->limit = (struct ward_decimal){.special = WARD_NAN};
    condition->rule = (struct ward_id){{0}};
}

/* 0 where the beginning is not known. */
static uint32_t span_ms(uint64_t from_us, uint64_t to_us)
{
    return from_us != WARD_NEVER && ward_is_before_us(from_us, to_us)
               ? (uint32_t)((to_us - from_us) / WARD_MS_US)
               : 0;
}

/* What nobody has looked at yet does not become less by being raised again. */
static uint8_t unseen_priority(const struct ward_alarm_condition *condition)
{
    const bool is_unseen = condition->state == WARD_ALARM_ENDED_UNSEEN ||
                           (condition->state == WARD_ALARM_UNKNOWN && !condition->acknowledgement_holds);

    return is_unseen ? condition->priority : (uint8_t)WARD_PRIORITY_NONE;
}

void ward_occurrence_raise(struct ward_alarm_machine *machine, bool again)
{
    struct ward_alarm_condition *condition = machine->condition;
    const struct ward_alarm_finding *finding = machine->signal->finding;
    const struct ward_alarm_input_state *input = machine->subject->input;
    const uint8_t least = unseen_priority(condition);

    ward_occurrence_take_level(condition, finding);
    condition->priority = condition->priority > least ? condition->priority : least;
    ward_occurrence_take_value(condition, finding);
    condition->late = finding->late;
    condition->confirm = finding->confirm;
    condition->again = again;
    condition->seen = false;
    condition->acknowledgement_holds = false;
    condition->by = (struct ward_id){{0}};
    condition->condition_delay_ms = span_ms(finding->onset_us, machine->now_us);
    condition->held_ms = input != NULL ? span_ms(finding->onset_us, input->last_us) : 0;
    condition->state = WARD_ALARM_ACTIVE;
    start_timers(machine);
    ward_occurrence_tell(machine, WARD_EVENT_RAISED);
}

/* The same occurrence, with what it was raised for last. */
static void raise_expired(struct ward_alarm_machine *machine)
{
    machine->condition->again = true;
    machine->condition->state = WARD_ALARM_ACTIVE;
    start_timers(machine);
    ward_occurrence_tell(machine, WARD_EVENT_RAISED);
}

void ward_occurrence_clear(struct ward_alarm_machine *machine, enum ward_cleared_reason reason)
{
    struct ward_alarm_condition *condition = machine->condition;
    bool over = reason == WARD_CLEARED_VOIDED || reason == WARD_CLEARED_DISCHARGED;

    if (machine->signal->finding != NULL) {
        ward_occurrence_take_value(condition, machine->signal->finding);
    }
    condition->cleared_reason = (uint8_t)reason;
    condition->state = !over && latches(machine) ? WARD_ALARM_ENDED_UNSEEN : WARD_ALARM_INACTIVE;
    ward_occurrence_tell(machine, WARD_EVENT_CLEARED);
}

/* What has ended and was seen may be pending again already. */
static uint8_t at_rest(const struct ward_alarm_subject *subject)
{
    return ward_alarm_is_pending(subject) ? WARD_ALARM_PENDING : WARD_ALARM_INACTIVE;
}

void ward_occurrence_acknowledge(struct ward_alarm_machine *machine)
{
    struct ward_alarm_condition *condition = machine->condition;
    const struct ward_time *now = &machine->run->context->now;
    uint32_t lasts_ms = times_of(machine)->acknowledgement_ms;
    bool over = condition->state == WARD_ALARM_ENDED_UNSEEN || machine->subject->cause == WARD_CAUSE_LATE ||
                machine->subject->cause == WARD_CAUSE_CONCERN;

    condition->by = *machine->signal->by;
    condition->seen = machine->signal->clinician;
    condition->acknowledgement_holds = !over;
    condition->data_since_acknowledgement = false;
    condition->acknowledged_value = condition->value;
    condition->acknowledged_until_us = machine->now_us + lasts_ms * WARD_MS_US;
    condition->acknowledged_until_utc_ms = now->clock == WARD_CLOCK_SYNCED && now->utc_ms != WARD_UTC_UNKNOWN
                                               ? now->utc_ms + lasts_ms
                                               : WARD_UTC_UNKNOWN;
    condition->state = over ? at_rest(machine->subject) : WARD_ALARM_ACKNOWLEDGED;
    ward_occurrence_tell(machine, WARD_EVENT_ACKNOWLEDGED);
}

void ward_occurrence_silence(struct ward_alarm_machine *machine)
{
    machine->condition->by = *machine->signal->by;
    machine->condition->silenced_until_us = machine->now_us + (uint64_t)WARD_ALARM_SILENCE_MS * WARD_MS_US;
    machine->condition->state = WARD_ALARM_SILENCED;
    ward_occurrence_tell(machine, WARD_EVENT_SILENCED);
}

void ward_occurrence_unknown(struct ward_alarm_machine *machine)
{
    machine->condition->state = WARD_ALARM_UNKNOWN;
    ward_occurrence_tell(machine, WARD_EVENT_UNKNOWN);
}

void ward_occurrence_realarm(struct ward_alarm_machine *machine)
{
    machine->condition->realarm_us = machine->now_us + times_of(machine)->realarm_ms * WARD_MS_US;
    ward_occurrence_tell(machine, WARD_EVENT_REALARM);
}

/* Returns whether the condition was escalated. The highest is not, whatever a file says of when that was due. */
static bool escalate_when_due(struct ward_alarm_machine *machine)
{
    if (machine->now_us < machine->condition->escalate_us ||
        machine->condition->priority >= WARD_PRIORITY_HIGH) {
        return false;
    }
    machine->condition->priority++;
    if (machine->condition->state == WARD_ALARM_SILENCED) {
        machine->condition->state = WARD_ALARM_ACTIVE;
    }
    start_timers(machine);
    ward_occurrence_tell(machine, WARD_EVENT_ESCALATED);
    return true;
}

void ward_occurrence_remind(struct ward_alarm_machine *machine)
{
    if (!escalate_when_due(machine) && machine->now_us >= machine->condition->realarm_us) {
        ward_occurrence_realarm(machine);
    }
}

static bool is_beyond_its_limit(const struct ward_alarm_machine *machine)
{
    const struct ward_alarm_condition *condition = machine->condition;
    enum ward_alarm_cause cause = machine->subject->cause;
    int order = 0;

    if (cause == WARD_CAUSE_NEWS2 || cause == WARD_CAUSE_NEWS2_THREE) {
        return true; /* only a score that is, counts as data since the acknowledgement */
    }
    if (!ward_decimal_compare(&condition->value, &condition->limit, &order)) {
        return false;
    }
    if (order == 0) {
        return cause == WARD_CAUSE_FALL || cause == WARD_CAUSE_RISE; /* a change of so much is one */
    }
    return (order < 0) == (cause == WARD_CAUSE_LOW || cause == WARD_CAUSE_FALL);
}

void ward_occurrence_expire(struct ward_alarm_machine *machine)
{
    struct ward_alarm_condition *condition = machine->condition;
    bool fresh = condition->data_since_acknowledgement && !is_stale(machine) && is_beyond_its_limit(machine);

    condition->acknowledgement_holds = false;
    condition->seen = false;
    condition->state = is_stale(machine) ? WARD_ALARM_UNKNOWN : WARD_ALARM_ACTIVE;
    start_timers(machine);
    ward_occurrence_tell(machine, WARD_EVENT_ACK_EXPIRED);
    if (fresh) {
        raise_expired(machine);
    }
}
