/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wearable on one BlueZ adapter: waits for the adapter, powers it, registers agent and GATT
 * application, follows the connections of centrals. All of it starts over when bluetoothd comes back.
 */
#ifndef WEARABLE_BLUEZ_PERIPHERAL_H
#define WEARABLE_BLUEZ_PERIPHERAL_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

struct ward_peripheral;

struct ward_peripheral_options {
    const char *adapter; /* "hci1" */
    const char *name;    /* the Alias of the adapter, which is the GAP device name */
    const char *application_path;
};

struct ward_peripheral_events {
    void (*ready)(void *userdata);                     /* registered: it may advertise */
    void (*lost)(void *userdata);                      /* bluetoothd or the adapter has gone */
    void (*connected)(void *userdata, bool connected); /* the first central came, the last one left */
    void *userdata;
};

/* Texts are copied. Returns 0 and the peripheral in *ret, or a negative errno. */
int ward_peripheral_new(struct ward_peripheral **ret, sd_bus *bus,
                        const struct ward_peripheral_options *options,
                        const struct ward_peripheral_events *events);
struct ward_peripheral *ward_peripheral_free(struct ward_peripheral *peripheral);

/* Ends every connection to a central. Returns 0 or a negative errno. */
int ward_peripheral_disconnect(struct ward_peripheral *peripheral);

/* Deletes the bonds of this adapter with all devices, also those of an earlier run. Returns 0 or a negative errno. */
int ward_peripheral_forget_bonds(struct ward_peripheral *peripheral);

#endif
