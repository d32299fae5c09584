/* SPDX-License-Identifier: Apache-2.0 */
/* The adapter and its devices, and the objects that bluetoothd 5.66 shows of them. */
#include "fake_bluez.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *service, *characteristic, *flag;
} profiles[] = {
    {"1822", "2a5e", "indicate"}, {"1822", "2a5f", "notify"},   {"180d", "2a37", "notify"},
    {"1810", "2a35", "indicate"}, {"1809", "2a1c", "indicate"}, {"1808", "2a18", "notify"},
    {"1808", "2a34", "notify"},   {"181d", "2a9d", "indicate"}, {"1805", "2a2b", "read"},
    {"180a", "2a25", "read"},     {"180a", "2a26", "read"},
};

struct fake_device *fake_find(struct fake *fake, const char *address)
{
    for (size_t i = 0; i < fake->device_count; i++)
        if (strcasecmp(fake->devices[i].address, address) == 0)
            return &fake->devices[i];
    return NULL;
}

struct fake_device *fake_find_path(struct fake *fake, const char *path)
{
    for (size_t i = 0; i < fake->device_count; i++)
        if (strncmp(fake->devices[i].path, path, strlen(fake->devices[i].path)) == 0)
            return &fake->devices[i];
    return NULL;
}

struct fake_characteristic *fake_find_characteristic(struct fake_device *device, const char *uuid)
{
    char full[FAKE_UUID_SIZE];

    fake_uuid(uuid, full);
    for (size_t i = 0; i < device->characteristic_count; i++)
        if (strcmp(device->characteristics[i].uuid, full) == 0)
            return &device->characteristics[i];
    return NULL;
}

struct fake_characteristic *fake_find_characteristic_at(struct fake_device *device, const char *path)
{
    for (size_t i = 0; i < device->characteristic_count; i++)
        if (strcmp(device->characteristics[i].path, path) == 0)
            return &device->characteristics[i];
    return NULL;
}

void fake_uuid(const char *text, char ret[static FAKE_UUID_SIZE])
{
    snprintf(ret, FAKE_UUID_SIZE, strlen(text) == 4 ? "0000%s-0000-1000-8000-00805f9b34fb" : "%s", text);
}

struct fake_device *fake_add(struct fake *fake, const char *address)
{
    struct fake_device *device;

    if (fake->device_count == FAKE_DEVICES_MAX || strlen(address) != 17)
        return NULL;
    device = &fake->devices[fake->device_count++];
    snprintf(device->address, sizeof(device->address), "%s", address);
    snprintf(device->path, sizeof(device->path), FAKE_ADAPTER "/dev_%s", address);
    for (char *at = device->path; *at; at++)
        if (*at == ':')
            *at = '_';
    return device;
}

void fake_add_service(struct fake_device *device, const char *uuid)
{
    const size_t at = device->service_count;
    char path[FAKE_PATH_SIZE];

    if (at == FAKE_SERVICES_MAX)
        return;
    fake_uuid(uuid, device->services[at]);
    snprintf(path, sizeof(path), "%.60s/service%04zx", device->path, 16 * (at + 1));
    memcpy(device->service_paths[at], path, sizeof(path));
    device->service_count++;
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        struct fake_characteristic *made = &device->characteristics[device->characteristic_count];

        if (strcmp(profiles[i].service, uuid) != 0 ||
            device->characteristic_count == FAKE_CHARACTERISTICS_MAX)
            continue;
        device->characteristic_count++;
        fake_uuid(profiles[i].characteristic, made->uuid);
        made->flag = profiles[i].flag;
        snprintf(made->path, sizeof(made->path), "%.75s/char%04zx", path, 16 * (at + 1) + 1 + 3 * i);
    }
}

/* --- properties -------------------------------------------------------------------------------------------------- */

int fake_append_values(sd_bus_message *message, const char *name, const char *type, va_list values)
{
    int r = sd_bus_message_open_container(message, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(message, "s", name);
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'v', type);
    if (r >= 0)
        r = sd_bus_message_appendv(message, type, values);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

int fake_append_property(sd_bus_message *message, const char *name, const char *type, ...)
{
    va_list values;
    int r;

    va_start(values, type);
    r = fake_append_values(message, name, type, values);
    va_end(values);
    return r;
}

static int append_services(const struct fake_device *device, sd_bus_message *message)
{
    int r = sd_bus_message_open_container(message, 'e', "sv");

    if (r >= 0)
        r = sd_bus_message_append(message, "s", "UUIDs");
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'v', "as");
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'a', "s");
    for (size_t i = 0; i < device->service_count && r >= 0; i++)
        r = sd_bus_message_append(message, "s", device->services[i]);
    for (int depth = 0; depth < 3 && r >= 0; depth++)
        r = sd_bus_message_close_container(message);
    return r;
}

