/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the peripheral share; for peripheral*.c only. */
#ifndef WEARABLE_BLUEZ_PERIPHERAL_PART_H
#define WEARABLE_BLUEZ_PERIPHERAL_PART_H

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "wearable/bluez/peripheral.h"

#define BLUEZ          "org.bluez"
#define ADAPTER        "org.bluez.Adapter1"
#define DEVICE         "org.bluez.Device1"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define CENTRALS_MAX   4
#define PATH_LENGTH    80

struct ward_peripheral {
    sd_bus *bus;
    struct ward_agent *agent;
    char adapter_path[PATH_LENGTH];
    char *name;
    char *application_path;
    struct ward_peripheral_events events;
    sd_bus_slot *match_owner, *match_added, *match_removed, *match_changed;
    sd_bus_slot *pending; /* the call of the chain, or GetManagedObjects */
    sd_event_source *retry;
    bool present;
    char centrals[CENTRALS_MAX][PATH_LENGTH]; /* paths of connected devices; "" is free */
    char (*known)[PATH_LENGTH];               /* of all devices that bluetoothd knows on this adapter */
    size_t known_count;
};

/* The adapter is there: agent, then the chain of calls that ends in events.ready. Returns 0 or a negative errno. */
int ward_peripheral_appear(struct ward_peripheral *peripheral);

#endif
