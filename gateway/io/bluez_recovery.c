/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recovery ladder. Its rungs, from the mildest to the hardest:
 *
 *   DISCOVERY  discovery is stopped and started
 *   POWER      the adapter is switched off and on
 *   RESTART    bluetooth.service is restarted
 *   RESET      the adapter's USB port is reset
 *
 *   trouble      seen before anything is done   begins at   goes up to
 *   SILENT       once                           DISCOVERY   DISCOVERY   somebody waits for it: nothing that ends a scan
 *   DEAF         twice                          POWER       RESET       one silent scan may be an empty house
 *   SCAN         twice                          POWER       RESET
 *   PREPARING    3 times                        POWER       RESET       preparing tries again by itself
 *   HANGS        once                           RESTART     RESET       what does not answer cannot be asked
 *   NO_ADAPTER   twice                          RESTART     RESET
 *   NO_SERVICE   3 times                        RESTART     RESTART     systemd restarts it by itself at first
 *
 *   after a rung       trouble within its settling time is not its failure: nothing is done
 *   trouble after it   the next rung up; at the top the top again
 *   ... that rung was taken too lately     the highest one below it that may be taken, not below where the trouble
 *                                          begins; none: nothing is done, the trouble will be told again
 *   quiet              no trouble for 10 minutes: the ladder is left, and what was seen is forgotten
 *   heard              the proof that an ear which heard nothing hears: left at once, if that was all
 *
 * Counters and the times of the rungs outlive the quiet: no trouble makes a rung come oftener than its interval.
 */
#include "io/bluez_recovery.h"

#include <string.h>

#define SECONDS(n) ((n)*UINT64_C(1000000))
#define QUIET_US   SECONDS(600)

static const struct {
    unsigned patience; /* seen so often, something is done */
    enum ward_bluez_rung first, last;
} troubles[WARD_BLUEZ_TROUBLE_COUNT] = {
    [WARD_BLUEZ_TROUBLE_SILENT] = {1, WARD_BLUEZ_RUNG_DISCOVERY, WARD_BLUEZ_RUNG_DISCOVERY},
    [WARD_BLUEZ_TROUBLE_DEAF] = {2, WARD_BLUEZ_RUNG_POWER, WARD_BLUEZ_RUNG_RESET},
    [WARD_BLUEZ_TROUBLE_SCAN] = {2, WARD_BLUEZ_RUNG_POWER, WARD_BLUEZ_RUNG_RESET},
    [WARD_BLUEZ_TROUBLE_PREPARING] = {3, WARD_BLUEZ_RUNG_POWER, WARD_BLUEZ_RUNG_RESET},
    [WARD_BLUEZ_TROUBLE_HANGS] = {1, WARD_BLUEZ_RUNG_RESTART, WARD_BLUEZ_RUNG_RESET},
    [WARD_BLUEZ_TROUBLE_NO_ADAPTER] = {2, WARD_BLUEZ_RUNG_RESTART, WARD_BLUEZ_RUNG_RESET},
    [WARD_BLUEZ_TROUBLE_NO_SERVICE] = {3, WARD_BLUEZ_RUNG_RESTART, WARD_BLUEZ_RUNG_RESTART},
};

/* The units of the upper rungs keep longer intervals than these by themselves (systemd/wardgate-recover-*). */
static const struct {
    uint64_t settles_us, interval_us;
} rungs[WARD_BLUEZ_RUNG_COUNT] = {
    [WARD_BLUEZ_RUNG_DISCOVERY] = {SECONDS(5), SECONDS(10)},
    [WARD_BLUEZ_RUNG_POWER] = {SECONDS(20), SECONDS(120)},
    [WARD_BLUEZ_RUNG_RESTART] = {SECONDS(45), SECONDS(300)},
    [WARD_BLUEZ_RUNG_RESET] = {SECONDS(45), SECONDS(1800)},
};

static void leave(struct ward_bluez_recovery *recovery)
{
    recovery->rung = WARD_BLUEZ_RUNG_NONE;
    recovery->troubled = false;
    memset(recovery->seen, 0, sizeof recovery->seen);
}

static bool may_take(const struct ward_bluez_recovery *recovery, enum ward_bluez_rung rung, uint64_t now_us)
{
    return recovery->taken[rung] == 0 || now_us - recovery->taken_us[rung] >= rungs[rung].interval_us;
}

/* The rung that the trouble leads to, or NONE when all that would do are limited. */
static enum ward_bluez_rung choose(const struct ward_bluez_recovery *recovery,
                                   enum ward_bluez_trouble trouble, uint64_t now_us)
{
    enum ward_bluez_rung rung = recovery->rung + 1;

    if (rung < troubles[trouble].first)
        rung = troubles[trouble].first;
    if (rung > troubles[trouble].last)
        rung = troubles[trouble].last;
    while (!may_take(recovery, rung, now_us))
        if (--rung < troubles[trouble].first)
            return WARD_BLUEZ_RUNG_NONE;
    return rung;
}

enum ward_bluez_rung ward_bluez_recovery_trouble(struct ward_bluez_recovery *recovery,
                                                 enum ward_bluez_trouble trouble, uint64_t now_us)
{
    const bool by_ear = trouble == WARD_BLUEZ_TROUBLE_SILENT || trouble == WARD_BLUEZ_TROUBLE_DEAF;

    (void)ward_bluez_recovery_tick(recovery, now_us);
    recovery->by_ear = by_ear && (recovery->by_ear || !recovery->troubled);
    recovery->troubled = true;
    recovery->trouble_us = now_us;
    if (++recovery->seen[trouble] < troubles[trouble].patience || now_us < recovery->settle_us)
        return WARD_BLUEZ_RUNG_NONE;

    const enum ward_bluez_rung rung = choose(recovery, trouble, now_us);
    if (rung == WARD_BLUEZ_RUNG_NONE)
        return rung;
    if (rung > recovery->rung)
        recovery->rung = rung;
    recovery->taken[rung]++;
    recovery->taken_us[rung] = now_us;
    recovery->settle_us = now_us + rungs[rung].settles_us;
    return rung;
}

bool ward_bluez_recovery_heard(struct ward_bluez_recovery *recovery)
{
    if (!recovery->troubled || !recovery->by_ear)
        return false;
    leave(recovery);
    return true;
}

bool ward_bluez_recovery_tick(struct ward_bluez_recovery *recovery, uint64_t now_us)
{
    if (now_us < ward_bluez_recovery_due_us(recovery))
        return false;
    leave(recovery);
    return true;
}

uint64_t ward_bluez_recovery_due_us(const struct ward_bluez_recovery *recovery)
{
    return recovery->troubled ? recovery->trouble_us + QUIET_US : UINT64_MAX;
}
