/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm engine: the state of one patient's alarms, and what each input makes of it.
 *
 *     (state, input, now) → (next state, events, next deadline)
 *
 * It is pure: no clock, no randomness, no heap, no I/O. The same inputs give the same events, byte for byte. Every
 * function below changes the state in place, hands each event to the sink in the order of its happening, and leaves
 * the next deadline to be asked for with ward_alarm_deadline_us: the caller keeps one timer and calls ward_alarm_tick
 * when it is due. A tick too many does nothing.
 *
 * A state is one plain struct without pointers: copy it with =, store it with ward_alarm_pack (core/alarm_pack.h).
 * The care plan is borrowed for each call and must be the one last given to ward_alarm_replace_plan.
 *
 * Rules: docs/ARCHITECTURE.md; the case table of a condition opens alarm.c.
 */
#ifndef WARD_CORE_ALARM_H
#define WARD_CORE_ALARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm_state.h"
#include "core/clinical.h"
#include "core/message.h"
#include "core/zone.h"
#include "ward/alarm.h"
#include "ward/careplan.h"
#include "ward/reading.h"

/* One transition, for the log: "spo2-low: pending (beyond, held) -> active". Texts are static or the engine's. */
struct ward_alarm_trace {
    const char *condition;
    const char *from;   /* name of the state before */
    const char *signal; /* what happened */
    const char *to;     /* name of the state after */
};

/*
 * What a session (core/session.h) made of a stream: a spot reading of its own, which the engine has evaluated and the
 * caller is to record. It is from the readings of this quantity received from .. to, which are those of the steady stretch since the one
 * derived before. Not valid: the session ended unsettled, beyond a red limit, or has been that for too long.
 */
struct ward_alarm_derived {
    uint8_t quantity; /* enum ward_quantity */
    struct ward_decimal value;
    bool valid; /* otherwise questionable */
    uint64_t from_mono_us, to_mono_us;
    int64_t measured_at_ms; /* of the newest of them, or WARD_UTC_UNKNOWN */
};

/* The patient is to be asked for a measurement. Texts are the plan's; they may be empty. */
struct ward_alarm_prompt {
    struct ward_id patient;
    uint8_t quantity; /* enum ward_quantity */
    uint8_t number;   /* 1 to WARD_PROMPTS_MAX of this measurement */
    int64_t slot_ms;  /* UTC: when it was to be made */
    const char *text;
};

/* Where effects go. event must be set; the others may be NULL. What is passed is valid for the call only. */
struct ward_alarm_sink {
    void (*event)(void *context, const struct ward_alarm_event *event);
    void (*derived)(void *context, const struct ward_alarm_derived *derived);
    void (*trace)(void *context, const struct ward_alarm_trace *trace);
    void (*prompt)(void *context, const struct ward_alarm_prompt *prompt);
    void *context;
};

/* What every input comes with. */
struct ward_alarm_context {
    const struct ward_care_plan *plan; /* NULL: the patient has none */
    const struct ward_zone *zone;      /* of the plan; NULL: it names none, or it is not known */
    struct ward_time now;              /* boot_us never goes back, except with ward_alarm_reboot */
    struct ward_alarm_id seed;         /* 128 fresh random bits: the id of what this call raises first */
    const struct ward_alarm_sink *sink;
    /* Of ward_alarm_replace_plan: the plan before; NULL: none, or not known. */
    const struct ward_care_plan *before;
};

/*
 * A fresh state: nothing present, nothing seen, and a deadline at once, because without a plan that is an alarm. Give
 * it the plan next (ward_alarm_replace_plan). A state that was stored and unpacked already knows its plan: it is only
 * passed again, in the context.
 */
void ward_alarm_init(struct ward_alarm_patient *state, const struct ward_id *patient,
                     const struct ward_id *episode);

/*
 * A reading of this patient, in the order of arrival. Records that carry no values, and quantities that the plan does
 * not have, change nothing; that somebody is worried counts without a plan, too. `pulse_rate` of a cuff is evaluated as
 * pulse_rate. reading->seq may be 0 (not committed).
 */
void ward_alarm_reading(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_reading *reading);

/*
 * A spot reading of which it is not known yet whether it is of now. It may raise, and changes nothing else: what counts
 * several values, and what clears, waits for ward_alarm_reading, which is to be called when it is known.
 */
