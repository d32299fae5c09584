/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recovery ladder of the radio, as a machine without D-Bus, clock or heap: a trouble and the time go in, the rung
 * to take comes out. The case table is at the head of bluez_recovery.c.
 */
#ifndef WARD_IO_BLUEZ_RECOVERY_H
#define WARD_IO_BLUEZ_RECOVERY_H

#include "io/bluez.h"

enum ward_bluez_trouble {
    WARD_BLUEZ_TROUBLE_SILENT,     /* a discovery runs, and so far nothing at all was heard */
    WARD_BLUEZ_TROUBLE_DEAF,       /* it is over, and all of it has heard nothing */
    WARD_BLUEZ_TROUBLE_SCAN,       /* discovery is refused, again and again */
    WARD_BLUEZ_TROUBLE_PREPARING,  /* preparing failed, or the adapter was switched off */
    WARD_BLUEZ_TROUBLE_HANGS,      /* bluetoothd does not answer */
    WARD_BLUEZ_TROUBLE_NO_ADAPTER, /* bluetoothd runs, and still has none */
    WARD_BLUEZ_TROUBLE_NO_SERVICE, /* bluetoothd still does not run */
    WARD_BLUEZ_TROUBLE_COUNT,
};

/* All zero at the start. Times are of one clock that never goes back, in microseconds. */
struct ward_bluez_recovery {
    enum ward_bluez_rung rung; /* the highest one taken since it was last quiet */
    bool troubled;             /* there was trouble since */
    bool by_ear;               /* ... of hearing nothing, and no other */
    uint64_t trouble_us;       /* the newest */
    uint64_t settle_us;        /* the rung that was taken last has its time until then */
    unsigned seen[WARD_BLUEZ_TROUBLE_COUNT];
    uint32_t taken[WARD_BLUEZ_RUNG_COUNT]; /* how often each was taken, ever */
    uint64_t taken_us[WARD_BLUEZ_RUNG_COUNT];
};

/* Takes a trouble. Returns the rung to take now, which counts as taken, or WARD_BLUEZ_RUNG_NONE. */
enum ward_bluez_rung ward_bluez_recovery_trouble(struct ward_bluez_recovery *recovery,
                                                 enum ward_bluez_trouble trouble, uint64_t now_us);

/* Something was heard over the radio. Returns whether the ladder is left by that. */
bool ward_bluez_recovery_heard(struct ward_bluez_recovery *recovery);

/* Leaves the ladder when it was quiet for long enough; returns whether it was left. */
bool ward_bluez_recovery_tick(struct ward_bluez_recovery *recovery, uint64_t now_us);

/* When the next tick is due; UINT64_MAX when nothing is wrong. */
uint64_t ward_bluez_recovery_due_us(const struct ward_bluez_recovery *recovery);

#endif
