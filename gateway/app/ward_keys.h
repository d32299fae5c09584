/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ward's keys while the gateway runs: those of the file, and what root has changed of them, which is kept in the
 * database. A key that was revoked is not believed from that moment on, nor after a restart, whatever the file says; so
 * while the database cannot be read nobody is believed (inbox.c).
 */
#ifndef WARD_APP_WARD_KEYS_H
#define WARD_APP_WARD_KEYS_H

#include "io/store_types.h"

struct ward_gateway;

/* One row of the snapshot; others are ignored. If it cannot be read the ward's keys are no longer believed at all. */
void ward_keys_restore(struct ward_gateway *gateway, const struct ward_store_change *row);

/* The changes as they are now, to be stored. Returns the text that ret borrows, to be freed; NULL without memory. */
char *ward_keys_change(const struct ward_gateway *gateway, struct ward_store_change *ret);

/* A fresh file knows nothing of them. */
void ward_keys_submit_again(struct ward_gateway *gateway);

#endif
