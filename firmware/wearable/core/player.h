/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays a script on a clock that the caller owns: time is an argument, what is to be done is the result.
 *
 * The caller tells what happens on the link with the ward_player_ functions of events, and calls
 * ward_player_step until it says WAIT, then again at the deadline or after the next event. A step begins at
 * the moment the one before it ended, not when the caller came round, so that a stream does not drift.
 */
#ifndef WEARABLE_PLAYER_H
#define WEARABLE_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/script.h"

enum ward_player_result {
    WARD_PLAYER_ACTION, /* carry out the action, then step again */
    WARD_PLAYER_WAIT,   /* nothing to do before the deadline or an event */
    WARD_PLAYER_DONE,   /* the script is at its end */
};

enum ward_player_action_kind {
    WARD_ACTION_ADVERTISE_ON,
    WARD_ACTION_ADVERTISE_OFF,
    WARD_ACTION_DISCONNECT,
    WARD_ACTION_BATTERY, /* a new battery level in octets[0]: notify it, and answer reads with it */
    WARD_ACTION_SEND,    /* notify or indicate the octets, whatever the characteristic does */
};

#define WARD_PLAYER_NEVER UINT64_MAX

struct ward_player_action {
    uint8_t kind; /* enum ward_player_action_kind */
    uint8_t length;
    uint16_t characteristic;
    uint8_t octets[WARD_SCRIPT_RAW_MAX];
    uint32_t line; /* of the script */
};

struct ward_player {
    const struct ward_script *script;
    size_t step;
    uint64_t step_began_us;
    uint32_t frames_sent; /* of the stream being played */
    uint32_t rounds[WARD_SCRIPT_DEPTH_MAX];
    size_t depth;
    bool begun;
    bool connected;
    uint32_t subscribed;                 /* set of 1 << index into the profile's characteristics */
    bool confirmed;                      /* nothing indicated waits for its confirmation */
    bool resend;                         /* and the link was lost since, or nobody listened */
    uint8_t contact;                     /* enum ward_sample_contact */
    struct ward_player_action indicated; /* the last indication */
};

/* Begins script at its first step. The script is borrowed and must outlive the player. */
void ward_player_init(struct ward_player *player, const struct ward_script *script);

void ward_player_connected(struct ward_player *player, bool connected);
void ward_player_subscribed(struct ward_player *player, uint16_t characteristic, bool subscribed);
void ward_player_confirmed(struct ward_player *player);

/* Plays up to now_us. Sets *ret_action only with ACTION and *ret_deadline_us only with WAIT. */
enum ward_player_result ward_player_step(struct ward_player *player, uint64_t now_us,
                                         struct ward_player_action *ret_action, uint64_t *ret_deadline_us);

#endif