void ward_alarm_reading_early(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                              const struct ward_reading *reading);

/* Time has passed. */
void ward_alarm_tick(struct ward_alarm_patient *state, const struct ward_alarm_context *context);

/*
 * The device, which may give these quantities (a set of 1 << enum ward_quantity), has gone or is no longer worn: of those
 * whose newest value was its own, a pending condition ends now, as raised or as measurement-incomplete.
 */
void ward_alarm_input_stopped(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                              uint32_t quantities, const char *device);

/* Which quantities have a bound device (a set of 1 << enum ward_quantity): the others are rule-without-source. */
void ward_alarm_sources(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        uint32_t quantities);

enum ward_alarm_answer {
    WARD_ALARM_DONE,
    WARD_ALARM_NOT_FOUND, /* no occurrence of that id is present: it ended, or belongs to somebody else */
    WARD_ALARM_ALREADY,   /* acknowledged already, and it still holds */
    WARD_ALARM_CLINICAL,  /* only a clinician may: it is not technical, or has ended */
};

/*
 * Acknowledges the occurrence `id`. `clinician` says that the order is a signed one of the clinical role, which the
 * caller has verified; without it only technical conditions can be acknowledged. `by` goes into the event.
 */
enum ward_alarm_answer ward_alarm_acknowledge(struct ward_alarm_patient *state,
                                              const struct ward_alarm_context *context,
                                              const struct ward_alarm_id *id, const struct ward_id *by,
                                              bool clinician);

/* On the spot: takes the sound away from everything that sounds, for WARD_ALARM_SILENCE_MS. Returns how many. */
size_t ward_alarm_silence(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                          const struct ward_id *by);

/* Who suspends for how long and why; why is for people, and may be NULL. */
struct ward_alarm_suspension {
    uint32_t duration_ms; /* 1 to WARD_ALARM_SUSPEND_MAX_MS */
    struct ward_id by;
    const char *why;
};

/*
 * A signed clinical command: for that long events carry `suspended: true`. Evaluation goes on. Another one takes the
 * place of one that runs. Returns false, with the state unchanged, for a duration that is 0 or too long, or when there
 * is no place for the condition.
 */
bool ward_alarm_suspend(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_alarm_suspension *suspension);
bool ward_alarm_is_suspended(const struct ward_alarm_patient *state);
void ward_alarm_resume(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                       const struct ward_id *by);

/*
 * context->plan takes the place of the plan before (or is the first; or NULL: none any more). Conditions whose rule
 * is gone, or whose newest fresh value is no longer beyond it, are cleared as plan-changed; rules are matched by id.
 */
void ward_alarm_replace_plan(struct ward_alarm_patient *state, const struct ward_alarm_context *context);

/*
 * The committed reading `seq` was taken back, whether it was the newest or not: it leaves the newest values, counts,
 * medians, trends, baselines and NEWS2, and what remains is judged anew (the table is in alarm_void.c). Conditions that
 * stand on nothing else are cleared as voided. Returns the quantities (1 << enum ward_quantity) of which it was the
 * only value that is remembered here: a caller that knows an older one, which is still fresh, gives it to
 * ward_alarm_reading.
 */
uint32_t ward_alarm_void(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         uint64_t seq);

/*
 * The readings of this patient that had seq 0 and are the same as this one (mono_us and device) now have a seq. Call
 * it when a commit answers, so that void finds them. plan may be NULL. Emits nothing.
 */
void ward_alarm_committed(struct ward_alarm_patient *state, const struct ward_care_plan *plan,
                          const struct ward_reading *reading);

/*
 * Another database has taken the place of the one before: what readings were numbered with there names others from now
 * on. What is remembered stays, and names no reading; one that has got a number again is given to ward_alarm_committed.
 * Emits nothing.
 */
void ward_alarm_new_epoch(struct ward_alarm_patient *state);

/* A technical condition of the gateway itself. name is an id ("no-storage"); text is for people. */
struct ward_alarm_technical {
    const char *name;
    const char
        *device; /* id of the one that it concerns; NULL: the gateway. (name, device) is the condition */
    const char *text;
    enum ward_alarm_priority priority;
    bool advisory; /* WARD_ALARM_ADVISORY instead of WARD_ALARM_TECHNICAL */
    bool degrades; /* while active, monitoring is not full */
};

