/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bluetoothd has told of the devices that matter to us: a mirror of its object tree, without D-Bus.
 *
 * A characteristic belongs to the device whose path is the head of its own. Both are bounded: somebody who advertises
 * a thousand addresses, or a thousand characteristics, fills a table and no more. The mirror owns its nodes; they keep
 * their place until they are removed.
 */
#ifndef WARD_IO_BLUEZ_MIRROR_H
#define WARD_IO_BLUEZ_MIRROR_H

#include "io/bluez.h"

#define WARD_BLUEZ_PATH_SIZE           128
#define WARD_BLUEZ_MIRROR_DEVICES_MAX  (WARD_BLUEZ_DEVICES_MAX + 128)
#define WARD_BLUEZ_CHARACTERISTICS_MAX 64 /* a device */

enum ward_bluez_fact {
    WARD_BLUEZ_FACT_ADDRESS = 1u << 0,
    WARD_BLUEZ_FACT_ADDRESS_TYPE = 1u << 1,
    WARD_BLUEZ_FACT_NAME = 1u << 2,
    WARD_BLUEZ_FACT_RSSI = 1u << 3,
    WARD_BLUEZ_FACT_SERVICES = 1u << 4,
    WARD_BLUEZ_FACT_CONNECTED = 1u << 5,
    WARD_BLUEZ_FACT_RESOLVED = 1u << 6,
    WARD_BLUEZ_FACT_PAIRED = 1u << 7,
    WARD_BLUEZ_FACT_BONDED = 1u << 8,
};

/* Properties of org.bluez.Device1; `known` says which of them were ever told. */
struct ward_bluez_facts {
    uint32_t known; /* set of enum ward_bluez_fact */
    char address[WARD_BLUEZ_ADDRESS_SIZE];
    char name[WARD_BLUEZ_TEXT_SIZE];
    uint8_t address_type; /* enum ward_bluez_address_type */
    int16_t rssi;
    bool connected, resolved, paired, bonded;
    size_t service_count;
    uint16_t services[WARD_BLUEZ_FOUND_SERVICES];
};

struct ward_bluez_mirror_characteristic {
    struct ward_bluez_mirror_characteristic *next;
    char path[WARD_BLUEZ_PATH_SIZE];
    char uuid[WARD_BLUEZ_UUID_SIZE];
    uint16_t short_uuid; /* 0: 128-bit only */
    bool notifies;       /* it can notify or indicate */
    bool asked;          /* StartNotify is out */
    bool subscribed;     /* StartNotify was answered with yes */
};

struct ward_bluez_mirror_device {
    struct ward_bluez_mirror_device *next;
    char path[WARD_BLUEZ_PATH_SIZE];
    struct ward_bluez_facts facts;
    uint32_t told; /* facts of it that the running scan has told */
    struct ward_bluez_mirror_characteristic *characteristics;
    size_t characteristic_count;
};

struct ward_bluez_mirror {
    struct ward_bluez_mirror_device *devices;
    size_t device_count;
};

/* Empties it; it can be used again. */
void ward_bluez_mirror_done(struct ward_bluez_mirror *mirror);

/* The device at path, or the one that path lies below. NULL: none. */
struct ward_bluez_mirror_device *ward_bluez_mirror_find(const struct ward_bluez_mirror *mirror,
                                                        const char *path);
struct ward_bluez_mirror_device *ward_bluez_mirror_find_address(const struct ward_bluez_mirror *mirror,
                                                                const char *address);

/* The device at path, made if need be. NULL: the table is full, the path too long, or no memory. */
struct ward_bluez_mirror_device *ward_bluez_mirror_put(struct ward_bluez_mirror *mirror, const char *path);

/*
 * Takes over the facts that are known and returns those that changed. told_by_signal: Connected=true is a change even
 * if it was true before, because bluetoothd signals changes only and may have folded "off, on" into one.
 */
uint32_t ward_bluez_mirror_apply(struct ward_bluez_mirror_device *device,
                                 const struct ward_bluez_facts *facts, bool told_by_signal);

struct ward_bluez_mirror_characteristic *ward_bluez_mirror_find_characteristic(
    const struct ward_bluez_mirror_device *device, const char *path);

/* The characteristic of device at path, made if need be with uuid (128-bit form). NULL: as for ward_bluez_mirror_put. */
struct ward_bluez_mirror_characteristic *ward_bluez_mirror_put_characteristic(
    struct ward_bluez_mirror_device *device, const char *path, const char *uuid);

/* Removes the device or the characteristic at path; returns false when it was neither. */
bool ward_bluez_mirror_remove(struct ward_bluez_mirror *mirror, const char *path);

/* Removes every device for which keep says false. */
void ward_bluez_mirror_sweep(struct ward_bluez_mirror *mirror,
                             bool (*keep)(const struct ward_bluez_mirror_device *device, void *userdata),
                             void *userdata);

/* Writes the 128-bit form of a UUID of 4 or 36 characters, lower case. False, with ret unchanged: it is neither. */
bool ward_bluez_uuid_normalise(const char *text, char ret[static WARD_BLUEZ_UUID_SIZE]);

/* The 16-bit UUID that a UUID in 128-bit form stands for, or 0. */
uint16_t ward_bluez_uuid_short(const char *uuid);

/* Writes an address in upper case. False, with ret unchanged: it is none. */
bool ward_bluez_address_normalise(const char *text, char ret[static WARD_BLUEZ_ADDRESS_SIZE]);

#endif
