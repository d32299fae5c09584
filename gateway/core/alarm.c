/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One condition: "spo2-low", "no-data", "no-plan". What the data say comes as signals from the other files; here is
 * decided what becomes of it and what is told.
 *
 * An occurrence begins when a condition is raised and has one id until it is over. n counts its published events.
 *
 *               inactive   pending    active     acknowledged silenced   unknown    ended-unseen
 *   PENDING     pending¹   –          tell¹      tell¹        tell¹      tell¹      tell¹
 *   SETTLED     –          inactive¹  tell¹      tell¹        tell¹      tell¹      tell¹
 *   ABANDONED   –          inactive   –          –            –          –          –
 *   HOLDS       raise      raise      or again²  or again³    or again²  again⁴     again, the same occurrence
 *   RECOVERED   –          –          cleared⁵   cleared⁵     cleared⁵   cleared⁵   –
 *   STALE       –          –          unknown    unknown      unknown    –          –
 *   ACKNOWLEDGE –          –          acknowl.   – (already)  acknowl.   acknowl.   inactive¹¹
 *   SILENCE     –          –          silenced   –            –          –⁸         –
 *   TIME        –          –          re-alarm⁶  expired⁷     active⁶    both⁶⁷     –
 *   REBOOT      –          –          re-alarm   expired⁹     active     re-alarm   –
 *   WITHDRAWN   –          inactive   cleared¹⁰  cleared¹⁰    cleared¹⁰  cleared¹⁰  inactive¹⁰
 *
 *  ¹ `pending` and `settled` are for history and `try`. A rule may be pending while its condition stands already: red
 *    while amber is active, or the same again while it is ended-unseen. It then keeps its place. Of a level that was
 *    raised already and not taken back nothing is told.
 *    What HOLDS by a new plan alone is no new data: only a higher level or priority is told, and the value stays that
 *    which it was.
 *  ² again: a higher level or priority than was raised, or a valid value where it was raised with confirm. While it is
 *    not acknowledged a condition keeps the highest level that it was raised with: going from red back to amber hides
 *    nothing from who has not looked yet. Nor does what comes back from ended-unseen, or from unknown, with less: it has
 *    the new level's limit, and the priority that it had.
 *  ³ again: a higher level or priority, or a value worse than the acknowledged one by the rule's worse_by, or one more
 *    measurement that came to nothing. A lower level is taken over silently: the clinician knew of the higher one.
 *  ⁴ only with a value beyond the limit; NEWS2 also when a new plan scores so much. While an acknowledgement holds and ³
 *    does not apply: acknowledged, untold.
 *  ⁵ to ended-unseen when a condition of the patient's data is high or medium and no clinician has acknowledged it since
 *    it was raised last; to inactive otherwise. If it was acknowledged and is raised while the acknowledgement would
 *    have held, that is a new occurrence with `again`.
 *  ⁶ realarm and escalated, by the priority's times. An escalation ends a silence, and so does its own end, with a
 *    realarm. Re-alarms go to the ward during a silence too: silencing is of the sound in the room.
 *  ⁷ ack-expired, then `raised` with again at once if a value beyond the limit came since the acknowledgement and is
 *    still fresh; otherwise re-alarm begins anew. A reminder that stops nagging is a hazard.
 *  ⁸ an unknown condition keeps its annunciation until data or a clinician end it.
 *  ⁹ unless its end is known in trusted UTC and lies ahead.
 *    NEWS2 has no rule: its score is worse by 1, and another parameter with 3 points is one more measurement.
 * ¹⁰ voided, discharged: inactive, whoever looked. plan-changed: as ⁵; an ended-unseen one stays.
 * ¹¹ or pending, when a rule is pending again already.
 */
#include <string.h>

#include "core/alarm_names.h"
#include "core/alarm_private.h"
#include "core/decimal.h"

/* value lies worse_by or more beyond the value that was acknowledged */
static bool is_worse(const struct ward_alarm_machine *machine)
{
    const struct ward_alarm_finding *finding = machine->signal->finding;
    struct ward_decimal by, bound;
    bool below;
    int order = 0;

    if (machine->subject->cause == WARD_CAUSE_NEWS2) {
        return finding->value.mantissa >=
               machine->condition->acknowledged_value.mantissa + WARD_NEWS2_WORSE_BY;
    }
    if (finding->rule == NULL || !finding->beyond) {
        return false;
    }
    below = finding->rule->side == WARD_SIDE_BELOW;
    by = finding->rule->worse_by;
    by.mantissa = below ? -by.mantissa : by.mantissa;
    if (!ward_decimal_is_finite(&machine->condition->acknowledged_value)) {
        return false;
    }
    if (!ward_decimal_add(&machine->condition->acknowledged_value, &by, &bound) ||
        !ward_decimal_compare(&finding->value, &bound, &order)) {
        return true; /* cannot be told apart exactly: the clinician decides */
    }
    return below ? order <= 0 : order >= 0;
}

