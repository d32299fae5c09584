/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that each device has given us, as keys of their names (core/duplicate.h): in memory, so that a duplicate
 * is known before it is evaluated, and in the file, since a device may repeat its memory months later. Of each device
 * the newest WARD_STORE_KNOWN_MAX are remembered. A device that is forgotten and enrolled again is still known.
 *
 * Only what came over a proved link is remembered: whoever can copy a record and an address could otherwise have the true
 * one taken for a duplicate.
 */
#ifndef WARD_APP_KNOWN_H
#define WARD_APP_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/registry.h"
#include "io/store_types.h"

struct ward_known_device;

struct ward_known {
    struct ward_known_device *devices[WARD_DEVICES_MAX];
    size_t count;
};

/* What the file remembers, in the order of the snapshot. Returns false for want of memory. */
bool ward_known_restore(struct ward_known *known, const struct ward_store_known *stored);

bool ward_known_has(const struct ward_known *known, const char *device,
                    const uint8_t key[static WARD_STORE_KEY_OCTETS]);

/*
 * Remembers a key that is not known yet. ret is what the file must remember, in the transaction of the record. Returns
 * false, with nothing remembered, for want of memory or of room for one more device.
 */
bool ward_known_add(struct ward_known *known, const char *device,
                    const uint8_t key[static WARD_STORE_KEY_OCTETS], struct ward_store_known *ret);

/* It is not stored after all: it is not known, and taken for new when it comes again. */
void ward_known_forget(struct ward_known *known, const struct ward_store_known *stored);

/* For a fresh file: the next one after position (device, number) in any order; begin with {0, 0}. False at the end. */
struct ward_known_position {
    size_t device;
    size_t index;
};
bool ward_known_next(const struct ward_known *known, struct ward_known_position *position,
                     struct ward_store_known *ret);

void ward_known_done(struct ward_known *known);

#endif
