/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two devices on one patient say the same. A pulse that differs by more than WARD_DISAGREEMENT_RATE from what
 * another device said within WARD_DISAGREEMENT_US makes the reading questionable: disagreement. As both go on, so it is
 * of both; which is right is not for us to say, and neither is suppressed: a questionable value still alarms and asks to repeat.
 * What was committed before the other spoke stays as it is.
 *
 * A pulse is that of an oximeter, a cuff or a strap. Only what is not invalid counts, and only what was measured now: a
 * late reading is of another time.
 */
#ifndef WARD_CORE_AGREEMENT_H
#define WARD_CORE_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/reading.h"

#define WARD_AGREEMENT_DEVICES_MAX 8

/* The newest pulse of each device of one patient. All zero at first. */
struct ward_agreement {
    struct {
        struct ward_id device;
        struct ward_decimal rate;
        uint64_t at_us; /* boot time */
    } list[WARD_AGREEMENT_DEVICES_MAX];
    size_t count;
};

/* Holds a validated reading against the others, lowers its quality if they disagree, and remembers it. */
void ward_agreement_take(struct ward_agreement *agreement, struct ward_reading *reading, uint64_t now_us);

#endif
