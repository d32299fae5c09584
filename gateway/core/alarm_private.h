/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the alarm engine share with each other, and with nobody else. */
#ifndef WARD_CORE_ALARM_PRIVATE_H
#define WARD_CORE_ALARM_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/alarm_state.h"
#include "core/alarm_words.h"
#include "core/careplan.h"
#include "core/clinical.h"

#define WARD_MS_US UINT64_C(1000)

/* One call into the engine. */
struct ward_alarm_run {
    struct ward_alarm_patient *state;
    const struct ward_alarm_context *context;
    uint32_t raised;     /* occurrences that this call has raised: the n-th id is seed + n */
    uint64_t late_by_us; /* what is judged was measured so long ago; 0: it is of now */
    bool vital_noted;    /* an input of NEWS2 has changed */
};

/* Which condition: one of a quantity's (input is set), of the patient as a whole, or a technical one (technical is set). */
struct ward_alarm_subject {
    struct ward_alarm_condition *condition;
    struct ward_alarm_input_state *input;
    struct ward_alarm_technical_state *technical;
    enum ward_alarm_cause cause; /* WARD_CAUSE_COUNT: a technical one */
};

enum ward_alarm_signal_kind {
    WARD_SIGNAL_PENDING,     /* a rule's on-delay has begun */
    WARD_SIGNAL_SETTLED,     /* it ended by a valid value within the limit */
    WARD_SIGNAL_ABANDONED,   /* it ended with its input, as measurement-incomplete */
    WARD_SIGNAL_HOLDS,       /* new data, and a rule holds */
    WARD_SIGNAL_RECOVERED,   /* new data, and no rule holds any more */
    WARD_SIGNAL_STALE,       /* its data are too old to say */
    WARD_SIGNAL_ACKNOWLEDGE, /* somebody who may took it over */
    WARD_SIGNAL_SILENCE,     /* somebody on the spot wants quiet */
    WARD_SIGNAL_TIME,        /* one of its timers may be due */
    WARD_SIGNAL_REBOOT,      /* the machine was started anew */
    WARD_SIGNAL_WITHDRAWN,   /* its ground was taken away: see reason */
};

/* What the data say of one condition. */
struct ward_alarm_finding {
    uint8_t level;                     /* enum ward_plan_level; NONE where there are none */
    uint8_t priority;                  /* enum ward_alarm_priority */
    const struct ward_plan_rule *rule; /* NULL: none */
    struct ward_decimal value;         /* WARD_NAN: none */
    uint64_t value_seq, value_mono_us;
    uint64_t onset_us; /* first value beyond the limit */
    bool beyond;       /* this value is beyond the limit; false while it only has not recovered yet */
    bool late, confirm;
    bool known; /* nothing was measured: only the plan is new */
    bool anew;  /* it happened once more: an acknowledgement of the time before does not cover it */
};

struct ward_alarm_signal {
    enum ward_alarm_signal_kind kind;
    const struct ward_alarm_finding *finding; /* PENDING, SETTLED, HOLDS, RECOVERED */
    const struct ward_id *by;                 /* ACKNOWLEDGE, SILENCE */
    bool clinician;                           /* ACKNOWLEDGE */
    enum ward_cleared_reason reason;          /* WITHDRAWN */
    bool still_pending;                       /* SETTLED: another rule of the condition still is */
};

/* alarm.c: the state machine of one condition. */
void ward_alarm_signal(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                       const struct ward_alarm_signal *signal);
void ward_alarm_condition_init(struct ward_alarm_condition *condition);
bool ward_alarm_is_present(const struct ward_alarm_condition *condition);
/* When SIGNAL_TIME is due; of most conditions at most times never. */
uint64_t ward_alarm_present_deadline_us(const struct ward_alarm_condition *condition);
static inline uint64_t ward_alarm_condition_deadline_us(const struct ward_alarm_condition *condition)
{
    return condition->state == WARD_ALARM_INACTIVE ? WARD_NEVER : ward_alarm_present_deadline_us(condition);
}

/* alarm_occurrence.c: the actions of that machine. */
struct ward_alarm_machine {
    struct ward_alarm_run *run;
    const struct ward_alarm_subject *subject;
    const struct ward_alarm_signal *signal;
    struct ward_alarm_condition *condition;
    uint64_t now_us;
};
void ward_occurrence_tell(struct ward_alarm_machine *machine, enum ward_alarm_event_kind kind);
void ward_occurrence_begin(struct ward_alarm_machine *machine);
void ward_occurrence_take_value(struct ward_alarm_condition *condition,
                                const struct ward_alarm_finding *finding);
