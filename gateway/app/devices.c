/* SPDX-License-Identifier: Apache-2.0 */
#include "app/devices.h"

#include <stdio.h>
#include <string.h>

static size_t find(const struct ward_devices *devices, const char *device)
{
    size_t i = 0;

    while (i < devices->count && strcmp(devices->list[i].device.text, device) != 0)
        i++;
    return i;
}

struct ward_device_now *ward_devices_entry(struct ward_devices *devices, const char *device)
{
    size_t at = find(devices, device);

    if (at == WARD_DEVICES_MAX)
        return NULL;
    if (at == devices->count) {
        devices->list[devices->count++] = (struct ward_device_now){.battery_percent = WARD_BATTERY_UNKNOWN};
        snprintf(devices->list[at].device.text, sizeof(devices->list[at].device.text), "%s", device);
    }
    return &devices->list[at];
}

const struct ward_device_now *ward_devices_find(const struct ward_devices *devices, const char *device)
{
    size_t at = find(devices, device);

    return at < devices->count ? &devices->list[at] : NULL;
}

void ward_devices_drop(struct ward_devices *devices, const char *device)
{
    size_t at = find(devices, device);

    if (at < devices->count)
        devices->list[at] = devices->list[--devices->count];
}
