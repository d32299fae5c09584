/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bluez_mirror.h"

#include <stdlib.h>
#include <string.h>

#include "io/bluez_uuid.h"

static void device_free(struct ward_bluez_mirror_device *device)
{
    while (device->characteristics) {
        struct ward_bluez_mirror_characteristic *next = device->characteristics->next;
        free(device->characteristics);
        device->characteristics = next;
    }
    while (device->services) {
        struct ward_bluez_mirror_service *next = device->services->next;
        free(device->services);
        device->services = next;
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
        (into->offered != facts->offered ||
         memcmp(into->services, facts->services, sizeof into->services) != 0)) {
        memcpy(into->services, facts->services, sizeof into->services);
        into->service_count = facts->service_count;
        into->offered = facts->offered;
        changed |= WARD_BLUEZ_FACT_SERVICES;
    }
    take_flag(&into->paired, facts, facts->paired, WARD_BLUEZ_FACT_PAIRED, &changed);
    take_flag(&into->bonded, facts, facts->bonded, WARD_BLUEZ_FACT_BONDED, &changed);
    take_flag(&into->trusted, facts, facts->trusted, WARD_BLUEZ_FACT_TRUSTED, &changed);
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

struct ward_bluez_mirror_service *ward_bluez_mirror_put_service(struct ward_bluez_mirror_device *device,
                                                                const char *path, const char *uuid)
{
    struct ward_bluez_mirror_service *service = device->services;
    while (service && strcmp(service->path, path) != 0)
        service = service->next;
    if (service)
        return service;
    if (device->service_count >= WARD_BLUEZ_MIRROR_SERVICES_MAX || strlen(path) >= sizeof service->path ||
        strlen(uuid) >= sizeof service->uuid)
        return NULL;
    service = calloc(1, sizeof *service);
    if (!service)
        return NULL;
    strcpy(service->path, path);
    strcpy(service->uuid, uuid);
    service->short_uuid = ward_bluez_uuid_short(uuid);
    service->next = device->services;
    device->services = service;
    device->service_count++;
    return service;
}

const struct ward_bluez_mirror_service *ward_bluez_mirror_service_of(
    const struct ward_bluez_mirror_device *device,
    const struct ward_bluez_mirror_characteristic *characteristic)
{
    const struct ward_bluez_mirror_service *service = device->services;
    while (service && !belongs(characteristic->path, service->path))
        service = service->next;
    return service;
}

struct ward_bluez_mirror_characteristic *ward_bluez_mirror_look_up(
    const struct ward_bluez_mirror_device *device, const char *service, const char *uuid)
{
    for (struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next) {
        const struct ward_bluez_mirror_service *of =
            strcmp(at->uuid, uuid) == 0 ? ward_bluez_mirror_service_of(device, at) : NULL;
        if (of && strcmp(of->uuid, service) == 0)
            return at;
    }
    return NULL;
}

static bool remove_service(struct ward_bluez_mirror_device *device, const char *path)
{
    for (struct ward_bluez_mirror_service **at = &device->services; *at; at = &(*at)->next)
        if (strcmp((*at)->path, path) == 0) {
            struct ward_bluez_mirror_service *gone = *at;
            *at = gone->next;
            device->service_count--;
            free(gone);
            return true;
        }
    return false;
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
            return remove_characteristic(device, path) || remove_service(device, path);
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