static bool is_higher(const struct ward_alarm_machine *machine)
{
    const struct ward_alarm_finding *finding = machine->signal->finding;

    return finding->level > machine->condition->level || finding->priority > machine->condition->priority;
}

static void holds_unacknowledged(struct ward_alarm_machine *machine)
{
    const struct ward_alarm_finding *finding = machine->signal->finding;
    bool confirmed = machine->condition->confirm && !finding->confirm && finding->beyond && !finding->known;

    if (is_higher(machine) || confirmed) {
        ward_occurrence_raise(machine, true);
    } else if (!finding->known) {
        ward_occurrence_take_value(machine->condition, finding);
    }
}

static void holds_acknowledged(struct ward_alarm_machine *machine)
{
    const struct ward_alarm_finding *finding = machine->signal->finding;
    struct ward_alarm_condition *condition = machine->condition;

    if (is_higher(machine) || (!finding->known && (is_worse(machine) || finding->anew))) {
        ward_occurrence_raise(machine, true);
        return;
    }
    condition->state = WARD_ALARM_ACKNOWLEDGED;
    if (finding->known) {
        return;
    }
    condition->data_since_acknowledgement |= finding->beyond;
    ward_occurrence_take_value(condition, finding);
    if (finding->level < condition->level) {
        ward_occurrence_take_level(condition, finding);
    }
}

static void holds_unknown(struct ward_alarm_machine *machine)
{
    const struct ward_alarm_finding *finding = machine->signal->finding;

    if (!finding->beyond && finding->rule != NULL) {
        ward_occurrence_take_value(machine->condition, finding);
    } else if (machine->condition->acknowledgement_holds) {
        holds_acknowledged(machine);
    } else {
        ward_occurrence_raise(machine, true);
    }
}

/* Back while the acknowledgement of the occurrence before would still have held? */
static bool comes_back(const struct ward_alarm_machine *machine)
{
    return machine->condition->acknowledgement_holds &&
           machine->now_us < machine->condition->acknowledged_until_us;
}

static void inactive(struct ward_alarm_machine *machine)
{
    bool again;

    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING:
        machine->condition->state = WARD_ALARM_PENDING;
        ward_occurrence_tell(machine, WARD_EVENT_PENDING);
        break;
    case WARD_SIGNAL_HOLDS:
        again = comes_back(machine);
        ward_occurrence_begin(machine);
        ward_occurrence_raise(machine, again);
        break;
    case WARD_SIGNAL_SETTLED:
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_RECOVERED:
    case WARD_SIGNAL_STALE:
    case WARD_SIGNAL_ACKNOWLEDGE:
    case WARD_SIGNAL_SILENCE:
    case WARD_SIGNAL_TIME:
    case WARD_SIGNAL_REBOOT:
    case WARD_SIGNAL_WITHDRAWN: break;
    }
}

static void pending(struct ward_alarm_machine *machine)
{
    bool again;

    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: ward_occurrence_tell(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_HOLDS:
        again = comes_back(machine);
        ward_occurrence_begin(machine);
        ward_occurrence_raise(machine, again);
        break;
    case WARD_SIGNAL_SETTLED:
        machine->condition->state = machine->signal->still_pending ? WARD_ALARM_PENDING : WARD_ALARM_INACTIVE;
        ward_occurrence_tell(machine, WARD_EVENT_SETTLED);
        break;
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_WITHDRAWN: machine->condition->state = WARD_ALARM_INACTIVE; break;
    case WARD_SIGNAL_RECOVERED:
    case WARD_SIGNAL_STALE:
    case WARD_SIGNAL_ACKNOWLEDGE:
    case WARD_SIGNAL_SILENCE:
    case WARD_SIGNAL_TIME:
    case WARD_SIGNAL_REBOOT: break;
    }
}

/* What is pending at a level that was raised already would end in nothing new. */
static void tell_if_higher(struct ward_alarm_machine *machine, enum ward_alarm_event_kind kind)
{
    if (machine->signal->finding->level > machine->condition->level) {
        ward_occurrence_tell(machine, kind);
    }
}