void ward_occurrence_take_level(struct ward_alarm_condition *condition,
                                const struct ward_alarm_finding *finding);
void ward_occurrence_raise(struct ward_alarm_machine *machine, bool again);
void ward_occurrence_clear(struct ward_alarm_machine *machine, enum ward_cleared_reason reason);
void ward_occurrence_acknowledge(struct ward_alarm_machine *machine);
void ward_occurrence_expire(struct ward_alarm_machine *machine); /* the acknowledgement has run out */
void ward_occurrence_silence(struct ward_alarm_machine *machine);
void ward_occurrence_unknown(struct ward_alarm_machine *machine);
void ward_occurrence_realarm(struct ward_alarm_machine *machine);
void ward_occurrence_remind(struct ward_alarm_machine *machine); /* escalation or re-alarm, when due */

/* alarm_event.c: what is told. The same, to look at only. */
struct ward_alarm_view {
    const struct ward_alarm_patient *state;
    const struct ward_alarm_context *context;
    const struct ward_alarm_condition *condition;
    const struct ward_alarm_input_state *input;
    const struct ward_alarm_technical_state *technical;
    enum ward_alarm_cause cause;
};

/* The newest event of the condition, with what has become of it since. finding may be NULL. */
void ward_alarm_describe(const struct ward_alarm_view *view, const struct ward_alarm_finding *finding,
                         struct ward_alarm_event *ret);
void ward_alarm_emit(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                     enum ward_alarm_event_kind kind, const struct ward_alarm_finding *finding);
struct ward_alarm_id ward_alarm_next_id(struct ward_alarm_run *run);

/* alarm_text.c: in words. */
void ward_alarm_condition_name(const struct ward_alarm_view *view, struct ward_id *ret);
void ward_alarm_write_text(const struct ward_alarm_view *view, struct ward_alarm_event *event);
bool ward_alarm_has_ended(const struct ward_alarm_event *event);
void ward_alarm_write_ended(struct ward_words *words, const struct ward_alarm_view *view,
                            const struct ward_alarm_event *event);
/* alarm_text_patient.c */
void ward_alarm_write_of_patient(struct ward_words *words, const struct ward_alarm_view *view,
                                 const struct ward_alarm_event *event);

/* alarm_detect.c: one rule against one value. */
struct ward_alarm_sample {
    struct ward_decimal value;
    bool valid; /* otherwise questionable */
    bool spot;  /* it has settled already and counts at once */
    bool known; /* it was judged before, under another plan; and has its bit where values are counted: */
    bool counted;
    uint64_t now_us;
    uint64_t last_valid_us; /* the valid value before this one; WARD_NEVER: none in this stretch */
};

enum ward_alarm_verdict {
    WARD_VERDICT_SAME,      /* as it was: holding, pending or neither; see the detector */
    WARD_VERDICT_BEGAN,     /* pending from now on */
    WARD_VERDICT_SETTLED,   /* no longer pending: a valid value lies within the limit */
    WARD_VERDICT_HOLDS,     /* holds from now on */
    WARD_VERDICT_RECOVERED, /* holds no longer */
};

void ward_alarm_detector_init(struct ward_alarm_detector *detector);
/* The same, but for what the newest values were: the count of so many of so many goes on. */
void ward_alarm_detector_rest(struct ward_alarm_detector *detector);
/* The value is not held against a rule: it has its bit all the same. */
void ward_alarm_detector_skip(struct ward_alarm_detector *detector);
/* The value whose bit this is was taken back. */
void ward_alarm_detector_forget(struct ward_alarm_detector *detector, unsigned place);
/* Of a rule that counts: whether as many of the newest values as it wants, or none, were beyond it. */
bool ward_alarm_is_enough(const struct ward_alarm_detector *detector, const struct ward_plan_rule *rule);
bool ward_alarm_is_none(const struct ward_alarm_detector *detector, const struct ward_plan_rule *rule);
bool ward_alarm_is_beyond(const struct ward_plan_rule *rule, const struct ward_decimal *value);
enum ward_alarm_verdict ward_alarm_detect(struct ward_alarm_detector *detector,
                                          const struct ward_plan_rule *rule,
                                          const struct ward_alarm_sample *sample);
