/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/player_part.h"

/*
 * From a record to the answer that ends a transfer. Stacks queue notifications and indications apart: BlueZ has been
 * seen to let the answer overtake the last record.
 */
#define SETTLE_US UINT64_C(200000)

void ward_player_init(struct ward_player *player, const struct ward_script *script)
{
    *player = (struct ward_player){.script = script, .confirmed = true, .contact = WARD_SAMPLE_CONTACT_OK};
    ward_device_init(&player->device, script->profile);
}

void ward_player_connected(struct ward_player *player, bool connected)
{
    ward_device_connected(&player->device, connected);
    if (!connected && !player->confirmed)
        player->resend = true;
}

void ward_player_subscribed(struct ward_player *player, uint16_t characteristic, bool subscribed)
{
    ward_device_subscribed(&player->device, characteristic, subscribed);
}

void ward_player_confirmed(struct ward_player *player, uint16_t characteristic)
{
    ward_device_confirmed(&player->device, characteristic);
    if (characteristic != player->indicated.characteristic)
        return;
    player->confirmed = true;
    player->resend = false;
}

void ward_player_send(struct ward_player *player, uint16_t characteristic, struct ward_player_action *action)
{
    const struct ward_wearable_characteristic *served =
        ward_wearable_characteristic_find(player->script->profile, characteristic);

    action->kind = WARD_ACTION_SEND;
    action->characteristic = characteristic;
    ward_device_sends(&player->device, action);
    if (served->properties & WARD_PROPERTY_INDICATE) {
        player->indicated = *action;
        player->confirmed = false;
        player->resend = !ward_device_is_heard(&player->device, characteristic);
    }
}

static enum ward_turn_outcome play_wait(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn)
{
    uint64_t due_us = player->step_began_us + (uint64_t)step->duration_ms * 1000;

    if (turn->now_us < due_us) {
        turn->deadline_us = due_us;
        return WARD_TURN_STAY;
    }
    player->step_began_us = due_us;
    return WARD_TURN_OVER;
}

static enum ward_turn_outcome wait_until(struct ward_player *player, bool happened, struct ward_turn *turn)
{
    if (!happened)
        return WARD_TURN_STAY;
    player->step_began_us = turn->now_us;
    return WARD_TURN_OVER;
}

enum ward_turn_outcome ward_play_wait_confirmed(struct ward_player *player, struct ward_turn *turn)
{
    if (player->resend && ward_device_is_heard(&player->device, player->indicated.characteristic)) {
        player->resend = false;
        player->device.awaited = player->indicated.characteristic;
        *turn->action = player->indicated;
        return WARD_TURN_STAY_ACTION;
    }
    return wait_until(player, player->confirmed, turn);
}

static enum ward_turn_outcome play_wait_transferred(struct ward_player *player, struct ward_turn *turn)
{
    enum ward_turn_outcome outcome = wait_until(player, player->device.was_transferred, turn);

    player->device.was_transferred = false;
    return outcome;
}

static enum ward_turn_outcome play_raw(struct ward_player *player, const struct ward_step *step,
                                       struct ward_turn *turn)
{
    turn->action->length = step->raw.length;
    for (size_t i = 0; i < step->raw.length; i++)
        turn->action->octets[i] = step->raw.octets[i];
    ward_player_send(player, step->characteristic, turn->action);
    return WARD_TURN_OVER_ACTION;
}

static enum ward_turn_outcome play_repeat(struct ward_player *player, const struct ward_step *step)
{
    player->rounds[player->depth++] = step->count;
    return WARD_TURN_OVER;
}

static enum ward_turn_outcome play_end(struct ward_player *player, const struct ward_step *step)
{
    uint32_t *rounds = &player->rounds[player->depth - 1];

    if (*rounds == 1) {
        player->depth--;
        return WARD_TURN_OVER;
    }
    if (*rounds > 1)
        (*rounds)--;
    player->step = (size_t)step->target - 1; /* the step after it comes next */
    return WARD_TURN_OVER;
}

static enum ward_turn_outcome act(struct ward_turn *turn, enum ward_player_action_kind kind)
{
    turn->action->kind = (uint8_t)kind;
    return WARD_TURN_OVER_ACTION;
}

static enum ward_turn_outcome play_step(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn)
{
    const struct ward_device *device = &player->device;

