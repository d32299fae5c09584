/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GATT server of the wearable: the profile's services and characteristics as D-Bus objects for bluetoothd
 * (org.bluez.GattManager1.RegisterApplication).
 */
#ifndef WEARABLE_BLUEZ_SERVER_H
#define WEARABLE_BLUEZ_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "wearable/core/profile.h"

struct ward_server;

struct ward_server_events {
    void (*subscribed)(void *userdata, uint16_t characteristic, bool subscribed);
    void (*confirmed)(void *userdata, uint16_t characteristic);
    void *userdata;
};

/*
 * Puts the objects on bus, below ward_server_path. Profile and identity are borrowed and must outlive the
 * server. Returns 0 and the server in *ret, or a negative errno.
 */
int ward_server_new(struct ward_server **ret, sd_bus *bus, const struct ward_wearable_profile *profile,
                    const struct ward_wearable_identity *identity, const struct ward_server_events *events);
struct ward_server *ward_server_free(struct ward_server *server);

/* The path to give to RegisterApplication. */
const char *ward_server_path(void);

/*
 * Notifies or indicates octets. Returns 1 when somebody has subscribed, 0 when nobody has, or a negative
 * errno.
 */
int ward_server_send(struct ward_server *server, uint16_t characteristic, const uint8_t *octets,
                     size_t length);

/* Sets the level that reads of 2A19 return. */
void ward_server_set_battery(struct ward_server *server, uint8_t percent);

/* bluetoothd has gone, and every subscription with it. */
void ward_server_forget_subscriptions(struct ward_server *server);

#endif
