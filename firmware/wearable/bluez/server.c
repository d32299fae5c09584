/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wearable/bluez/server_part.h"

#define ROOT           "/org/wardgate/wearable"
#define SERVICE        "org.bluez.GattService1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"

const char *ward_server_path(void)
{
    return ROOT;
}

void ward_server_print_uuid(const struct ward_wearable_profile *profile, uint16_t uuid,
                            char ret[WARD_UUID_TEXT_LENGTH + 1])
{
    uint8_t octets[WARD_UUID_LENGTH];
    char *at = ret;

    ward_wearable_uuid(profile, uuid, octets);
    for (size_t i = 0; i < sizeof(octets); i++)
        at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", octets[i]);
}

/* A characteristic that is only read, and has nothing to say, is not served. */
static bool is_served(const struct ward_server *server,
                      const struct ward_wearable_characteristic *description)
{
    uint8_t value[WARD_GATT_VALUE_MAX];
    size_t length = 0;

    return description->properties != WARD_PROPERTY_READ ||
           (ward_device_read(server->device, server->identity, description->uuid, 0, value, &length) ==
                WARD_ATT_OK &&
            length > 0);
}

static int serve(struct ward_server *server, const struct ward_wearable_characteristic *description)
{
    struct ward_served *served = &server->served[server->served_count];
    bool new_service = server->served_count == 0 || served[-1].description->service != description->service;
    int r = 0;

    served->server = server;
    served->description = description;
    snprintf(served->service_path, sizeof(served->service_path), ROOT "/service%04x", description->service);
    snprintf(served->path, sizeof(served->path), ROOT "/service%04x/char%04x", description->service,
             description->uuid);
    if (new_service)
        r = sd_bus_add_object_vtable(server->bus, &served->service_slot, served->service_path, SERVICE,
                                     ward_server_service_vtable, served);
    if (r >= 0)
        r = sd_bus_add_object_vtable(server->bus, &served->slot, served->path, CHARACTERISTIC,
                                     ward_server_characteristic_vtable, served);
    server->served_count++;
    return r;
}

int ward_server_new(struct ward_server **ret, sd_bus *bus, struct ward_device *device,
                    const struct ward_wearable_identity *identity, const struct ward_server_events *events)
{
    const struct ward_wearable_characteristic *description;
    struct ward_server *server;
    size_t count = 0;
    int r;

    while (ward_wearable_characteristic_at(device->profile, count))
        count++;
    server = calloc(1, sizeof(*server) + count * sizeof(server->served[0]));
    if (!server)
        return -ENOMEM;
    server->bus = sd_bus_ref(bus);
    server->device = device;
    server->identity = identity;
    server->events = *events;
    r = sd_bus_add_object_manager(bus, &server->manager_slot, ROOT);
    for (size_t i = 0; (description = ward_wearable_characteristic_at(device->profile, i)) && r >= 0; i++)
        if (is_served(server, description))
            r = serve(server, description);
    if (r < 0) {
        ward_server_free(server);
        return r;
    }
    *ret = server;
    return 0;
}

struct ward_server *ward_server_free(struct ward_server *server)
{
    if (!server)
        return NULL;
    for (size_t i = 0; i < server->served_count; i++) {
        sd_bus_slot_unref(server->served[i].slot);
        sd_bus_slot_unref(server->served[i].service_slot);
    }
    sd_bus_slot_unref(server->manager_slot);
    sd_bus_unref(server->bus);
    free(server);
    return NULL;
}

int ward_server_send(struct ward_server *server, uint16_t characteristic, const uint8_t *octets,
                     size_t length)
{
    for (size_t i = 0; i < server->served_count; i++) {
        struct ward_served *served = &server->served[i];
        int r;

        if (served->description->uuid != characteristic)
            continue;
        if (length > sizeof(served->value))
            return -EMSGSIZE;
        memcpy(served->value, octets, length);
        served->length = length;
        if (!served->subscribed)
            return 0;
        r = sd_bus_emit_properties_changed(server->bus, served->path, CHARACTERISTIC, "Value", NULL);
        return r < 0 ? r : 1;
    }
    return -ENOENT;
}

void ward_server_forget_subscriptions(struct ward_server *server)
{
    for (size_t i = 0; i < server->served_count; i++) {
        if (!server->served[i].subscribed)
            continue;
        server->served[i].subscribed = false;
        server->events.subscribed(server->events.userdata, server->served[i].description->uuid, false);
    }
}
