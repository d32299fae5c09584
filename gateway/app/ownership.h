/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a reading is. A record belongs to whoever was bound when it was measured, and to nobody when that is not known
 * for certain: a reading must never find the wrong patient.
 *
 *   it was measured                       the bindings that count are
 *   now, over this connection             those that were open when it came
 *   earlier, at a known time              those with from <= time < until, by as much as the time may be wrong; it is
 *                                         nobody's when it may as well be of another patient's
 *   earlier, at an unknown time           the open ones whose device was read out since they were made: what it had in
 *                                         its memory before is gone, so this was measured under them; or under one that
 *                                         was made since, so that it is nobody's when that is another patient's
 *   in an enrolment                       none
 *
 *   of these                              it belongs to
 *   some are for a slot                   the one of the reading's slot; without one, or without a slot, to nobody
 *   all are for the device as a whole     their patient
 *   they are of several patients          the one who claimed the device, if it was measured now; otherwise nobody
 */
#ifndef WARD_APP_OWNERSHIP_H
#define WARD_APP_OWNERSHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "app/registry.h"

/* What is known of a reading when it is asked whose it is. */
struct ward_provenance {
    const char *device;
    uint8_t slot;           /* WARD_SLOT_NONE: the device tells none, or does not know the user */
    bool now;               /* measured over this connection; otherwise it comes from the device's memory */
    bool enrolling;         /* while the device is being enrolled */
    int64_t measured_at_ms; /* WARD_UTC_UNKNOWN */
    int64_t uncertainty_ms; /* … either way */
    uint64_t came_us;       /* now: CLOCK_BOOTTIME, for what was bound without a date */
    int64_t came_at_ms; /* now: by the clock of asked_at_ms; both WARD_UTC_UNKNOWN where that knows no date */
    int64_t asked_at_ms;
    const char *claimed_by; /* the patient who had claimed the device when it came; NULL: nobody */
};

/* The binding that the reading belongs to; NULL: nobody's. */
const struct ward_store_binding *ward_whose(const struct ward_registry *registry,
                                            const struct ward_provenance *what);

#endif
