/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a port is to do: the result of the player, and of the device in it.
 */
#ifndef WEARABLE_ACTION_H
#define WEARABLE_ACTION_H

#include <stdint.h>

#include "ward/gatt.h"

enum ward_player_action_kind {
    WARD_ACTION_ADVERTISE_ON,
    WARD_ACTION_ADVERTISE_OFF,
    WARD_ACTION_DISCONNECT,
    WARD_ACTION_FORGET_BONDS, /* delete the bonds with every central */
    WARD_ACTION_BATTERY,      /* a new battery level in octets[0]: notify it */
    WARD_ACTION_SEND,         /* notify or indicate the octets, whatever the characteristic does */
};

struct ward_player_action {
    uint8_t kind; /* enum ward_player_action_kind */
    uint16_t characteristic;
    uint16_t length;
    uint32_t line; /* of the script; 0 for what a central asked for */
    uint8_t octets[WARD_GATT_VALUE_MAX];
};

#endif
