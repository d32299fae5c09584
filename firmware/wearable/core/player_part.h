/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of the player share; for player*.c only. */
#ifndef WEARABLE_PLAYER_PART_H
#define WEARABLE_PLAYER_PART_H

#include "wearable/core/player.h"

/* What playing one step came to. */
enum ward_turn_outcome {
    WARD_TURN_OVER,        /* go on with the next step */
    WARD_TURN_OVER_ACTION, /* the same, after the action */
    WARD_TURN_AGAIN,       /* this step again at once */
    WARD_TURN_STAY_ACTION, /* the action, and this step again */
    WARD_TURN_STAY,        /* wait */
};

struct ward_turn {
    uint64_t now_us;
    uint64_t deadline_us;
    struct ward_player_action *action;
};

/* The action is a value: what the script indicates is kept until it is confirmed. */
void ward_player_send(struct ward_player *player, uint16_t characteristic, struct ward_player_action *action);

/* Until the last indication is confirmed: again on each connection. */
enum ward_turn_outcome ward_play_wait_confirmed(struct ward_player *player, struct ward_turn *turn);

/* The steps that measure, and those that concern what the device keeps. */
enum ward_turn_outcome ward_play_measure(struct ward_player *player, const struct ward_step *step,
                                         struct ward_turn *turn);
enum ward_turn_outcome ward_play_stream(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn);
enum ward_turn_outcome ward_play_store(struct ward_player *player, const struct ward_step *step,
                                       struct ward_turn *turn);
enum ward_turn_outcome ward_play_report(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn);
enum ward_turn_outcome ward_play_battery(struct ward_player *player, const struct ward_step *step,
                                         struct ward_turn *turn);
enum ward_turn_outcome ward_play_clock(struct ward_player *player, const struct ward_step *step,
                                       struct ward_turn *turn);
enum ward_turn_outcome ward_play_fault(struct ward_player *player, const struct ward_step *step);

/* The battery falls whatever step is played. Returns whether action says so now. */
bool ward_play_drain(struct ward_player *player, uint64_t now_us, struct ward_player_action *action);

#endif
