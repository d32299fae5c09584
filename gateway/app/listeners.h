/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From each adapter to who in the gateway cares. The userdata of all of them is the gateway.
 */
#ifndef WARD_APP_LISTENERS_H
#define WARD_APP_LISTENERS_H

#include "io/bluez.h"
#include "io/clock.h"
#include "io/spool.h"

/* Somebody in the room pressed the button: everything that sounds is silent for a while. */
void ward_button_event(void *userdata);

extern const struct ward_spool_listener ward_spool_events;
extern const struct ward_bluez_listener ward_bluez_events;
ward_clock_jumped ward_clock_event;

#endif
