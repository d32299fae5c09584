/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wearable advertises, as an object for bluetoothd (org.bluez.LEAdvertisingManager1).
 */
#ifndef WEARABLE_BLUEZ_ADVERTISEMENT_H
#define WEARABLE_BLUEZ_ADVERTISEMENT_H

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "wearable/core/profile.h"

struct ward_advertisement;

/* adapter_path and name are copied, profile is borrowed. Returns 0 or a negative errno. */
int ward_advertisement_new(struct ward_advertisement **ret, sd_bus *bus, const char *adapter_path,
                           const struct ward_wearable_profile *profile, const char *name);
struct ward_advertisement *ward_advertisement_free(struct ward_advertisement *advertisement);

/*
 * Starts or stops advertising. What bluetoothd refuses is logged when its answer comes. Returns 0 or a
 * negative errno when it could not be asked.
 */
int ward_advertisement_set(struct ward_advertisement *advertisement, bool on);

/* Asks bluetoothd again for what was last set: after it was restarted, or the adapter was powered. */
int ward_advertisement_renew(struct ward_advertisement *advertisement);

#endif
