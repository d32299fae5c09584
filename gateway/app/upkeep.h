/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What nobody tells and has to be looked at: the room on the disk, the end of the certificate, whether light and sound
 * would work if they were needed: what does not is shown once more. Each has a technical condition. Whether a device
 * that sent bad frames has sent good ones since. And whether the ward has opened or closed: then the room reads other
 * words.
 */
#ifndef WARD_APP_UPKEEP_H
#define WARD_APP_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "io/annunciator.h"
#include "io/store.h"
#include "ward/reading.h"

#define WARD_UPKEEP_US (60 * UINT64_C(1000000))
/* A disk with less than a tenth, or than so much, is nearly full: a week of a stream, and what else grows there. */
#define WARD_STORAGE_SPARE_OCTETS (UINT64_C(64) * 1024 * 1024)

struct ward_gateway;

struct ward_upkeep {
    uint64_t due_us;
    struct ward_store_space space; /* as of the newest look; zeros: not known */
    struct ward_annunciator_health annunciator;
    struct ward_time annunciator_checked; /* boot_us 0: not yet */
};

/* before: it was. Then it is until there is a quarter more, so that room that wavers does not raise again and again. */
bool ward_upkeep_is_short(const struct ward_store_space *space, bool before);

/* Looks, when it is time to. Returns when to be called again. */
uint64_t ward_upkeep_check(struct ward_gateway *gateway, const struct ward_time *now);

/* A reading of a device that came now: its signal is poor, or it is not. */
void ward_upkeep_signal(struct ward_gateway *gateway, const struct ward_reading *reading);
/* The signal of a device is not poor, or its link has ended: the minute begins anew. */
void ward_upkeep_not_poor(struct ward_gateway *gateway, const char *device);

#endif
