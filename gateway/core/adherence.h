/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a patient keeps to the plan, as figures, in bounded room and for one quantity: of each measurement of the schedule
 * whether it was taken in time, taken late or missed; and of the hours in which a device is to be worn how long it was.
 *
 *   due         its grace is over, or it was taken
 *   in time     measured from half way after the time before until the grace ends
 *   late        measured after that, and before half way to the next time
 *   missed      neither
 *
 * What counts is when it was measured, not when the gateway got it: a reading that comes home late can turn what was
 * missed into taken. One that is taken back later was taken all the same.
 */
#ifndef WARD_CORE_ADHERENCE_H
#define WARD_CORE_ADHERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "ward/careplan.h"

#define WARD_ADHERENCE_DAYS  7
#define WARD_ADHERENCE_SLOTS (WARD_ADHERENCE_DAYS * WARD_PLAN_TIMES_MAX + 1)
/* Wear is kept in pieces of three hours: "the last 24 hours" is the newest piece and the eight before it. */
#define WARD_WEAR_PIECE_MS INT64_C(10800000)
#define WARD_WEAR_PIECES   (WARD_ADHERENCE_DAYS * 8 + 1)

/* The better, the higher. The numbers are part of the stored state: append only. */
enum ward_slot_outcome { WARD_SLOT_MISSED, WARD_SLOT_LATE, WARD_SLOT_IN_TIME, WARD_SLOT_OUTCOMES };

struct ward_adherence_slot {
    int64_t slot_ms; /* UTC */
    uint8_t outcome; /* enum ward_slot_outcome */
};

struct ward_wear {
    uint64_t expected_ms, worn_ms;
};

/* A zeroed one is an empty one. */
struct ward_adherence {
    uint32_t totals[WARD_SLOT_OUTCOMES];
    uint8_t count;
    struct ward_adherence_slot slots[WARD_ADHERENCE_SLOTS]; /* oldest first */
    struct ward_wear worn;                                  /* since the beginning */
    int64_t newest_piece;                                   /* UTC ms / WARD_WEAR_PIECE_MS of pieces[0] */
    uint8_t piece_count;
    struct {
        uint32_t expected_ms, worn_ms;
    } pieces[WARD_WEAR_PIECES]; /* newest first */
};

struct ward_adherence_figures {
    uint32_t due, in_time, late, missed;
};

/* A measurement of the schedule has come to this. Slots rise; one that is not newer than the newest is left out. */
void ward_adherence_note(struct ward_adherence *adherence, int64_t slot_ms, enum ward_slot_outcome outcome);

/* It was better than it was noted, if it was noted. */
void ward_adherence_improve(struct ward_adherence *adherence, int64_t slot_ms,
                            enum ward_slot_outcome outcome);

/* Whether it was taken in time, as far as is remembered. */
bool ward_adherence_is_in_time(const struct ward_adherence *adherence, int64_t slot_ms);

/* The clock was put back: of the slots from from_ms on nothing can be known yet. */
void ward_adherence_forget(struct ward_adherence *adherence, int64_t from_ms);

/* Those of the slots from from_ms on, which may be at most WARD_ADHERENCE_DAYS ago; and all since the beginning. */
struct ward_adherence_figures ward_adherence_since(const struct ward_adherence *adherence, int64_t from_ms);
struct ward_adherence_figures ward_adherence_total(const struct ward_adherence *adherence);

/* So much more time, until utc_ms, in which it was to be worn, and in which it was. */
void ward_adherence_wear(struct ward_adherence *adherence, int64_t utc_ms, struct ward_wear more);
struct ward_wear ward_adherence_worn_since(const struct ward_adherence *adherence, int64_t from_ms);

/* Of one quantity, for people and programs. */
struct ward_adherence_span {
    struct ward_adherence_figures slots;
    struct ward_wear wear;
};

struct ward_adherence_report {
    uint8_t quantity; /* enum ward_quantity */
    bool scheduled, worn,
        dated; /* has a schedule; has hours of wear; the date is known: day and week are filled */
    struct ward_adherence_span day, week, total;
};

/* One array: [{"quantity","last_24_h":{"due","in_time","late","missed","wear":{"expected_s","worn_s","share"}},…}] */
void ward_adherence_write_json(const struct ward_adherence_report *reports, size_t count,
                               struct ward_json *json);

#endif
