/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The budget of connections: a controller holds a few links, and a device that matters more must not stand outside
 * because one that matters less came first. Without D-Bus, clock or heap.
 */
#ifndef WARD_IO_BLUEZ_SLOTS_H
#define WARD_IO_BLUEZ_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An enrolled device, as far as it matters here. */
struct ward_bluez_slot {
    uint8_t priority; /* 0: the least */
    bool connected;
    bool resting;           /* it was sent away, and wants no connection now */
    bool may_rest;          /* it is always present: it can be sent away and will be back */
    uint64_t busy_until_us; /* when connected: it is left alone until then */
};

struct ward_bluez_slots_choice {
    size_t rest;            /* the index of the one to be let rest; the count of slots: none */
    uint64_t look_again_us; /* when to ask again if nothing else changes; UINT64_MAX: never */
};

/* What to do at now_us with count devices of which connections_max can be connected. */
struct ward_bluez_slots_choice ward_bluez_slots_choose(const struct ward_bluez_slot *slots, size_t count,
                                                       unsigned connections_max, uint64_t now_us);

#endif
