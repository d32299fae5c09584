/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A watch: one patient whose limits are applied here, with the plan in force and the engine's state.
 *
 * Each function gives one input to the engine and then carries out what it says, in this order:
 *
 *   1. annunciate what is present now, over all patients      memory and sysfs only
 *   2. let the events go to the ward, then tell them here      memory only
 *   3. submit events and state to the store, with the reading  the disk, in its own time
 *
 * so that nothing on the way to a light, a sound or a clinician waits for a flush.
 */
#ifndef WARD_APP_WATCH_H
#define WARD_APP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/derived.h"
#include "core/agreement.h"
#include "core/alarm.h"
#include "core/record.h"
#include "io/store.h"
#include "ward/careplan.h"

/*
 * While nothing happens the state is stored as often all the same: how long nothing has been heard, or an alarm has stood,
 * is known after a power cut from the state alone when no time service says how long the machine was off.
 */
#define WARD_WATCH_STORE_US (UINT64_C(15) * 60 * 1000000)

struct ward_bus_call;
struct ward_gateway;
struct ward_commit_waiter;
struct ward_arrival;

struct ward_watch {
    struct ward_gateway *gateway;
    struct ward_id patient, episode;
    bool has_plan;
    struct ward_care_plan plan;
    bool has_zone;
    struct ward_zone zone; /* of the plan */
    char *plan_document;   /* as it was applied: the plan, or the signed form that it came in */
    bool plan_signed;
    uint64_t plan_token; /* it is on the disk when this is committed; 0: it was there at the start */
    bool has_sources;
    uint32_t sources;      /* last told to the engine */
    bool unheard;          /* no reading has come since the start, or since nobody was watched; not stored */
    bool answered;         /* as it was looked at last (ward_alarm_is_answered); not stored */
    uint32_t prompted;     /* as the room was told last (ward_alarm_prompted); not stored */
    uint8_t *packed;       /* room for the packed state */
    uint64_t stored_us;    /* when the state was last to be given to the store, */
    uint64_t stored_token; /* and in which group */
    bool has_seed;
    struct ward_alarm_id seed;       /* random, and of no alarm yet */
    struct ward_agreement agreement; /* of the devices on the patient; not stored */
    struct ward_derived_source derived_sources[WARD_QUANTITY_COUNT]; /* of the streams; not stored */
    struct ward_alarm_patient state;
};

/*
 * Who acknowledges what. clinician: by a signed command of the clinical role. concluded is told the answer before what
 * belongs to the same transaction is submitted, so that the answer can be part of it; it returns the waiter, or NULL.
 */
struct ward_watch_acknowledgement {
    struct ward_alarm_id id;
    struct ward_id by;
    bool clinician;
    struct ward_commit_waiter *(*concluded)(void *context, enum ward_alarm_answer answer);
    void *context;
};

/* A watch without a plan. NULL when there is no memory. */
struct ward_watch *ward_watch_new(struct ward_gateway *gateway, const struct ward_id *patient,
                                  const struct ward_id *episode);
struct ward_watch *ward_watch_free(struct ward_watch *watch);

/*
 * Puts back what the store remembers, after a restart (rebooted: of the machine): first the plan, if there is one, which
 * the engine is not asked about, since the state knows it; then the state, NULL for none. The one returns false like
 * ward_watch_apply_plan, the other when the state cannot be read; the watch then starts afresh under the plan, which can
 * repeat an alarm but not lose one. Before the state is back nothing is submitted: it would take its place. new_epoch: it
 * comes from the database before, and what readings are numbered with in it is not theirs in this one.
 */
bool ward_watch_restore_plan(struct ward_watch *watch, const char *document, char *ret_error, size_t size);
bool ward_watch_restore(struct ward_watch *watch, const struct ward_store_alarm_state *stored, bool rebooted,
                        bool new_epoch);

/*
 * Applies a plan's JSON text. with: a change that is stored in the same transaction; NULL: none. waiter, which may be NULL,
 * is told when it is. Returns false with the old plan in force,
 * the waiter still the caller's, and ret_error saying every fault, a line each.
 */
bool ward_watch_apply_plan(struct ward_watch *watch, const char *document,
                           const struct ward_store_change *with, struct ward_commit_waiter *waiter,
                           char *ret_error, size_t size);

/*
 * Puts a valid plan in force whose signature holds. document: the signed form that it came in. with and waiter as below.
 * Returns false, with nothing changed and the waiter still the caller's, when there is no memory.
 */
bool ward_watch_take_plan(struct ward_watch *watch, const struct ward_care_plan *plan, const char *document,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter);

/*
 * Evaluates a reading of this patient. commit: what to store with it; NULL when its commit waits for something or was
 * made by somebody else.
 */
void ward_watch_reading(struct ward_watch *watch, const struct ward_reading *reading,
                        const struct ward_arrival *commit);

/* A spot reading of which it is not known yet whether it is of now: it may raise (ward_alarm_reading_early). */
void ward_watch_early(struct ward_watch *watch, const struct ward_reading *reading);

/*
 * What a person has ordered. with, and waiter (which may be NULL; owned from now on), belong to the same transaction,
 * whatever comes of it. record: with's first record is a reading of this patient, and is evaluated. take_back: a
 * committed reading of this patient is taken back; as it is in the store.
 */
void ward_watch_record(struct ward_watch *watch, const struct ward_store_group *with,
                       struct ward_commit_waiter *waiter);
void ward_watch_take_back(struct ward_watch *watch, const struct ward_reading *reading,
                          const struct ward_store_group *with, struct ward_commit_waiter *waiter);
/* concluded is told whether the engine has taken it, before with is submitted; it returns the waiter, or NULL. */
typedef struct ward_commit_waiter *ward_watch_concluded(void *context, bool done);
void ward_watch_suspend(struct ward_watch *watch, const struct ward_alarm_suspension *suspension,
                        const struct ward_store_group *with, ward_watch_concluded *concluded, void *context);
void ward_watch_resume(struct ward_watch *watch, const struct ward_id *by,
                       const struct ward_store_group *with, struct ward_commit_waiter *waiter);
/* The episode has ended: every condition is cleared. The state is not stored any more. */
void ward_watch_discharge(struct ward_watch *watch, const struct ward_store_group *with,
                          struct ward_commit_waiter *waiter);
void ward_watch_tick(struct ward_watch *watch);
void ward_watch_input_stopped(struct ward_watch *watch, uint32_t quantities, const char *device);
/* Tells the engine which quantities the bound devices can give, when that has changed. */
void ward_watch_sources(struct ward_watch *watch, uint32_t quantities);
void ward_watch_technical(struct ward_watch *watch, const struct ward_alarm_technical *technical,
                          bool active);
size_t ward_watch_silence(struct ward_watch *watch, const struct ward_id *by);

/* with as above, whatever the answer; it may be added to until concluded returns. */
enum ward_alarm_answer ward_watch_acknowledge(struct ward_watch *watch,
                                              const struct ward_watch_acknowledgement *acknowledgement,
                                              const struct ward_store_group *with);

/* A fresh database does not have the state. */
void ward_watch_submit_again(struct ward_watch *watch);

/* When it is to be ticked next; 0: now, since the wall clock has moved. */
uint64_t ward_watch_due_us(const struct ward_watch *watch);

/* The context of a call that only asks: conditions present, last values, monitoring. */
struct ward_alarm_context ward_watch_context(const struct ward_watch *watch);

#endif
