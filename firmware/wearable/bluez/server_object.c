/* SPDX-License-Identifier: Apache-2.0 */
/* One service and one characteristic on D-Bus: what bluetoothd asks them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "wearable/bluez/server_part.h"

static int append_uuid(sd_bus_message *reply, const struct ward_served *served, uint16_t uuid)
{
    char text[WARD_UUID_TEXT_LENGTH + 1];

    ward_server_print_uuid(served->server->device->profile, uuid, text);
    return sd_bus_message_append(reply, "s", text);
}

static int get_service_uuid(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return append_uuid(reply, served, served->description->service);
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
    const struct ward_served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return append_uuid(reply, served, served->description->uuid);
}

static int get_service(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "o", served->service_path);
}

/*
 * The encrypt- flags make bluetoothd answer "insufficient encryption" to a read, a write, or the write of
 * the CCC, on a plain link: that is what makes the gateway pair.
 */
static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    static const struct {
        uint8_t property;
        const char *plain, *encrypted;
    } flags[] = {
        {WARD_PROPERTY_READ, "read", "encrypt-read"},
        {WARD_PROPERTY_WRITE, "write", "encrypt-write"},
        {WARD_PROPERTY_WRITE_COMMAND, "write-without-response", NULL},
        {WARD_PROPERTY_NOTIFY, "notify", "encrypt-notify"},
        {WARD_PROPERTY_INDICATE, "indicate", "encrypt-indicate"},
    };
    const struct ward_served *served = userdata;
    uint8_t properties = served->description->properties;
    int r = sd_bus_message_open_container(reply, 'a', "s");

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && r >= 0; i++) {
        if (!(properties & flags[i].property))
            continue;
        r = sd_bus_message_append(reply, "s", flags[i].plain);
        if (r >= 0 && (properties & WARD_PROPERTY_ENCRYPTED) && flags[i].encrypted)
            r = sd_bus_message_append(reply, "s", flags[i].encrypted);
    }
    return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_value(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_served *served = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append_array(reply, 'y', served->value, served->length);
}

static int get_notifying(sd_bus *bus, const char *path, const char *interface, const char *property,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_served *served = userdata;

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

static uint64_t now_us(const struct ward_server *server)
{
    uint64_t now = 0;

    sd_event_now(sd_bus_get_event(server->bus), CLOCK_BOOTTIME, &now);
    return now;
}

/*
 * bluetoothd makes an ATT error of the names that it knows, and of a Failed whose message is the number. Version 5.66
 * takes 0x80 to 0x9F so and makes 0x0E, "unlikely error", of the others.
 */
static int refuse(sd_bus_error *ret, enum ward_att_error error)
{
    switch (error) {
    case WARD_ATT_INVALID_LENGTH:
        return sd_bus_error_set(ret, "org.bluez.Error.InvalidValueLength", "The value has another length");
    case WARD_ATT_PROCEDURE_IN_PROGRESS:
        return sd_bus_error_set(ret, "org.bluez.Error.InProgress", "The last request is not answered yet");
    case WARD_ATT_READ_NOT_PERMITTED:
    case WARD_ATT_WRITE_NOT_PERMITTED:
        return sd_bus_error_set(ret, "org.bluez.Error.NotPermitted", "Not with this characteristic");
    case WARD_ATT_OK:
    case WARD_ATT_DATA_FIELD_IGNORED:
    case WARD_ATT_CCC_NOT_CONFIGURED:
    case WARD_ATT_OUT_OF_RANGE: break;
    }
    return sd_bus_error_setf(ret, "org.bluez.Error.Failed", "0x%02x", (unsigned)error);
}

static int method_read_value(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    struct ward_served *served = userdata;
    const struct ward_server *server = served->server;
    uint8_t value[WARD_GATT_VALUE_MAX];
    size_t length = 0;
    enum ward_att_error refusal = ward_device_read(server->device, server->identity,
                                                   served->description->uuid, now_us(server), value, &length);
    uint16_t offset = offset_option(call);
    sd_bus_message *reply = NULL;
    int r;

    if (refusal != WARD_ATT_OK)
        return refuse(error, refusal);
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

static int method_write_value(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    struct ward_served *served = userdata;
    struct ward_server *server = served->server;
    const void *octets = NULL;
    size_t length = 0;
    enum ward_att_error refusal;
    int r = sd_bus_message_read_array(call, 'y', &octets, &length);

    if (r < 0)
        return r;
    if (offset_option(call) != 0)
        return sd_bus_error_set(error, "org.bluez.Error.InvalidOffset", "No value is written in parts here");
    refusal = ward_device_write(server->device, served->description->uuid, octets, length, now_us(server));
    server->events.written(server->events.userdata, served->description->uuid, octets, length, refusal);
    return refusal == WARD_ATT_OK ? sd_bus_reply_method_return(call, "") : refuse(error, refusal);
}

static int set_subscribed(struct ward_served *served, sd_bus_message *call, bool subscribed)
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
    struct ward_served *served = userdata;

    (void)error;
    served->server->events.confirmed(served->server->events.userdata, served->description->uuid);
    return sd_bus_reply_method_return(call, "");
}

const sd_bus_vtable ward_server_service_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_service_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Primary", "b", get_primary, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_VTABLE_END,
};

const sd_bus_vtable ward_server_characteristic_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Service", "o", get_service, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Value", "ay", get_value, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Notifying", "b", get_notifying, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", method_read_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("WriteValue", "aya{sv}", "", method_write_value, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StartNotify", "", "", method_start_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("StopNotify", "", "", method_stop_notify, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Confirm", "", "", method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};
