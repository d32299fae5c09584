/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test reading: a person tries whether a device works, step by step (`wardctl devices test`).
 *
 * One trial at a time. What the device measures while its trial is open is nobody's: it is kept as unassigned, with the
 * reason not-clinical, is never evaluated and is no reading without a patient. What comes from the device's memory is
 * not of the trial, and goes its usual way. The trial ends with the first good reading, so that no more is withheld from
 * a patient than it takes; and it is not opened while the device measures for one.
 */
#ifndef WARD_APP_TRIAL_H
#define WARD_APP_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "app/trial_words.h"
#include "io/bluez.h"
#include "io/bus.h"
#include "ward/reading.h"

#define WARD_TRIAL_MIN_S  10
#define WARD_TRIAL_MAX_S  300
#define WARD_TRIAL_LOOK_S 10 /* how long it is listened for; each second counts once */
/* A device that measured something within this time is measuring. */
#define WARD_TRIAL_QUIET_US (10 * UINT64_C(1000000))

struct ward_arrival;
struct ward_gateway;
struct ward_heard;

struct ward_trial {
    struct ward_bus_call *call; /* NULL: no trial is open */
    struct ward_id device;
    uint64_t until_us;
    uint64_t listen_us;      /* the next second of listening is over; 0: it is not listened for */
    bool listens_along;      /* in a scan that somebody else began */
    uint32_t advertisements; /* heard until the last one */
    struct ward_trial_seen seen;
    bool is_told; /* a reading that was not good, with these: */
    uint8_t told_quality;
    uint32_t told_reasons;
    char
        *document; /* the answer, while it is not proved who sent the reading; NULL: nothing waits for that */
};

/* The call of the API; it is answered now or at the end of the trial. TestStep meanwhile. */
void ward_trial_begin(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                      uint32_t seconds);

/*
 * From the pipeline, each new reading. Returns whether it is one of the trial: then it was stored here, or will be when
 * it comes again settled, and nothing else is to be done with it.
 */
bool ward_trial_takes(const struct ward_heard *heard, const struct ward_arrival *arrival);

/* From the adapter's listener. */
void ward_trial_link(struct ward_gateway *gateway, const struct ward_bluez_link *link);
void ward_trial_scan_ended(struct ward_gateway *gateway, int error);

/* The device is enrolled no longer: its trial is over. */
void ward_trial_forgotten(struct ward_gateway *gateway, const char *device);

void ward_trial_tick(struct ward_gateway *gateway);
uint64_t ward_trial_due_us(const struct ward_trial *trial);
/* The gateway ends; the call is answered with its bus. */
void ward_trial_done(struct ward_trial *trial);

#endif
