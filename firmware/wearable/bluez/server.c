/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT            "/org/wardgate/wearable"
#define SERVICE         "org.bluez.GattService1"
#define CHARACTERISTIC  "org.bluez.GattCharacteristic1"
#define PATH_MAX_LENGTH 80
#define UUID_LENGTH     36

struct served {
    struct ward_server *server;
    const struct ward_wearable_characteristic *description;
    sd_bus_slot *slot;
    sd_bus_slot *service_slot; /* of the first characteristic of each service */
    char service_path[PATH_MAX_LENGTH];
    char path[PATH_MAX_LENGTH];
    bool subscribed;
    uint8_t value[WARD_GATT_VALUE_MAX]; /* last sent */
    size_t length;
};

struct ward_server {
    sd_bus *bus;
    const struct ward_wearable_identity *identity;
    struct ward_server_events events;
    sd_bus_slot *manager_slot;
    uint8_t battery;
    size_t served_count;
    struct served served[];
};

const char *ward_server_path(void)
{
    return ROOT;
}

static int append_uuid(sd_bus_message *reply, uint16_t uuid)
{
    char text[UUID_LENGTH + 1];

    snprintf(text, sizeof(text), "0000%04x" WARD_GATT_BASE_UUID_TAIL, uuid);
    return sd_bus_message_append(reply, "s", text);
}

static int get_service_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return append_uuid(reply, served->description->service);
}

static int get_primary(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
    return sd_bus_message_append(reply, "b", 1);
}

static int get_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return append_uuid(reply, served->description->uuid);
}

static int get_service(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "o", served->service_path);
}

/*
 * The encrypt- flags make bluetoothd answer "insufficient encryption" to a read, or to the write of the CCC,
 * on a plain link: that is what makes the gateway pair.
 */
static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    static const struct {
        uint8_t property;
        const char *plain, *encrypted;
    } flags[] = {
        {WARD_PROPERTY_READ, "read", "encrypt-read"},
        {WARD_PROPERTY_NOTIFY, "notify", "encrypt-notify"},
        {WARD_PROPERTY_INDICATE, "indicate", "encrypt-indicate"},
    };
    const struct served *served = userdata;
    uint8_t properties = served->description->properties;
    int r = sd_bus_message_open_container(reply, 'a', "s");

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && r >= 0; i++) {
        if (!(properties & flags[i].property))
            continue;
        r = sd_bus_message_append(reply, "s", flags[i].plain);
        if (r >= 0 && (properties & WARD_PROPERTY_ENCRYPTED))
            r = sd_bus_message_append(reply, "s", flags[i].encrypted);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_value(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append_array(reply, 'y', served->value, served->length);
}

static int get_notifying(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "b", (int)served->subscribed);
}

static uint16_t offset_option(sd_bus_message *call)
{
    const char *name = NULL;
    uint16_t offset = 0;

    if (sd_bus_message_enter_container(call, 'a', "{sv}") < 0)
        return 0;
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        if (sd_bus_message_read(call, "s", &name) < 0)
            return 0;
        if (strcmp(name, "offset") == 0) {
            if (sd_bus_message_read(call, "v", "q", &offset) < 0)
                return 0;
        } else if (sd_bus_message_skip(call, "v") < 0) {
            return 0;
        }
        sd_bus_message_exit_container(call);
    }
    return offset;
}

static int method_read_value(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    struct served *served = userdata;
    uint8_t value[WARD_GATT_VALUE_MAX];
    size_t length = ward_wearable_read(served->server->identity, served->server->battery,
                                       served->description->uuid, value, sizeof(value));
    uint16_t offset = offset_option(call);
    sd_bus_message *reply = NULL;
    int r;

    if (offset > length)
        return sd_bus_error_setf(error, "org.bluez.Error.InvalidOffset", "The value has %zu octets", length);
    r = sd_bus_message_new_method_return(call, &reply);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', value + offset, length - offset);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

static int set_subscribed(struct served *served, sd_bus_message *call, bool subscribed)
{
    served->subscribed = subscribed;
    served->server->events.subscribed(served->server->events.userdata, served->description->uuid, subscribed);
    return sd_bus_reply_method_return(call, "");
}

static int method_start_notify(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    (void)error;
    return set_subscribed(userdata, call, true);
}

static int method_stop_notify(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    (void)error;
    return set_subscribed(userdata, call, false);
}

static int method_confirm(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    struct served *served = userdata;

    (void)error;
    served->server->events.confirmed(served->server->events.userdata, served->description->uuid);
    return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable service_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_service_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Primary", "b", get_primary, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_VTABLE_END,
};

static const sd_bus_vtable characteristic_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Service", "o", get_service, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Value", "ay", get_value, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Notifying", "b", get_notifying, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", method_read_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartNotify", "", "", method_start_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopNotify", "", "", method_stop_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Confirm", "", "", method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* A characteristic that is only read, and has nothing to say, is not served. */
static bool is_served(const struct ward_server *server,
                      const struct ward_wearable_characteristic *description)
{
    uint8_t value[WARD_GATT_VALUE_MAX];

    return description->properties & (WARD_PROPERTY_NOTIFY | WARD_PROPERTY_INDICATE) ||
           ward_wearable_read(server->identity, server->battery, description->uuid, value, sizeof(value)) > 0;
}

static int serve(struct ward_server *server, const struct ward_wearable_characteristic *description)
{
    struct served *served = &server->served[server->served_count];
    bool new_service = server->served_count == 0 || served[-1].description->service != description->service;
    int r = 0;

    served->server = server;
    served->description = description;
    snprintf(served->service_path, sizeof(served->service_path), ROOT "/service%04x", description->service);
    snprintf(served->path, sizeof(served->path), ROOT "/service%04x/char%04x", description->service,
             description->uuid);
    if (new_service)
        r = sd_bus_add_object_vtable(server->bus, &served->service_slot, served->service_path, SERVICE,
                                     service_vtable, served);
    if (r >= 0)
        r = sd_bus_add_object_vtable(server->bus, &served->slot, served->path, CHARACTERISTIC,
                                     characteristic_vtable, served);
    server->served_count++;
    return r;
}

int ward_server_new(struct ward_server **ret, sd_bus *bus, const struct ward_wearable_profile *profile,
                    const struct ward_wearable_identity *identity, const struct ward_server_events *events)
{
    struct ward_server *server =
        calloc(1, sizeof(*server) + profile->characteristic_count * sizeof(server->served[0]));
    int r;

    if (!server)
        return -ENOMEM;
    server->bus = sd_bus_ref(bus);
    server->identity = identity;
    server->events = *events;
    server->battery = 100;
    r = sd_bus_add_object_manager(bus, &server->manager_slot, ROOT);
    for (size_t i = 0; i < profile->characteristic_count && r >= 0; i++)
        if (is_served(server, &profile->characteristics[i]))
            r = serve(server, &profile->characteristics[i]);
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
        struct served *served = &server->served[i];
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

void ward_server_set_battery(struct ward_server *server, uint8_t percent)
{
    server->battery = percent;
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