static void active(struct ward_alarm_machine *machine)
{
    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: tell_if_higher(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_SETTLED: tell_if_higher(machine, WARD_EVENT_SETTLED); break;
    case WARD_SIGNAL_HOLDS: holds_unacknowledged(machine); break;
    case WARD_SIGNAL_RECOVERED: ward_occurrence_clear(machine, WARD_CLEARED_DATA); break;
    case WARD_SIGNAL_STALE: ward_occurrence_unknown(machine); break;
    case WARD_SIGNAL_ACKNOWLEDGE: ward_occurrence_acknowledge(machine); break;
    case WARD_SIGNAL_SILENCE: ward_occurrence_silence(machine); break;
    case WARD_SIGNAL_TIME: ward_occurrence_remind(machine); break;
    case WARD_SIGNAL_REBOOT: ward_occurrence_realarm(machine); break;
    case WARD_SIGNAL_WITHDRAWN: ward_occurrence_clear(machine, machine->signal->reason); break;
    case WARD_SIGNAL_ABANDONED: break;
    }
}

static void acknowledged(struct ward_alarm_machine *machine)
{
    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: tell_if_higher(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_SETTLED: tell_if_higher(machine, WARD_EVENT_SETTLED); break;
    case WARD_SIGNAL_HOLDS: holds_acknowledged(machine); break;
    case WARD_SIGNAL_RECOVERED: ward_occurrence_clear(machine, WARD_CLEARED_DATA); break;
    case WARD_SIGNAL_STALE: ward_occurrence_unknown(machine); break;
    case WARD_SIGNAL_TIME:
    case WARD_SIGNAL_REBOOT:
        if (machine->now_us >= machine->condition->acknowledged_until_us) {
            ward_occurrence_expire(machine);
        }
        break;
    case WARD_SIGNAL_ACKNOWLEDGE: ward_occurrence_acknowledge(machine); break;
    case WARD_SIGNAL_WITHDRAWN: ward_occurrence_clear(machine, machine->signal->reason); break;
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_SILENCE: break;
    }
}

static void silenced(struct ward_alarm_machine *machine)
{
    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: tell_if_higher(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_SETTLED: tell_if_higher(machine, WARD_EVENT_SETTLED); break;
    case WARD_SIGNAL_HOLDS: holds_unacknowledged(machine); break;
    case WARD_SIGNAL_RECOVERED: ward_occurrence_clear(machine, WARD_CLEARED_DATA); break;
    case WARD_SIGNAL_STALE: ward_occurrence_unknown(machine); break;
    case WARD_SIGNAL_ACKNOWLEDGE: ward_occurrence_acknowledge(machine); break;
    case WARD_SIGNAL_TIME:
        if (machine->now_us >= machine->condition->silenced_until_us) {
            machine->condition->state = WARD_ALARM_ACTIVE;
            ward_occurrence_realarm(machine);
        } else {
            ward_occurrence_remind(machine);
        }
        break;
    case WARD_SIGNAL_REBOOT:
        machine->condition->state = WARD_ALARM_ACTIVE;
        ward_occurrence_realarm(machine);
        break;
    case WARD_SIGNAL_WITHDRAWN: ward_occurrence_clear(machine, machine->signal->reason); break;
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_SILENCE: break;
    }
}

static void unknown(struct ward_alarm_machine *machine)
{
    bool due = machine->now_us >= machine->condition->acknowledged_until_us;

    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: tell_if_higher(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_SETTLED: tell_if_higher(machine, WARD_EVENT_SETTLED); break;
    case WARD_SIGNAL_HOLDS: holds_unknown(machine); break;
    case WARD_SIGNAL_RECOVERED: ward_occurrence_clear(machine, WARD_CLEARED_DATA); break;
    case WARD_SIGNAL_ACKNOWLEDGE: ward_occurrence_acknowledge(machine); break;
    case WARD_SIGNAL_TIME:
        if (!machine->condition->acknowledgement_holds) {
            ward_occurrence_remind(machine);
        } else if (due) {
            ward_occurrence_expire(machine);
        }
        break;
    case WARD_SIGNAL_REBOOT:
        if (!machine->condition->acknowledgement_holds) {
            ward_occurrence_realarm(machine);
        } else if (due) {
            ward_occurrence_expire(machine);
        }
        break;
    case WARD_SIGNAL_WITHDRAWN: ward_occurrence_clear(machine, machine->signal->reason); break;
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_STALE:
    case WARD_SIGNAL_SILENCE: break;
    }
}

static void ended_unseen(struct ward_alarm_machine *machine)
{
    switch (machine->signal->kind) {
    case WARD_SIGNAL_PENDING: ward_occurrence_tell(machine, WARD_EVENT_PENDING); break;
    case WARD_SIGNAL_SETTLED: ward_occurrence_tell(machine, WARD_EVENT_SETTLED); break;
    case WARD_SIGNAL_HOLDS: ward_occurrence_raise(machine, true); break;
    case WARD_SIGNAL_ACKNOWLEDGE: ward_occurrence_acknowledge(machine); break;
    case WARD_SIGNAL_WITHDRAWN:
        if (machine->signal->reason != WARD_CLEARED_PLAN_CHANGED) {
            ward_occurrence_clear(machine, machine->signal->reason);
        }
        break;
    case WARD_SIGNAL_ABANDONED:
    case WARD_SIGNAL_RECOVERED:
    case WARD_SIGNAL_STALE:
    case WARD_SIGNAL_SILENCE:
    case WARD_SIGNAL_TIME:
    case WARD_SIGNAL_REBOOT: break;
    }
}

