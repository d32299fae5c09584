/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bluez_mirror.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void device_free(struct ward_bluez_mirror_device *device)
{
    while (device->characteristics) {
        struct ward_bluez_mirror_characteristic *next = device->characteristics->next;
        free(device->characteristics);
        device->characteristics = next;
    }
    free(device);
}

void ward_bluez_mirror_done(struct ward_bluez_mirror *mirror)
{
    while (mirror->devices) {
        struct ward_bluez_mirror_device *next = mirror->devices->next;
        device_free(mirror->devices);
        mirror->devices = next;
    }
    mirror->device_count = 0;
}

/* path is device, or lies below it. */
static bool belongs(const char *path, const char *device)
{
    size_t length = strlen(device);
    return strncmp(path, device, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

struct ward_bluez_mirror_device *ward_bluez_mirror_find(const struct ward_bluez_mirror *mirror,
                                                        const char *path)
{
    for (struct ward_bluez_mirror_device *device = mirror->devices; device; device = device->next)
        if (belongs(path, device->path))
            return device;
    return NULL;
}

struct ward_bluez_mirror_device *ward_bluez_mirror_find_address(const struct ward_bluez_mirror *mirror,
                                                                const char *address)
{
    for (struct ward_bluez_mirror_device *device = mirror->devices; device; device = device->next)
        if (strcmp(device->facts.address, address) == 0)
            return device;
    return NULL;
}

struct ward_bluez_mirror_device *ward_bluez_mirror_put(struct ward_bluez_mirror *mirror, const char *path)
{
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(mirror, path);
    if (device)
        return device;
    if (mirror->device_count >= WARD_BLUEZ_MIRROR_DEVICES_MAX || strlen(path) >= sizeof device->path)
        return NULL;
    device = calloc(1, sizeof *device);
    if (!device)
        return NULL;
    strcpy(device->path, path);
    device->facts.rssi = 127;
    device->next = mirror->devices;
    mirror->devices = device;
    mirror->device_count++;
    return device;
}

/* One boolean fact: into, from, and its bit in changed. */
static void take_flag(bool *into, const struct ward_bluez_facts *facts, bool value, uint32_t bit,
                      uint32_t *changed)
{
    if (!(facts->known & bit))
        return;
    if (*into != value)
        *changed |= bit;
    *into = value;
}

uint32_t ward_bluez_mirror_apply(struct ward_bluez_mirror_device *device,
                                 const struct ward_bluez_facts *facts, bool told_by_signal)
{
    struct ward_bluez_facts *into = &device->facts;
    uint32_t changed = 0;

    if ((facts->known & WARD_BLUEZ_FACT_ADDRESS) && strcmp(into->address, facts->address) != 0) {
        memcpy(into->address, facts->address, sizeof into->address);
        changed |= WARD_BLUEZ_FACT_ADDRESS;
    }
    if (facts->known & WARD_BLUEZ_FACT_ADDRESS_TYPE)
        into->address_type = facts->address_type;
    if ((facts->known & WARD_BLUEZ_FACT_NAME) && strcmp(into->name, facts->name) != 0) {
        memcpy(into->name, facts->name, sizeof into->name);
        changed |= WARD_BLUEZ_FACT_NAME;
    }
    if (facts->known & WARD_BLUEZ_FACT_RSSI) {
        into->rssi = facts->rssi;
        changed |= WARD_BLUEZ_FACT_RSSI; /* it is the sign that the device was heard just now */
    }
    if ((facts->known & WARD_BLUEZ_FACT_SERVICES) &&
        memcmp(into->services, facts->services, sizeof into->services) != 0) {
        memcpy(into->services, facts->services, sizeof into->services);
        into->service_count = facts->service_count;
        changed |= WARD_BLUEZ_FACT_SERVICES;
    }
    take_flag(&into->paired, facts, facts->paired, WARD_BLUEZ_FACT_PAIRED, &changed);
    take_flag(&into->bonded, facts, facts->bonded, WARD_BLUEZ_FACT_BONDED, &changed);
    if (told_by_signal && (facts->known & WARD_BLUEZ_FACT_CONNECTED) && facts->connected) {
        into->resolved = false;
        changed |= WARD_BLUEZ_FACT_CONNECTED;
    }
    take_flag(&into->connected, facts, facts->connected, WARD_BLUEZ_FACT_CONNECTED, &changed);
    take_flag(&into->resolved, facts, facts->resolved, WARD_BLUEZ_FACT_RESOLVED, &changed);
    into->known |= facts->known;
    return changed;
}

struct ward_bluez_mirror_characteristic *ward_bluez_mirror_find_characteristic(
    const struct ward_bluez_mirror_device *device, const char *path)
{
    struct ward_bluez_mirror_characteristic *characteristic = device->characteristics;
    while (characteristic && strcmp(characteristic->path, path) != 0)
        characteristic = characteristic->next;
    return characteristic;
}

struct ward_bluez_mirror_characteristic *ward_bluez_mirror_put_characteristic(
    struct ward_bluez_mirror_device *device, const char *path, const char *uuid)
{
    struct ward_bluez_mirror_characteristic *made = ward_bluez_mirror_find_characteristic(device, path);
    if (made)
        return made;
    if (device->characteristic_count >= WARD_BLUEZ_CHARACTERISTICS_MAX || strlen(path) >= sizeof made->path ||
        strlen(uuid) >= sizeof made->uuid)
        return NULL;
    made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    strcpy(made->path, path);
    strcpy(made->uuid, uuid);
    made->short_uuid = ward_bluez_uuid_short(uuid);
    made->next = device->characteristics;
    device->characteristics = made;
    device->characteristic_count++;
    return made;
}

static bool remove_characteristic(struct ward_bluez_mirror_device *device, const char *path)
{
    for (struct ward_bluez_mirror_characteristic **at = &device->characteristics; *at; at = &(*at)->next)
        if (strcmp((*at)->path, path) == 0) {
            struct ward_bluez_mirror_characteristic *gone = *at;
            *at = gone->next;
            device->characteristic_count--;
            free(gone);
            return true;
        }
    return false;
}

bool ward_bluez_mirror_remove(struct ward_bluez_mirror *mirror, const char *path)
{
    for (struct ward_bluez_mirror_device **at = &mirror->devices; *at; at = &(*at)->next) {
        struct ward_bluez_mirror_device *device = *at;
        if (strcmp(device->path, path) == 0) {
            *at = device->next;
            mirror->device_count--;
            device_free(device);
            return true;
        }
        if (belongs(path, device->path))
            return remove_characteristic(device, path);
    }
    return false;
}

void ward_bluez_mirror_sweep(struct ward_bluez_mirror *mirror,
                             bool (*keep)(const struct ward_bluez_mirror_device *device, void *userdata),
                             void *userdata)
{
    struct ward_bluez_mirror_device **at = &mirror->devices;
    while (*at) {
        struct ward_bluez_mirror_device *device = *at;
        if (keep(device, userdata)) {
            at = &device->next;
            continue;
        }
        *at = device->next;
        mirror->device_count--;
        device_free(device);
    }
}

/* Every character of text is as pattern says: 'x' a hex digit, anything else itself; and it ends there. */
static bool looks_like(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++) {
        if (*pattern == 'x' ? !isxdigit((unsigned char)*text) : *text != *pattern)
            return false;
    }
    return *text == '\0';
}

bool ward_bluez_uuid_normalise(const char *text, char ret[static WARD_BLUEZ_UUID_SIZE])
{
    if (looks_like(text, "xxxx"))
        snprintf(ret, WARD_BLUEZ_UUID_SIZE, "0000%s" WARD_GATT_BASE_UUID_TAIL, text);
    else if (looks_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
        memcpy(ret, text, WARD_BLUEZ_UUID_SIZE);
    else
        return false;
    for (char *at = ret; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return true;
}

uint16_t ward_bluez_uuid_short(const char *uuid)
{
    if (strlen(uuid) != WARD_BLUEZ_UUID_SIZE - 1 || strncmp(uuid, "0000", 4) != 0 ||
        strcmp(uuid + 8, WARD_GATT_BASE_UUID_TAIL) != 0)
        return 0;
    return (uint16_t)strtoul(uuid + 4, NULL, 16); /* stops at the dash */
}

bool ward_bluez_address_normalise(const char *text, char ret[static WARD_BLUEZ_ADDRESS_SIZE])
{
    if (!text || !looks_like(text, "xx:xx:xx:xx:xx:xx"))
        return false;
    for (size_t i = 0; i < WARD_BLUEZ_ADDRESS_SIZE; i++)
        ret[i] = (char)toupper((unsigned char)text[i]);
    return true;
}