/* The stream has stopped. last_us, last_valid_us: its newest values. HOLDS, SETTLED (here: abandoned) or SAME. */
enum ward_alarm_verdict ward_alarm_detect_stop(struct ward_alarm_detector *detector, uint64_t last_us,
                                               uint64_t last_valid_us);

/* alarm_evaluate.c: the rules of one quantity. */
struct ward_alarm_measure {
    struct ward_decimal value;
    uint64_t seq, mono_us;
    int64_t measured_ms;
    bool valid;    /* otherwise questionable */
    bool disputed; /* nothing is wrong with it but that another device says otherwise */
    bool spot;
    bool known, counted; /* it was judged before, and only the plan is new; it has its bit */
    uint8_t measured_as; /* enum ward_quantity, as the device says it: a cuff's pulse */
    bool with_spo2;      /* its reading has an SpO2 */
    bool entered;        /* by a person */
};

/* Whether a condition of this cause says something of the value itself: a limit, or a change. */
static inline bool ward_alarm_is_of_value(enum ward_alarm_cause cause)
{
    return cause == WARD_CAUSE_LOW || cause == WARD_CAUSE_HIGH || cause == WARD_CAUSE_FALL ||
           cause == WARD_CAUSE_RISE;
}

struct ward_alarm_subject ward_alarm_subject_of(struct ward_alarm_input_state *input,
                                                enum ward_alarm_cause cause);
/* The four conditions of a quantity's value: its limits below and above, then its changes. */
#define WARD_GROUND_LIMITS 2
#define WARD_GROUND_COUNT  4
/* The condition at index, and its detectors, amber and red. */
struct ward_alarm_subject ward_alarm_ground(struct ward_alarm_input_state *input, size_t index,
                                            struct ward_alarm_detector **ret_detectors);
/* Whether one of the condition's rules is pending now. */
bool ward_alarm_is_pending(const struct ward_alarm_subject *subject);
/* Its rule of a level, or NULL; of a change it is put into *made. */
const struct ward_plan_rule *ward_alarm_ground_rule(const struct ward_alarm_run *run,
                                                    const struct ward_alarm_input_state *input, size_t index,
                                                    enum ward_plan_level level, struct ward_plan_rule *made);
/* Holds the value against every rule of the quantity and says what that means. */
void ward_alarm_evaluate(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                         const struct ward_alarm_measure *measure, uint64_t last_valid_us);
/*
 * A value that may raise and do nothing else: what it is beyond of holds from now on. Returns false when it is within
 * all limits.
 */
enum ward_alarm_raising {
    WARD_RAISING_EARLY,   /* it may be late: against limits alone, and not those that count several values */
    WARD_RAISING_LATE,    /* it is: against changes too, when it is known how late */
    WARD_RAISING_REMAINS, /* it is the newest one that was not taken back: where nothing stands yet */
};
bool ward_alarm_evaluate_raising(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                 const struct ward_alarm_measure *measure, enum ward_alarm_raising why);
/* The rule with a limit that the value is beyond, the reddest of them; NULL: none. */
const struct ward_plan_rule *ward_alarm_limit_crossed(const struct ward_care_plan *plan, uint8_t quantity,
                                                      const struct ward_decimal *value);
/* The stream has stopped: what was pending ends. */
void ward_alarm_evaluate_stop(struct ward_alarm_run *run, struct ward_alarm_input_state *input);
/* A condition of the quantity that has no limit: NO_DATA and its kin. */
void ward_alarm_set(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                    enum ward_alarm_cause cause, uint8_t priority);
/* … with a value of its own, as late-out-of-limits has. */
void ward_alarm_set_found(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                          enum ward_alarm_cause cause, const struct ward_alarm_finding *finding);
void ward_alarm_unset(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                      enum ward_alarm_cause cause);

/* alarm_change.c */
/* The change of the quantity as a rule with a limit. Returns false, with ret unchanged, when there is none now. */
bool ward_alarm_change_rule(const struct ward_alarm_run *run, const struct ward_alarm_input_state *input,
                            enum ward_plan_side side, enum ward_plan_level level, struct ward_plan_rule *ret);
