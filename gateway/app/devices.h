/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of each device at this moment: its link, its battery, when it was heard last. Not stored.
 */
#ifndef WARD_APP_DEVICES_H
#define WARD_APP_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/registry.h"
#include "core/device_clock.h"
#include "io/bluez.h"

#define WARD_DEVICE_CONDITIONS_MAX 8

#define WARD_BATTERY_UNKNOWN (-1)

/* What was told last of it on the bus; told false: nothing. */
struct ward_device_shown {
    bool told, connected, needs_pairing, has_clock;
    int8_t battery_percent;
    uint8_t clock_state;
    int64_t last_seen_ms; /* 0: not known */
    struct ward_id claimed_by;
};

struct ward_device_now {
    struct ward_id device;
    bool connected, needs_pairing;
    bool proved; /* its newest connection was */
    int8_t battery_percent;
    uint16_t battery_low_said_by; /* the characteristic whose status says that it is low; 0: none */
    uint64_t battery_low_said_us; /* when it was said last; 0: never */
    bool battery_low_said_again;  /* after it had been taken back not long before */
    uint64_t undecodable_us;      /* when its newest frame came that cannot be decoded; 0: none has */
    bool undecodable_again;       /* and not long before it another one */
    bool decodable_since;         /* a good one has come since, too soon to end that */
    uint64_t poor_since_us;       /* since when its stream had a poor signal only; 0: it does not */
    struct ward_time heard;       /* boot_us 0: not since the start */
    bool has_clock;               /* it was looked at since the start; then: */
    uint8_t clock_state;          /* enum ward_device_clock_state */
    uint64_t measured_us; /* when it measured something of somebody, and no test; 0: not since the start */
    uint64_t duplicates;  /* records that it sent again, since the start */
    struct ward_id claimed_by; /* whose its readings are from then until then, if it is shared */
    uint64_t claimed_from_us, claimed_until_us;
    uint8_t conditions[WARD_DEVICE_CONDITIONS_MAX]; /* 0: not known; otherwise 1 + enum ward_alarm_priority */
    struct ward_device_shown shown;                 /* by api_objects.c */
};

struct ward_devices {
    struct ward_device_now list[WARD_DEVICES_MAX];
    size_t count;
};

/* The entry of a device, made when there is none; NULL only when WARD_DEVICES_MAX others are known. */
struct ward_device_now *ward_devices_entry(struct ward_devices *devices, const char *device);
/* NULL when nothing is known of it. */
const struct ward_device_now *ward_devices_find(const struct ward_devices *devices, const char *device);
void ward_devices_drop(struct ward_devices *devices, const char *device);

#endif
