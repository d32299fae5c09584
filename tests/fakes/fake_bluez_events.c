/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the adapter and its devices, and the signals that bluetoothd 5.66 tells of it. */
#include "fake_bluez.h"

#include <stdarg.h>

/* --- signals ----------------------------------------------------------------------------------------------------- */

static sd_bus_message *signal_new(struct fake *fake, const char *path, const char *interface,
                                  const char *member)
{
    sd_bus_message *message = NULL;

    if (fake->bus)
        fake_must(sd_bus_message_new_signal(fake->bus, &message, path, interface, member), member);
    return message;
}

static void signal_send(struct fake *fake, sd_bus_message *message)
{
    fake_must(sd_bus_send(fake->bus, message, NULL), "send a signal");
    sd_bus_message_unref(message);
}

static sd_bus_message *change_new(struct fake *fake, const char *path, const char *interface)
{
    sd_bus_message *message = signal_new(fake, path, FAKE_PROPERTIES, "PropertiesChanged");

    if (message) {
        fake_must(sd_bus_message_append(message, "s", interface), interface);
        fake_must(sd_bus_message_open_container(message, 'a', "{sv}"), interface);
    }
    return message;
}

static void change_send(struct fake *fake, sd_bus_message *message)
{
    fake_must(sd_bus_message_close_container(message), "close");
    fake_must(sd_bus_message_append(message, "as", 0), "as");
    signal_send(fake, message);
}

void fake_tell(struct fake *fake, const char *path, const char *interface, const char *property,
               const char *type, ...)
{
    sd_bus_message *message = change_new(fake, path, interface);
    va_list values;

    if (!message)
        return;
    va_start(values, type);
    fake_must(fake_append_values(message, property, type, values), property);
    va_end(values);
    change_send(fake, message);
}

void fake_tell_value(struct fake *fake, const char *path, const uint8_t *octets, size_t length)
{
    sd_bus_message *message = change_new(fake, path, FAKE_CHARACTERISTIC1);

    if (!message)
        return;
    fake_must(sd_bus_message_open_container(message, 'e', "sv"), "Value");
    fake_must(sd_bus_message_append(message, "s", "Value"), "Value");
    fake_must(sd_bus_message_open_container(message, 'v', "ay"), "Value");
    fake_must(sd_bus_message_append_array(message, 'y', octets, length), "Value");
    fake_must(sd_bus_message_close_container(message), "Value");
    fake_must(sd_bus_message_close_container(message), "Value");
    change_send(fake, message);
}

void fake_tell_added(struct fake *fake, const char *path, const char *interface)
{
    sd_bus_message *message = signal_new(fake, "/", FAKE_OBJECT_MANAGER, "InterfacesAdded");

    if (!message)
        return;
    fake_must(fake_append_object(fake, message, path, interface, FAKE_PROPERTIES), path);
    signal_send(fake, message);
}

void fake_tell_removed(struct fake *fake, const char *path, const char *interface)
{
    sd_bus_message *message = signal_new(fake, "/", FAKE_OBJECT_MANAGER, "InterfacesRemoved");

    if (!message)
        return;
    fake_must(sd_bus_message_append(message, "oas", path, 2, FAKE_PROPERTIES, interface), path);
    signal_send(fake, message);
}

/* --- what happens to a device ------------------------------------------------------------------------------------ */

void fake_export(struct fake *fake, struct fake_device *device)
{
    if (device->exported)
        return;
    device->exported = true;
    fake_tell_added(fake, device->path, FAKE_DEVICE1);
}

void fake_show_services(struct fake *fake, struct fake_device *device)
{
    if (device->services_shown)
        return;
    device->services_shown = true;
    for (size_t i = 0; i < device->service_count; i++)
        fake_tell_added(fake, device->service_paths[i], FAKE_SERVICE1);
    for (size_t i = 0; i < device->characteristic_count; i++)
        if (!device->characteristics[i].omitted)
            fake_tell_added(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1);
}

void fake_hide_services(struct fake *fake, struct fake_device *device)
{
    if (!device->services_shown)
        return;
    device->services_shown = false;
    for (size_t i = 0; i < device->characteristic_count; i++)
        if (!device->characteristics[i].omitted)
            fake_tell_removed(fake, device->characteristics[i].path, FAKE_CHARACTERISTIC1);
    for (size_t i = 0; i < device->service_count; i++)
        fake_tell_removed(fake, device->service_paths[i], FAKE_SERVICE1);
}

void fake_withdraw(struct fake *fake, struct fake_device *device)
{
    if (!device->exported)
        return;
    fake_hide_services(fake, device);
    device->exported = device->connected = device->resolved = false;
    fake_tell_removed(fake, device->path, FAKE_DEVICE1);
}

void fake_heard(struct fake *fake, struct fake_device *device)
{
    if (!fake->adapter || !fake->powered || !fake->discovering)
        return;
    if (device->exported)
        fake_tell(fake, device->path, FAKE_DEVICE1, "RSSI", "n", -60);
    else
        fake_export(fake, device);
}

void fake_connect(struct fake *fake, struct fake_device *device)
{
    fake_export(fake, device);
    if (device->connected)
        return;
    device->connected = true;
    fake_tell(fake, device->path, FAKE_DEVICE1, "Connected", "b", 1);
    fake_show_services(fake, device);
}

void fake_resolve(struct fake *fake, struct fake_device *device)
{
    if (!device->connected || device->resolved)
        return;
    device->resolved = true;
    fake_tell(fake, device->path, FAKE_DEVICE1, "ServicesResolved", "b", 1);
}

void fake_disconnect(struct fake *fake, struct fake_device *device)
{
    if (!device->connected)
        return;
    if (device->resolved) {
        device->resolved = false;
        fake_tell(fake, device->path, FAKE_DEVICE1, "ServicesResolved", "b", 0);
    }
    device->connected = false;
    fake_tell(fake, device->path, FAKE_DEVICE1, "Connected", "b", 0);
}

void fake_set_powered(struct fake *fake, bool powered)
{
    for (size_t i = 0; i < fake->device_count && !powered; i++)
        fake_disconnect(fake, &fake->devices[i]);
    if (!powered && fake->discovering) {
        fake->discovering = false;
        fake_tell(fake, FAKE_ADAPTER, FAKE_ADAPTER1, "Discovering", "b", 0);
    }
    if (fake->powered == powered)
        return;
    fake->powered = powered;
    fake_tell(fake, FAKE_ADAPTER, FAKE_ADAPTER1, "Powered", "b", (int)powered);
}