static const char *signal_name(enum ward_alarm_signal_kind kind)
{
    switch (kind) {
    case WARD_SIGNAL_PENDING: return "pending";
    case WARD_SIGNAL_SETTLED: return "settled";
    case WARD_SIGNAL_ABANDONED: return "abandoned";
    case WARD_SIGNAL_HOLDS: return "holds";
    case WARD_SIGNAL_RECOVERED: return "recovered";
    case WARD_SIGNAL_STALE: return "stale";
    case WARD_SIGNAL_ACKNOWLEDGE: return "acknowledge";
    case WARD_SIGNAL_SILENCE: return "silence";
    case WARD_SIGNAL_TIME: return "time";
    case WARD_SIGNAL_REBOOT: return "reboot";
    case WARD_SIGNAL_WITHDRAWN: return "withdrawn";
    }
    return "";
}

static void trace(const struct ward_alarm_machine *machine, uint8_t from)
{
    const struct ward_alarm_sink *sink = machine->run->context->sink;
    struct ward_alarm_view view = ward_alarm_view_of(machine->run, machine->subject);
    struct ward_id name;

    if (sink->trace == NULL || from == machine->condition->state) {
        return;
    }
    ward_alarm_condition_name(&view, &name);
    sink->trace(sink->context,
                &(struct ward_alarm_trace){.condition = name.text,
                                           .from = ward_alarm_state_name(from),
                                           .signal = signal_name(machine->signal->kind),
                                           .to = ward_alarm_state_name(machine->condition->state)});
}

void ward_alarm_signal(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                       const struct ward_alarm_signal *signal)
{
    struct ward_alarm_machine machine = {.run = run,
                                         .subject = subject,
                                         .signal = signal,
                                         .condition = subject->condition,
                                         .now_us = run->context->now.boot_us};
    uint8_t from = subject->condition->state;

    switch ((enum ward_alarm_state)from) {
    case WARD_ALARM_INACTIVE: inactive(&machine); break;
    case WARD_ALARM_PENDING: pending(&machine); break;
    case WARD_ALARM_ACTIVE: active(&machine); break;
    case WARD_ALARM_ACKNOWLEDGED: acknowledged(&machine); break;
    case WARD_ALARM_SILENCED: silenced(&machine); break;
    case WARD_ALARM_UNKNOWN: unknown(&machine); break;
    case WARD_ALARM_ENDED_UNSEEN: ended_unseen(&machine); break;
    }
    trace(&machine, from);
}

void ward_alarm_condition_init(struct ward_alarm_condition *condition)
{
    *condition = (struct ward_alarm_condition){
        .value = {.special = WARD_NAN},
        .limit = {.special = WARD_NAN},
        .acknowledged_value = {.special = WARD_NAN},
        .raised_us = WARD_NEVER,
        .raised_utc_ms = WARD_UTC_UNKNOWN,
        .acknowledged_until_us = WARD_NEVER,
        .acknowledged_until_utc_ms = WARD_UTC_UNKNOWN,
        .silenced_until_us = WARD_NEVER,
        .realarm_us = WARD_NEVER,
        .escalate_us = WARD_NEVER,
    };
}

bool ward_alarm_is_present(const struct ward_alarm_condition *condition)
{
    return condition->state != WARD_ALARM_INACTIVE && condition->state != WARD_ALARM_PENDING;
}

static uint64_t earlier(uint64_t a_us, uint64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

uint64_t ward_alarm_present_deadline_us(const struct ward_alarm_condition *condition)
{
    uint64_t reminder_us = earlier(condition->realarm_us, condition->escalate_us);

    switch ((enum ward_alarm_state)condition->state) {
    case WARD_ALARM_ACTIVE: return reminder_us;
    case WARD_ALARM_SILENCED: return earlier(reminder_us, condition->silenced_until_us);
    case WARD_ALARM_ACKNOWLEDGED: return condition->acknowledged_until_us;
    case WARD_ALARM_UNKNOWN:
        return condition->acknowledgement_holds ? condition->acknowledged_until_us : reminder_us;
    case WARD_ALARM_INACTIVE:
    case WARD_ALARM_PENDING:
    case WARD_ALARM_ENDED_UNSEEN: break;
    }
    return WARD_NEVER;
}
