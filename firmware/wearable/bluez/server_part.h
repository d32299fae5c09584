/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the GATT server share; for server*.c only. */
#ifndef WEARABLE_BLUEZ_SERVER_PART_H
#define WEARABLE_BLUEZ_SERVER_PART_H

#include "wearable/bluez/server.h"

#define WARD_SERVER_PATH_LENGTH 80

struct ward_served {
    struct ward_server *server;
    const struct ward_wearable_characteristic *description;
    sd_bus_slot *slot;
    sd_bus_slot *service_slot; /* of the first characteristic of each service */
    char service_path[WARD_SERVER_PATH_LENGTH];
    char path[WARD_SERVER_PATH_LENGTH];
    bool subscribed;
    uint8_t value[WARD_GATT_VALUE_MAX]; /* last sent */
    size_t length;
};

struct ward_server {
    sd_bus *bus;
    struct ward_device *device;
    const struct ward_wearable_identity *identity;
    struct ward_server_events events;
    sd_bus_slot *manager_slot;
    size_t served_count;
    struct ward_served served[];
};

/* GattService1 and GattCharacteristic1 of a struct ward_served. */
extern const sd_bus_vtable ward_server_service_vtable[];
extern const sd_bus_vtable ward_server_characteristic_vtable[];

#endif
