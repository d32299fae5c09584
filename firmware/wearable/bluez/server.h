/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GATT server of the wearable: the profile's services and characteristics as D-Bus objects for bluetoothd
 * (org.bluez.GattManager1.RegisterApplication). What reads and writes mean is the device's matter.
 */
#ifndef WEARABLE_BLUEZ_SERVER_H
#define WEARABLE_BLUEZ_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "wearable/core/device.h"

#define WARD_UUID_TEXT_LENGTH 36

struct ward_server;

struct ward_server_events {
    void (*subscribed)(void *userdata, uint16_t characteristic, bool subscribed);
    void (*confirmed)(void *userdata, uint16_t characteristic);
    void (*written)(void *userdata, uint16_t characteristic, const uint8_t *octets, size_t length,
                    enum ward_att_error refusal);
    void *userdata;
};

/*
 * Puts the objects on bus, below ward_server_path. Device and identity are borrowed and must outlive the
 * server. Returns 0 and the server in *ret, or a negative errno.
 */
int ward_server_new(struct ward_server **ret, sd_bus *bus, struct ward_device *device,
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

/* bluetoothd has gone, and every subscription with it. */
void ward_server_forget_subscriptions(struct ward_server *server);

/* The 128-bit form of a UUID of the profile, in lower case. */
void ward_server_print_uuid(const struct ward_wearable_profile *profile, uint16_t uuid,
                            char ret[WARD_UUID_TEXT_LENGTH + 1]);

#endif
