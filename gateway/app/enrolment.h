/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a stranger to a device that is bound to a patient: the scan, the pairing, what is kept of it.
 *
 * One scan and one pairing at a time. The caller on the bus gets its answer at the end, and signals meanwhile. When he
 * leaves the bus before, both end: a pairing as one that failed. One that is enrolled already, and has lost its bond, is
 * paired again: it stays what it was, and whose it was if it was this patient's too.
 */
#ifndef WARD_APP_ENROLMENT_H
#define WARD_APP_ENROLMENT_H

#include <stddef.h>
#include <stdint.h>

#include "io/bluez.h"
#include "io/bus.h"
#include "io/store_types.h"
#include "ward/reading.h"

/* What a scan finds in a block of flats, or on a ward, and more. */
#define WARD_FOUND_MAX 512
#define WARD_ENROLMENT_BY_ADDRESS                                                                            \
    "open-by-address" /* the policy of a device that is known by its address alone */

struct ward_gateway;

struct ward_enrolment {
    struct ward_bus_call *scan_call, *pair_call, *forget_call;
    char forget_address[WARD_BLUEZ_ADDRESS_SIZE]; /* with forget_call */
    char *found[WARD_FOUND_MAX];                  /* JSON, the newest of each device */
    char found_addresses[WARD_FOUND_MAX][WARD_BLUEZ_ADDRESS_SIZE];
    size_t found_count;
    char pair_address[WARD_BLUEZ_ADDRESS_SIZE]; /* of the device that is being paired; "": none, or not yet */
    struct ward_id patient;                     /* for whom a device is being paired; empty: nobody */
    uint64_t begun_us;                          /* CLOCK_BOOTTIME; since when, with patient */
    const struct ward_model *model;             /* of the device that is being paired; NULL: not known yet */
    bool
        read_out; /* all that was in its memory is here; where not, what is of an unknown time stays nobody's */
};

/* The calls of the API; each answers its call, now or later. */
void ward_enrolment_scan(struct ward_gateway *gateway, struct ward_bus_call *call, uint32_t seconds);
/* text: the address, the patient, and how it is to be enrolled: "bonded", "open", "open-by-address". */
void ward_enrolment_pair(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *text,
                         uint32_t timeout_s);
void ward_enrolment_forget(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device);

/* The patient is looked after no longer: a pairing for him ends as one that failed, unless others have the device. */
void ward_enrolment_discharged(struct ward_gateway *gateway, const char *patient);

/* From the adapter's listener. */
void ward_enrolment_found(struct ward_gateway *gateway, const struct ward_bluez_found *found);
void ward_enrolment_scan_ended(struct ward_gateway *gateway, int error);
void ward_enrolment_step(struct ward_gateway *gateway, const struct ward_bluez_enrolment *enrolment);
int ward_enrolment_identified(struct ward_gateway *gateway, struct ward_bluez_device *device);
void ward_enrolment_forgotten(struct ward_gateway *gateway, const char *address, int error);

/* The adapter's form of an enrolled device. */
struct ward_bluez_device ward_enrolment_known(const struct ward_store_device *device);

#endif