/* The value has been judged: from now on it is one of the patient's own. */
void ward_alarm_change_note(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                            const struct ward_alarm_measure *measure);
/* A valid one from long ago: it may still say what is usual for the patient. */
void ward_alarm_change_note_old(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                const struct ward_alarm_measure *measure);
/* What the reading has left behind here goes with it. Returns whether there was something. */
bool ward_alarm_change_forget(struct ward_alarm_input_state *input, uint64_t seq);
void ward_alarm_change_replace_plan(struct ward_alarm_run *run, struct ward_alarm_input_state *input);
/* Puts the median in the place of a valid value, where the plan wants it. Before the value is noted. */
void ward_alarm_apply_median(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                             struct ward_alarm_measure *measure);
/* The newest valid value as limits judge it: the median, where the plan wants it. row may be NULL. */
struct ward_decimal ward_alarm_newest_judged(const struct ward_alarm_input_state *input,
                                             const struct ward_plan_quantity *row);

/* alarm_vitals.c: what NEWS2 is made of. */
void ward_alarm_vitals_init(struct ward_alarm_patient *state);
void ward_alarm_vital_note(struct ward_alarm_run *run, const struct ward_alarm_measure *measure);
void ward_alarm_vital_forget(struct ward_alarm_patient *state, enum ward_vital_source source);
uint64_t ward_alarm_vitals_due_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan);
void ward_alarm_vitals_reboot(struct ward_alarm_patient *state, bool off_is_known);
/* The quantity that a source gives, as limits judge it. */
uint8_t ward_alarm_vital_quantity(enum ward_vital_source source);
/* Takes back what the reading gave. Returns whether something counted that does not any more. */
bool ward_alarm_vitals_void(struct ward_alarm_patient *state, uint64_t seq);
/* The values of these quantities (a set of 1 << enum ward_quantity) that the reading gave have a seq now. */
void ward_alarm_vitals_committed(struct ward_alarm_patient *state, uint32_t quantities,
                                 const struct ward_reading *reading);

/* alarm_news2.c */
enum ward_alarm_news2_why {
    WARD_NEWS2_NEW_DATA,
    WARD_NEWS2_LATE_DATA,
    WARD_NEWS2_TIME,
    WARD_NEWS2_NEW_PLAN,
    WARD_NEWS2_VOIDED,
};
void ward_alarm_news2_update(struct ward_alarm_run *run, enum ward_alarm_news2_why why);
/* … with new data, if an input of it was noted outside of a reading: at the end of a session. */
void ward_alarm_news2_noted(struct ward_alarm_run *run);
uint64_t ward_alarm_news2_due_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan);
/* Somebody is worried. */
void ward_alarm_concern(struct ward_alarm_run *run, const struct ward_alarm_measure *measure);

/* alarm_schedule.c: what is to be measured and worn when. */
void ward_alarm_schedule_advance(struct ward_alarm_run *run);
/* A worn device has given something, of whatever quality. */
void ward_alarm_schedule_heard(struct ward_alarm_run *run, struct ward_alarm_input_state *input);
/* A valid value has come, now. */
void ward_alarm_schedule_measured(struct ward_alarm_run *run, struct ward_alarm_input_state *input);
/* A valid one was measured then, and has come only now. */
void ward_alarm_schedule_measured_late(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                                       int64_t measured_ms);
void ward_alarm_schedule_replace_plan(struct ward_alarm_run *run, struct ward_alarm_input_state *input);

/* alarm_adherence.c */
void ward_alarm_adherence_wear(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                               uint64_t worn_us);

/* alarm_past.c: what stood before the newest value. */
void ward_alarm_past_note(struct ward_alarm_input_state *input, const struct ward_alarm_past *past);
/* Returns whether the reading was among them; its bits of the detectors go with it. */
bool ward_alarm_past_forget(struct ward_alarm_input_state *input, uint64_t seq);
/* Gives every trace of the reading that has no seq yet its seq. */
void ward_alarm_past_committed(struct ward_alarm_input_state *input, const struct ward_reading *reading);
void ward_source_give_seq(struct ward_source *sources, size_t count, const struct ward_reading *reading);
/* Takes sources[at] out of the first *count, which becomes less. */
void ward_source_remove(struct ward_source *sources, uint8_t *count, unsigned at);

/* alarm_late.c */
void ward_alarm_take_late(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                          const struct ward_alarm_measure *measure);