/*
 * Asserts or withdraws a technical condition. Asserting what is active already changes nothing, unless its priority
 * rose, which raises it again. Returns 0, -EINVAL for a name or device that is no id, or -ENOSPC when
 * WARD_ALARM_TECHNICAL_MAX others are present; the state is unchanged then.
 */
int ward_alarm_technical(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                         const struct ward_alarm_technical *technical, bool active);

/* The newest number that an event of this occurrence was told with, 0 for none, wherever that is known from. */
struct ward_alarm_told {
    uint32_t (*newest)(void *context, const struct ward_alarm_id *id);
    void *context;
};

/*
 * The process was started anew in the same boot, perhaps killed before it had committed what it had told. An occurrence
 * that was told of with higher numbers than its state has is told of again as it now stands, with each of those numbers
 * and the one after: nobody has to know which of them the ward has got, and the last is news to it.
 */
void ward_alarm_restart(struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        const struct ward_alarm_told *told);

/*
 * The machine was started anew: boot_us counts from another zero. Call it once, before anything else of this boot. When
 * its power was cut, an event of an occurrence may have been told and not committed, and nobody here knows of it: so each
 * occurrence is told of as it now stands with the next number and with the one after, which is news to the ward.
 */
void ward_alarm_reboot(struct ward_alarm_patient *state, const struct ward_alarm_context *context);

/* The patient's episode has ended: everything is cleared as discharged. */
void ward_alarm_discharge(struct ward_alarm_patient *state, const struct ward_alarm_context *context);

/* The boot time at which ward_alarm_tick must be called, at the latest; UINT64_MAX: not before another input. */
uint64_t ward_alarm_deadline_us(const struct ward_alarm_patient *state, const struct ward_care_plan *plan);

/*
 * Whether the wall clock has become known, was lost or was set since the newest input: then that deadline goes by a clock
 * that was another, and ward_alarm_tick must be called now.
 */
bool ward_alarm_clock_moved(const struct ward_alarm_patient *state, const struct ward_time *now);

/* Whether a condition is pending, active or unknown: then the commit window is short. */
bool ward_alarm_is_tense(const struct ward_alarm_patient *state);

/* --- what is present --------------------------------------------------------------------------------------- */

/* Of each condition that is present (whatever its state but inactive and pending). */
struct ward_alarm_present {
    struct ward_alarm_event newest; /* state, priority, value, limit, by and texts as they are now */
    int64_t raised_at_ms;           /* UTC when it was raised first, or WARD_UTC_UNKNOWN */
};

/*
 * Fills ret with the conditions present, highest priority first, at most capacity. Returns how many there are, which
 * may be more.
 */
size_t ward_alarm_present(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                          struct ward_alarm_present *ret, size_t capacity);

/* NEWS2 with what it is made of. Returns false, with ret zeroed, when the plan does not ask for it. */
bool ward_alarm_news2(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                      struct ward_news2_report *ret);

/* The newest valid value of each quantity of the plan. ret has room for WARD_PLAN_QUANTITIES_MAX. Returns how many. */
size_t ward_alarm_last_valid(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                             struct ward_last_valid *ret);

/*
 * How the patient keeps to the plan, of each quantity that is to be measured or worn at times. ret has room for
 * WARD_PLAN_QUANTITIES_MAX. Returns how many.
 */
size_t ward_alarm_adherence(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                            struct ward_adherence_report *ret);

/*
 * Whether the ward is there now, as far as the plan says; while nobody knows the time it may not be. The patient is shown
 * other words when this changes, which no event tells.
 */
bool ward_alarm_is_answered(const struct ward_alarm_context *context);

/* The quantities (a set of 1 << enum ward_quantity) that the patient was prompted to measure, and has not measured yet. */
uint32_t ward_alarm_prompted(const struct ward_alarm_patient *state,
                             const struct ward_alarm_context *context);

#define WARD_MONITORING_REASONS_MAX 16

/*
 * How far this patient is watched. ret_reasons takes the names of the conditions that are why ("no-plan", "no-data"),
 * at most WARD_MONITORING_REASONS_MAX of them; *ret_count says how many.
 */
enum ward_monitoring ward_alarm_monitoring(const struct ward_alarm_patient *state,
                                           const struct ward_alarm_context *context,
                                           struct ward_id ret_reasons[WARD_MONITORING_REASONS_MAX],
                                           size_t *ret_count);

#endif
