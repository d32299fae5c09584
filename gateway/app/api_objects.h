/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the objects on the bus show (io/bus_objects.h), from the gateway's parts as they are now. It is looked at after
 * whatever may have changed it, and no more often than each WARD_API_LOOK_US: what comes in between is looked at when
 * that time is over. Nothing is looked at while nothing happens.
 *
 * A device's values are made only when some of them may differ from those that were told: those of all devices when who is
 * enrolled and bound, or a device's firmware, has changed; and those of one when what is known of it at this moment has.
 */
#ifndef WARD_APP_API_OBJECTS_H
#define WARD_APP_API_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/annunciator.h"
#include "ward/alarm.h"

#define WARD_API_LOOK_US UINT64_C(250000)

struct ward_gateway;

/* What is annunciated in the room, as a display would show it. */
struct ward_api_objects {
    uint64_t next_us;    /* not before then */
    uint64_t generation; /* of what was told of all devices */
    uint8_t priority;    /* enum ward_alarm_priority */
    bool silenced, undelivered;
    char text[WARD_ALARM_TEXT_MAX + 1];
};

/* What is shown has changed. */
void ward_api_objects_annunciated(struct ward_gateway *gateway, const struct ward_annunciation *what);

/* After any input. Returns when to be called again, in boot-time microseconds; UINT64_MAX: after the next input. */
uint64_t ward_api_objects_check(struct ward_gateway *gateway, uint64_t now_us);

#endif
