/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a script on a clock that the caller owns: time is an argument, what is to be done is the result. What centrals
 * ask of the device goes out between the script's steps.
 *
 * The caller tells what happens on the link with the ward_player_ functions of events, reads and writes player->device
 * (ward_device_read, ward_device_write), and calls ward_player_step until it says WAIT, then again at the deadline or
 * after the next event. A step begins at the moment the one before it ended, not when the caller came round, so that a
 * stream does not drift.
 */
#ifndef WEARABLE_PLAYER_H
#define WEARABLE_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/action.h"
#include "wearable/core/device.h"
#include "wearable/core/script.h"

enum ward_player_result {
    WARD_PLAYER_ACTION, /* carry out the action, then step again */
    WARD_PLAYER_WAIT,   /* nothing to do before the deadline or an event */
    WARD_PLAYER_DONE,   /* the script is at its end */
};

#define WARD_PLAYER_NEVER UINT64_MAX

struct ward_player {
    const struct ward_script *script;
    struct ward_device device;
    size_t step;
    uint64_t step_began_us;
    uint32_t frames_sent; /* of the stream being played */
    uint32_t rounds[WARD_SCRIPT_DEPTH_MAX];
    size_t depth;
    bool begun;
    bool confirmed;    /* nothing that the script indicated waits for its confirmation */
    bool resend;       /* and the link was lost since, or nobody listened */
    bool reporting;    /* a record was sent, and goes when it is confirmed */
    bool repeated;     /* it was sent twice, as a fault wants it */
    uint16_t reported; /* its sequence number */
    uint32_t drain_ms; /* the battery loses one percent each time; 0: it does not */
    uint64_t drain_due_us;
    uint64_t settled_us;                 /* what was sent has left the stack then */
    uint64_t held_until_us;              /* a value that a fault makes late; 0: none */
    uint8_t contact;                     /* enum ward_sample_contact */
    struct ward_player_action indicated; /* the last indication */
    struct ward_player_action held;
};

/*
 * Begins script at its first step, its clock at the epoch. The script is borrowed and must outlive the player. A port
 * that knows the time sets player->device.clock.
 */
void ward_player_init(struct ward_player *player, const struct ward_script *script);

void ward_player_connected(struct ward_player *player, bool connected);
void ward_player_subscribed(struct ward_player *player, uint16_t characteristic, bool subscribed);
void ward_player_confirmed(struct ward_player *player, uint16_t characteristic);

/* Plays up to now_us. *ret_action means something with ACTION only, *ret_deadline_us with WAIT only. */
enum ward_player_result ward_player_step(struct ward_player *player, uint64_t now_us,
                                         struct ward_player_action *ret_action, uint64_t *ret_deadline_us);

#endif