    switch ((enum ward_step_kind)step->kind) {
    case WARD_STEP_ADVERTISE:
        return act(turn, step->argument ? WARD_ACTION_ADVERTISE_ON : WARD_ACTION_ADVERTISE_OFF);
    case WARD_STEP_WAIT: return play_wait(player, step, turn);
    case WARD_STEP_WAIT_CONNECTED: return wait_until(player, device->connected, turn);
    case WARD_STEP_WAIT_SUBSCRIBED:
        return wait_until(player, ward_device_is_heard(device, step->characteristic), turn);
    case WARD_STEP_WAIT_CONFIRMED: return ward_play_wait_confirmed(player, turn);
    case WARD_STEP_WAIT_DISCONNECTED: return wait_until(player, !device->connected, turn);
    case WARD_STEP_WAIT_TRANSFERRED: return play_wait_transferred(player, turn);
    case WARD_STEP_WAIT_CLOCK: return wait_until(player, device->clock_was_written, turn);
    case WARD_STEP_DISCONNECT: return act(turn, WARD_ACTION_DISCONNECT);
    case WARD_STEP_FORGET: return act(turn, WARD_ACTION_FORGET_BONDS);
    case WARD_STEP_BATTERY: return ward_play_battery(player, step, turn);
    case WARD_STEP_CONTACT: player->contact = step->argument; return WARD_TURN_OVER;
    case WARD_STEP_CLOCK: return ward_play_clock(player, step, turn);
    case WARD_STEP_FAULT: return ward_play_fault(player, step);
    case WARD_STEP_MEASURE: return ward_play_measure(player, step, turn);
    case WARD_STEP_STREAM: return ward_play_stream(player, step, turn);
    case WARD_STEP_STORE: return ward_play_store(player, step, turn);
    case WARD_STEP_REPORT: return ward_play_report(player, step, turn);
    case WARD_STEP_RAW: return play_raw(player, step, turn);
    case WARD_STEP_REPEAT: return play_repeat(player, step);
    case WARD_STEP_END: return play_end(player, step);
    }
    return WARD_TURN_OVER;
}

/* Plays until there is an action, or something to wait for. */
static enum ward_player_result play_script(struct ward_player *player, uint64_t now_us,
                                           struct ward_player_action *action, uint64_t *ret_deadline_us)
{
    while (player->step < player->script->step_count) {
        const struct ward_step *step = &player->script->steps[player->step];
        struct ward_turn turn = {.now_us = now_us, .deadline_us = WARD_PLAYER_NEVER, .action = action};
        enum ward_turn_outcome outcome;

        action->line = step->line;
        outcome = play_step(player, step, &turn);
        if (outcome == WARD_TURN_STAY) {
            *ret_deadline_us = turn.deadline_us;
            return WARD_PLAYER_WAIT;
        }
        if (outcome == WARD_TURN_OVER || outcome == WARD_TURN_OVER_ACTION) {
            player->step++;
            player->frames_sent = 0;
        }
        if (outcome == WARD_TURN_OVER_ACTION || outcome == WARD_TURN_STAY_ACTION)
            return WARD_PLAYER_ACTION;
    }
    return WARD_PLAYER_DONE;
}

/* The next thing to do, whoever wants it: a value that is late, a central, the battery, the script. */
static enum ward_player_result next(struct ward_player *player, uint64_t now_us,
                                    struct ward_player_action *action, uint64_t *ret_deadline_us)
{
    enum ward_player_result result;

    action->line = 0;
    action->characteristic = 0;
    action->length = 0;
    if (ward_device_next(&player->device, now_us, action) || ward_play_drain(player, now_us, action))
        return WARD_PLAYER_ACTION;
    result = play_script(player, now_us, action, ret_deadline_us);
    if (result == WARD_PLAYER_WAIT && player->drain_ms > 0 && player->device.battery > 0 &&
        player->drain_due_us < *ret_deadline_us)
        *ret_deadline_us = player->drain_due_us;
    return result;
}

/* Until when a value is to be held back: by a fault, or an answer because of the records before it. */
static uint64_t hold_of(struct ward_player *player, uint64_t now_us, uint16_t characteristic)
{
    uint64_t until_us = now_us + (uint64_t)player->device.faults.late_ms * 1000;

    player->device.faults.late_ms = 0;
    if (characteristic != WARD_CHAR_RECORD_ACCESS_CONTROL_POINT)
        player->settled_us = now_us + SETTLE_US;
    else if (player->settled_us > until_us)
        until_us = player->settled_us;
    return until_us;
}

enum ward_player_result ward_player_step(struct ward_player *player, uint64_t now_us,
                                         struct ward_player_action *ret_action, uint64_t *ret_deadline_us)
{
    enum ward_player_result result;
    uint64_t hold_until_us;

    if (!player->begun) {
        player->begun = true;
        player->step_began_us = now_us;
        if (!player->device.clock.is_set)
            ward_wearable_clock_reset(&player->device.clock, now_us);
    }
    if (player->held_until_us > now_us) {
        *ret_deadline_us = player->held_until_us;
        return WARD_PLAYER_WAIT;
    }
    if (player->held_until_us > 0) {
        player->held_until_us = 0;
        *ret_action = player->held;
        return WARD_PLAYER_ACTION;
    }
    result = next(player, now_us, ret_action, ret_deadline_us);
    if (result != WARD_PLAYER_ACTION || ret_action->kind != WARD_ACTION_SEND)
        return result;
    hold_until_us = hold_of(player, now_us, ret_action->characteristic);
    if (hold_until_us <= now_us)
        return result;
    player->held = *ret_action;
    player->held_until_us = hold_until_us;
    *ret_deadline_us = hold_until_us;
    return WARD_PLAYER_WAIT;
}
