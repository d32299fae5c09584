/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bluetoothd has told of the devices that matter to us: a mirror of its object tree, without D-Bus.
 *
 * Services and characteristics belong to the device whose path is the head of their own, and a characteristic to the
 * service likewise. All are bounded: somebody who advertises a thousand addresses, or a thousand characteristics, fills
 * a table and no more. The mirror owns its nodes; they keep their place until they are removed.
 */
#ifndef WARD_IO_BLUEZ_MIRROR_H
#define WARD_IO_BLUEZ_MIRROR_H

#include "io/bluez.h"

#define WARD_BLUEZ_PATH_SIZE           128
#define WARD_BLUEZ_MIRROR_DEVICES_MAX  (WARD_BLUEZ_DEVICES_MAX + 128)
#define WARD_BLUEZ_MIRROR_SERVICES_MAX 32 /* a device */
#define WARD_BLUEZ_CHARACTERISTICS_MAX 96 /* a device */

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
    WARD_BLUEZ_FACT_TRUSTED = 1u << 9,
};

/* Properties of org.bluez.Device1; `known` says which of them were ever told. */
struct ward_bluez_facts {
    uint32_t known; /* set of enum ward_bluez_fact */
    char address[WARD_BLUEZ_ADDRESS_SIZE];
    char name[WARD_BLUEZ_TEXT_SIZE];
    uint8_t address_type; /* enum ward_bluez_address_type */
    int16_t rssi;
    bool connected, resolved, paired, bonded, trusted;
    size_t service_count;
    uint16_t services[WARD_BLUEZ_FOUND_SERVICES];
    uint64_t offered; /* bit i: service i of the options */
};

/* Properties that a characteristic has (Core 5.3, Vol 3, Part G, §3.3.1.1). */
enum ward_bluez_property {
    WARD_BLUEZ_CAN_READ = 1u << 0,
    WARD_BLUEZ_CAN_WRITE = 1u << 1, /* and the device confirms it */
    WARD_BLUEZ_CAN_COMMAND = 1u << 2,
    WARD_BLUEZ_CAN_NOTIFY = 1u << 3, /* or indicate */
};

struct ward_bluez_mirror_service {
    struct ward_bluez_mirror_service *next;
    char path[WARD_BLUEZ_PATH_SIZE];
    char uuid[WARD_BLUEZ_UUID_SIZE];
    uint16_t short_uuid; /* 0: 128-bit only */
};

struct ward_bluez_mirror_characteristic {
    struct ward_bluez_mirror_characteristic *next;
    char path[WARD_BLUEZ_PATH_SIZE];
    char uuid[WARD_BLUEZ_UUID_SIZE];
    uint16_t short_uuid; /* 0: 128-bit only */
    uint8_t properties;  /* set of enum ward_bluez_property */
    bool asked;          /* StartNotify is out */
    bool subscribed;     /* StartNotify was answered with yes */
    bool refused;        /* ... with an error */
};

struct ward_bluez_mirror_device {
    struct ward_bluez_mirror_device *next;
    char path[WARD_BLUEZ_PATH_SIZE];
    struct ward_bluez_facts facts;
    uint32_t told; /* facts of it that the running scan has told */
    struct ward_bluez_mirror_service *services;
    size_t service_count;
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

/* The service of device at path, made if need be with uuid (128-bit form). NULL: as above. */
struct ward_bluez_mirror_service *ward_bluez_mirror_put_service(struct ward_bluez_mirror_device *device,
                                                                const char *path, const char *uuid);

/* The service that a characteristic of device belongs to. NULL: it was not told of. */
const struct ward_bluez_mirror_service *ward_bluez_mirror_service_of(
    const struct ward_bluez_mirror_device *device,
    const struct ward_bluez_mirror_characteristic *characteristic);

/* The characteristic of device with this UUID in a service with that one, both in 128-bit form. NULL: none. */
struct ward_bluez_mirror_characteristic *ward_bluez_mirror_look_up(
    const struct ward_bluez_mirror_device *device, const char *service, const char *uuid);

/* Removes the device, service or characteristic at path; returns false when it was none of them. */
bool ward_bluez_mirror_remove(struct ward_bluez_mirror *mirror, const char *path);

/* Removes every device for which keep says false. */
void ward_bluez_mirror_sweep(struct ward_bluez_mirror *mirror,
                             bool (*keep)(const struct ward_bluez_mirror_device *device, void *userdata),
                             void *userdata);

#endif