static int append_device(const struct fake_device *device, sd_bus_message *message)
{
    const struct {
        const char *name;
        bool value;
    } flags[] = {{"Paired", device->bonded},
                 {"Bonded", device->bonded},
                 {"Trusted", device->trusted},
                 {"Connected", device->connected},
                 {"ServicesResolved", device->resolved}};
    int r = fake_append_property(message, "Address", "s", device->address);

    if (r >= 0)
        r = fake_append_property(message, "AddressType", "s", "public");
    if (r >= 0 && device->name[0])
        r = fake_append_property(message, "Name", "s", device->name);
    if (r >= 0 && device->name[0])
        r = fake_append_property(message, "Alias", "s", device->name);
    if (r >= 0)
        r = fake_append_property(message, "Adapter", "o", FAKE_ADAPTER);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && r >= 0; i++)
        r = fake_append_property(message, flags[i].name, "b", (int)flags[i].value);
    if (r >= 0 && device->advertises)
        r = fake_append_property(message, "RSSI", "n", -60);
    return r < 0 ? r : append_services(device, message);
}

static int append_adapter(const struct fake *fake, sd_bus_message *message)
{
    int r = fake_append_property(message, "Address", "s", "00:AA:01:00:00:00");

    if (r >= 0)
        r = fake_append_property(message, "Powered", "b", (int)fake->powered);
    if (r >= 0)
        r = fake_append_property(message, "Pairable", "b", (int)fake->pairable);
    return r < 0 ? r : fake_append_property(message, "Discovering", "b", (int)fake->discovering);
}

static int append_gatt(const struct fake_device *device, sd_bus_message *message, const char *path)
{
    int r = -1;

    for (size_t i = 0; i < device->service_count; i++)
        if (strcmp(device->service_paths[i], path) == 0) {
            r = fake_append_property(message, "UUID", "s", device->services[i]);
            return r < 0 ? r : fake_append_property(message, "Primary", "b", 1);
        }
    for (size_t i = 0; i < device->characteristic_count; i++)
        if (strcmp(device->characteristics[i].path, path) == 0) {
            r = fake_append_property(message, "UUID", "s", device->characteristics[i].uuid);
            if (r >= 0)
                r = fake_append_property(message, "Flags", "as", 1, device->characteristics[i].flag);
        }
    return r;
}

int fake_append_interface(struct fake *fake, sd_bus_message *message, const char *path, const char *interface)
{
    const struct fake_device *device = fake_find_path(fake, path);
    int r = sd_bus_message_open_container(message, 'a', "{sv}");

    if (r >= 0 && strcmp(interface, FAKE_ADAPTER1) == 0)
        r = append_adapter(fake, message);
    else if (r >= 0 && device && strcmp(interface, FAKE_DEVICE1) == 0)
        r = append_device(device, message);
    else if (r >= 0 && device)
        r = append_gatt(device, message, path);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

/* --- objects ----------------------------------------------------------------------------------------------------- */

/* path and interfaces, as InterfacesAdded has them; extra: an interface without properties, or NULL. */
int fake_append_object(struct fake *fake, sd_bus_message *message, const char *path, const char *interface,
                       const char *extra)
{
    int r = sd_bus_message_append(message, "o", path);

    if (r >= 0)
        r = sd_bus_message_open_container(message, 'a', "{sa{sv}}");
    if (r >= 0)
        r = sd_bus_message_open_container(message, 'e', "sa{sv}");
    if (r >= 0)
        r = sd_bus_message_append(message, "s", interface);
    if (r >= 0)
        r = fake_append_interface(fake, message, path, interface);
    if (r >= 0)
        r = sd_bus_message_close_container(message);
    if (r >= 0 && extra)
        r = sd_bus_message_append(message, "{sa{sv}}", extra, 0);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_entry(struct fake *fake, sd_bus_message *message, const char *path, const char *interface,
                        const char *extra)
{
    int r = sd_bus_message_open_container(message, 'e', "oa{sa{sv}}");

    if (r >= 0)
        r = fake_append_object(fake, message, path, interface, extra);
    return r < 0 ? r : sd_bus_message_close_container(message);
}

/* In bluetoothd the order is that of a hash table; here characteristics come before their device. */
int fake_append_objects(struct fake *fake, sd_bus_message *message)
{
    int r = sd_bus_message_open_container(message, 'a', "{oa{sa{sv}}}");

    if (r >= 0 && fake->malformed)
        r = fake_append_malformed(message);
    for (size_t i = 0; i < fake->device_count && r >= 0; i++) {
        const struct fake_device *device = &fake->devices[i];

        for (size_t j = 0; j < device->characteristic_count && r >= 0 && device->services_shown; j++)
            if (!device->characteristics[j].omitted)
                r = append_entry(fake, message, device->characteristics[j].path, FAKE_CHARACTERISTIC1, NULL);
        for (size_t j = 0; j < device->service_count && r >= 0 && device->services_shown; j++)
            r = append_entry(fake, message, device->service_paths[j], FAKE_SERVICE1, NULL);
        if (r >= 0 && device->exported)
            r = append_entry(fake, message, device->path, FAKE_DEVICE1, NULL);
    }
    if (r >= 0 && fake->adapter)
        r = append_entry(fake, message, FAKE_ADAPTER, FAKE_ADAPTER1, "org.bluez.GattManager1");
    if (r >= 0)
        r = sd_bus_message_append(message, "{oa{sa{sv}}}", "/org/bluez", 1, "org.bluez.AgentManager1", 0);
    return r < 0 ? r : sd_bus_message_close_container(message);
}
