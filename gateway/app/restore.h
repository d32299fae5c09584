/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the database holds becomes what the gateway knows: patients with their plans and alarm states, devices and whose
 * they are, what the ward has.
 *
 * A database that can be read but not written is no different: everybody is looked after, and what happens waits in
 * memory. One that cannot be read either leaves it unknown who the patients are and what was ordered before. Then the
 * radio stays off, so that devices keep what they have; nothing is changed, ordered or admitted, since a command that was
 * used could not be told from a new one; and the ward, and whoever is in the room, are told that nobody is monitored.
 */
#ifndef WARD_APP_RESTORE_H
#define WARD_APP_RESTORE_H

#include "io/store_types.h"

struct ward_gateway;

/* At the start, or when the disk is back at last. From now on gateway->restored is set. */
void ward_restore(struct ward_gateway *gateway, const struct ward_store_snapshot *snapshot);

/* A fresh file has been given all that is known, in numbers of its own epoch. */
void ward_restore_begun(struct ward_gateway *gateway);

/* The store was opened without a snapshot. */
void ward_restore_nothing(struct ward_gateway *gateway);

#endif
