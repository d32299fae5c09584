/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is remembered of a device from one conversation to the next, also across restarts: how far its records are here,
 * what its clock showed and how it goes, and its firmware. It is kept in the settings, as "device-ID", in the transaction after the one that made it
 * true; what a crash between the two costs is that records are asked for again, and known.
 */
#ifndef WARD_APP_RECOLLECTION_H
#define WARD_APP_RECOLLECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/device_clock.h"
#include "core/firmware.h"
#include "io/store_types.h"

struct ward_gateway;

struct ward_recollection {
    struct ward_id device;
    bool has_record;      /* some of its records are committed, up to … */
    uint16_t last_record; /* … this number of its own … */
    uint64_t last_digest; /* … of which this is the digest (core/duplicate.h); 0: not known */
    struct ward_device_clock_pair clock;
    struct ward_device_clock_habit habit;
    char firmware[WARD_FIRMWARE_SIZE]; /* the revision that it told last; "": none since it was enrolled */
};

struct ward_recollections {
    struct ward_recollection *list;
    size_t count;
    uint64_t generation; /* moves when ward_recollection_firmware may say something else */
};

/* What is remembered of the device; nothing, for one that is new. */
struct ward_recollection ward_recollection_of(const struct ward_gateway *gateway, const char *device);

/* The firmware revision that it told last, "" for none; good until something is remembered. */
const char *ward_recollection_firmware(const struct ward_gateway *gateway, const char *device);

/* Remembers it, in memory and in the file. Does nothing when it says nothing new. */
void ward_recollection_keep(struct ward_gateway *gateway, const struct ward_recollection *recollection);

/* The device was forgotten. */
void ward_recollection_drop(struct ward_gateway *gateway, const char *device);

/* A setting of the snapshot; others than its own are left alone. */
void ward_recollection_restore(struct ward_gateway *gateway, const struct ward_store_change *row);

/* The file is a fresh one: everything is given to it again. */
void ward_recollection_submit_again(struct ward_gateway *gateway);

void ward_recollection_done(struct ward_recollections *recollections);

#endif
