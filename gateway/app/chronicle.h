/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway records about itself, so that the ward can date what it got and tell "nothing found" from "nobody
 * was watched":
 *
 *   clock        once UTC is known in a boot in which records without it were committed: its offset in that boot
 *   unmonitored  from the last sign of life of the process before to the start of this one, and while the radio was
 *                off, when either was longer than WARD_UNMONITORED_MIN_US. Reasons: restart (of the program), reboot
 *                (after a clean stop), power (without one), radio
 *
 * The last sign of life is the newest commit. So that an idle gateway does not claim too much, something is committed
 * every WARD_ALIVE_US.
 *
 * And it keeps the floor of the clock over restarts, below which no wall clock is believed: the build, the newest commit,
 * the newest issued_at that was signed. Once UTC is known it is at least the floor, and every commit carries it. While
 * it is not, commits do not say when they were: then the floor is kept as a setting, to within WARD_FLOOR_STEP_MS.
 */
#ifndef WARD_APP_CHRONICLE_H
#define WARD_APP_CHRONICLE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/store.h"

#define WARD_ALIVE_US      (300 * UINT64_C(1000000))
#define WARD_FLOOR_STEP_MS 60000

struct ward_gateway;

struct ward_chronicle {
    bool undated;          /* records of this boot were committed without UTC */
    uint64_t submitted_us; /* when something went to the store last */
    bool stopped_cleanly;  /* the process before */
    int64_t kept_floor_ms; /* the setting; 0: none was written */
};

/* Before anything is submitted: the floor of the clock, as far as the database knows of it. */
void ward_chronicle_raise_floor(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot);
/* Something signed was issued then. */
void ward_chronicle_issued(struct ward_gateway *gateway, int64_t issued_at_ms);
/* A fresh file knows nothing of the floor. */
void ward_chronicle_submit_again(struct ward_gateway *gateway);

/* One row of the snapshot: how the process before ended. */
void ward_chronicle_restore(struct ward_gateway *gateway, const struct ward_store_change *row);
/* After everything is restored: tells of the time since the last commit. */
void ward_chronicle_begin(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot);
/* A group is about to be submitted: what must stand before it does. */
void ward_chronicle_submitting(struct ward_gateway *gateway, const struct ward_store_group *group);
/* The radio is ready again after this moment of boot time. */
void ward_chronicle_radio_back(struct ward_gateway *gateway, uint64_t off_us);
/* Gives a sign of life when it is time. Returns when to be called again. */
uint64_t ward_chronicle_check(struct ward_gateway *gateway);
/* A clean stop: the last group before the store is closed. */
void ward_chronicle_end(struct ward_gateway *gateway);

#endif
