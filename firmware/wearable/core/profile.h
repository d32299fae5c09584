/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of wearable serves: its services, characteristics and the values that do not change.
 *
 * This directory is freestanding: it uses <stdint.h>, <stdbool.h>, <stddef.h>, the decimal encoder and the checksums of
 * gateway/core, no heap, no libc, no clock. A port owns the radio and calls it.
 */
#ifndef WEARABLE_PROFILE_H
#define WEARABLE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/gatt.h"

enum ward_wearable_property {
    WARD_PROPERTY_READ = 1u << 0,
    WARD_PROPERTY_NOTIFY = 1u << 1,
    WARD_PROPERTY_INDICATE = 1u << 2,
    WARD_PROPERTY_ENCRYPTED = 1u << 3, /* read, written and subscribed to over an encrypted link only */
    WARD_PROPERTY_WRITE = 1u << 4,
    WARD_PROPERTY_WRITE_COMMAND = 1u << 5, /* written without a response too */
};

/* uuid and service are 16-bit UUIDs, or numbers of clip.h for what has none. */
struct ward_wearable_characteristic {
    uint16_t uuid;
    uint16_t service;
    uint8_t properties; /* set of enum ward_wearable_property */
};

/* The characteristics of one service stand together, services in the order in which they are served. */
struct ward_wearable_profile {
    const char *name;          /* "oximeter" */
    const char *model;         /* the model number unless another one is given */
    uint16_t service;          /* the one that is advertised */
    uint16_t appearance;       /* Assigned Numbers §2.6 */
    uint16_t measure;          /* characteristic of a single measurement */
    uint16_t stream;           /* characteristic of a stream; 0: none */
    uint16_t record;           /* characteristic as which measurements are stored; 0: it has no memory */
    uint16_t stream_period_ms; /* from one value of a stream to the next */
    uint8_t clip;              /* enum ward_clip_kind: it speaks a vendor's own protocol */
    uint8_t own_count;
    const struct ward_wearable_characteristic *own; /* before those that all profiles have */
};

/* Texts are UTF-8 and borrowed; an empty system id (all zero) means that 2A23 is not served. */
struct ward_wearable_identity {
    const char *manufacturer;
    const char *model;
    const char *serial;
    const char *firmware;
    uint8_t system_id
        [8]; /* in the order of the air: 40 bits of the manufacturer, 24 bits of its OUI (DIS §3.4) */
};

/* The profiles, in the order to show them; NULL from their number on. */
const struct ward_wearable_profile *ward_wearable_profile_at(size_t index);

/* The profile of that name ("oximeter", "strap", "cuff"), or NULL. */
const struct ward_wearable_profile *ward_wearable_profile_find(const char *name);

/* The characteristics of profile, at most 32; NULL from their number on. */
const struct ward_wearable_characteristic *ward_wearable_characteristic_at(
    const struct ward_wearable_profile *profile, size_t index);

/* The characteristic of that UUID in profile, or NULL. */
const struct ward_wearable_characteristic *ward_wearable_characteristic_find(
    const struct ward_wearable_profile *profile, uint16_t uuid);

#define WARD_UUID_LENGTH 16

/* The 128-bit form of a UUID of profile, or of the number that stands for it, in the order in which it is written. */
void ward_wearable_uuid(const struct ward_wearable_profile *profile, uint16_t uuid,
                        uint8_t ret[WARD_UUID_LENGTH]);

/*
 * Writes what a read of the characteristic returns, where that never changes: features, location, device information.
 * Returns the octets written, 0 when the characteristic holds no value (it is not served then) or size is too small.
 */
size_t ward_wearable_read(const struct ward_wearable_identity *identity, uint16_t uuid, uint8_t *buffer,
                          size_t size);

#endif