/* alarm_input.c: one quantity. */
void ward_alarm_note_value(struct ward_alarm_input_state *input, const struct ward_alarm_measure *measure,
                           uint64_t now_us, bool counted);
/* The newest time of measurement that was evaluated. */
void ward_alarm_note_measured(struct ward_alarm_input_state *input, int64_t measured_ms, int64_t now_ms);
void ward_alarm_input_init(struct ward_alarm_input_state *input, uint8_t quantity, uint64_t now_us);
struct ward_alarm_input_state *ward_alarm_find_input(struct ward_alarm_patient *state, uint8_t quantity);
void ward_alarm_input_stop(struct ward_alarm_run *run, struct ward_alarm_input_state *input);
/* A value that counts as it is: one of a stream, a spot value, or what a session derives. */
void ward_alarm_take(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                     const struct ward_alarm_measure *measure);
/* Frames come, but no valid value with them. */
void ward_alarm_note_no_valid(struct ward_alarm_run *run, struct ward_alarm_input_state *input, bool at_once);
/* One of a stream that counts through its session (alarm_session.c); and that session's end. */
void ward_alarm_session_take(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                             const struct ward_plan_quantity *row, const struct ward_alarm_measure *measure);
void ward_alarm_session_end(struct ward_alarm_run *run, struct ward_alarm_input_state *input);

/* alarm_time.c: everything that is due by now. Every input begins with it. */
struct ward_alarm_run ward_alarm_begin(struct ward_alarm_patient *state,
                                       const struct ward_alarm_context *context);
uint32_t ward_alarm_stale_ms(const struct ward_alarm_input_state *input, const struct ward_care_plan *plan);

/* The engine's own technical conditions (no-plan, plan-expired, schedule-unknown, the suspension) always find room. */
#define WARD_ALARM_TECHNICAL_OWN 5
#define WARD_ALARM_SUSPENSION    "monitoring-suspended"

/* alarm_order.c */
void ward_alarm_check_sources(struct ward_alarm_run *run);

/* alarm_suspend.c */
void ward_alarm_end_suspension(struct ward_alarm_run *run, const struct ward_id *by);

/* alarm_technical.c. The slot of that condition (device NULL: of the gateway), a fresh one when there is none; NULL when
 * all are taken. */
struct ward_alarm_technical_state *ward_alarm_technical_slot(struct ward_alarm_patient *state,
                                                             const char *name, const char *device);
void ward_alarm_technical_text(struct ward_alarm_technical_state *slot, const char *text);
bool ward_alarm_is_asserted(const struct ward_alarm_patient *state, const char *name);
void ward_alarm_assert(struct ward_alarm_run *run, const struct ward_alarm_technical *technical, bool active);

/* Calls visit for each condition of the patient, quantities first. */
typedef void ward_alarm_visit_fn(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                                 const void *argument);
void ward_alarm_for_each(struct ward_alarm_run *run, ward_alarm_visit_fn *visit, const void *argument);

static inline struct ward_alarm_view ward_alarm_view_of(const struct ward_alarm_run *run,
                                                        const struct ward_alarm_subject *subject)
{
    return (struct ward_alarm_view){.state = run->state,
                                    .context = run->context,
                                    .condition = subject->condition,
                                    .input = subject->input,
                                    .technical = subject->technical,
                                    .cause = subject->cause};
}

/* When what is judged was measured, on the clock that goes on over reboots. */
static inline uint64_t ward_alarm_moment_us(const struct ward_alarm_run *run)
{
    return run->context->now.boot_us + run->state->life_offset_us - run->late_by_us;
}

/* The moment on the clock that goes on over reboots. */
static inline uint64_t ward_alarm_life_us(const struct ward_alarm_patient *state, uint64_t boot_us)
{
    return boot_us + state->life_offset_us;
}

/* Of two moments, each of which may lie before the boot; not of WARD_NEVER. */
static inline bool ward_is_before_us(uint64_t a_us, uint64_t b_us)
{
    return (int64_t)(a_us - b_us) < 0;
}

/* When it is due; 0 when that was before the boot. */
static inline uint64_t ward_after_us(uint64_t moment_us, uint64_t duration_us)
{
    const uint64_t after_us = moment_us + duration_us;

    if (moment_us == WARD_NEVER) {
        return WARD_NEVER;
    }
    return ward_is_before_us(after_us, 0) ? 0 : after_us;
}

#endif
