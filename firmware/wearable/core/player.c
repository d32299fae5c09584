/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/player.h"

#define STREAM_PERIOD_MS 1000

/* What playing one step came to. */
enum outcome {
    OVER,        /* go on with the next step */
    OVER_ACTION, /* the same, after the action */
    STAY_ACTION, /* the action, and this step again */
    STAY,        /* wait */
};

struct turn {
    uint64_t now_us;
    uint64_t deadline_us;
    struct ward_player_action *action;
};

void ward_player_init(struct ward_player *player, const struct ward_script *script)
{
    *player = (struct ward_player){.script = script, .confirmed = true, .contact = WARD_CONTACT_OK};
}

void ward_player_connected(struct ward_player *player, bool connected)
{
    player->connected = connected;
    if (!connected && !player->confirmed)
        player->resend = true;
}

static uint32_t bit_of(const struct ward_player *player, uint16_t characteristic)
{
    const struct ward_wearable_profile *profile = player->script->profile;

    for (size_t i = 0; i < profile->characteristic_count; i++)
        if (profile->characteristics[i].uuid == characteristic)
            return UINT32_C(1) << i;
    return 0;
}

void ward_player_subscribed(struct ward_player *player, uint16_t characteristic, bool subscribed)
{
    uint32_t bit = bit_of(player, characteristic);

    player->subscribed = subscribed ? player->subscribed | bit : player->subscribed & ~bit;
}

void ward_player_confirmed(struct ward_player *player)
{
    player->confirmed = true;
    player->resend = false;
}

static bool listened_to(const struct ward_player *player, uint16_t characteristic)
{
    return player->connected && (player->subscribed & bit_of(player, characteristic));
}

static void send(struct ward_player *player, const struct ward_step *step, struct ward_player_action *action)
{
    const struct ward_wearable_characteristic *characteristic =
        ward_wearable_characteristic_find(player->script->profile, step->characteristic);

    action->kind = WARD_ACTION_SEND;
    action->characteristic = step->characteristic;
    if (characteristic->properties & WARD_PROPERTY_INDICATE) {
        player->indicated = *action;
        player->confirmed = false;
        player->resend = !listened_to(player, step->characteristic);
    }
}

/* Frame number index of count, on the straight line from the sample to the mantissas in to. */
static struct ward_sample sample_at(const struct ward_step *step, uint32_t index, uint32_t count)
{
    struct ward_sample sample = step->sample;

    for (size_t i = 0; i < WARD_FIELD_COUNT && count > 1; i++) {
        int64_t rise = (step->to[i] - sample.value[i].mantissa) * (int64_t)index * 2;
        int64_t half = rise < 0 ? -(int64_t)(count - 1) : (int64_t)(count - 1);

        sample.value[i].mantissa += (rise + half) / (2 * (int64_t)(count - 1));
    }
    return sample;
}

static void measure(struct ward_player *player, const struct ward_step *step, uint32_t index,
                    struct ward_player_action *action)
{
    uint32_t count = step->kind == WARD_STEP_STREAM ? (step->duration_ms - 1) / STREAM_PERIOD_MS + 1 : 1;
    struct ward_sample sample = sample_at(step, index, count);

    sample.contact = player->contact;
    action->length =
        (uint8_t)ward_sample_encode(&sample, step->characteristic, action->octets, sizeof(action->octets));
    send(player, step, action);
}

static enum outcome play_stream(struct ward_player *player, const struct ward_step *step, struct turn *turn)
{
    uint64_t offset_ms = (uint64_t)player->frames_sent * STREAM_PERIOD_MS;
    bool more = offset_ms < step->duration_ms;
    uint64_t due_us = player->step_began_us + (more ? offset_ms : step->duration_ms) * 1000;

    if (turn->now_us < due_us) {
        turn->deadline_us = due_us;
        return STAY;
    }
    if (more) {
        measure(player, step, player->frames_sent++, turn->action);
        return STAY_ACTION;
    }
    player->step_began_us = due_us;
    return OVER;
}

static enum outcome play_wait(struct ward_player *player, const struct ward_step *step, struct turn *turn)
{
    uint64_t due_us = player->step_began_us + (uint64_t)step->duration_ms * 1000;

    if (turn->now_us < due_us) {
        turn->deadline_us = due_us;
        return STAY;
    }
    player->step_began_us = due_us;
    return OVER;
}

static enum outcome wait_until(struct ward_player *player, bool happened, struct turn *turn)
{
    if (!happened)
        return STAY;
    player->step_began_us = turn->now_us;
    return OVER;
}

static enum outcome play_wait_confirmed(struct ward_player *player, struct turn *turn)
{
    if (player->resend && listened_to(player, player->indicated.characteristic)) {
        player->resend = false;
        *turn->action = player->indicated;
        return STAY_ACTION;
    }
    return wait_until(player, player->confirmed, turn);
}

static enum outcome play_raw(struct ward_player *player, const struct ward_step *step, struct turn *turn)
{
    turn->action->length = step->raw.length;
    for (size_t i = 0; i < step->raw.length; i++)
        turn->action->octets[i] = step->raw.octets[i];
    send(player, step, turn->action);
    return OVER_ACTION;
}

static enum outcome play_repeat(struct ward_player *player, const struct ward_step *step)
{
    player->rounds[player->depth++] = step->count;
    return OVER;
}

static enum outcome play_end(struct ward_player *player, const struct ward_step *step)
{
    uint32_t *rounds = &player->rounds[player->depth - 1];

    if (*rounds == 1) {
        player->depth--;
        return OVER;
    }
    if (*rounds > 1)
        (*rounds)--;
    player->step = (size_t)step->target - 1; /* the step after it comes next */
    return OVER;
}

static enum outcome act(struct turn *turn, enum ward_player_action_kind kind)
{
    turn->action->kind = (uint8_t)kind;
    return OVER_ACTION;
}

static enum outcome play_step(struct ward_player *player, const struct ward_step *step, struct turn *turn)
{
    switch ((enum ward_step_kind)step->kind) {
    case WARD_STEP_ADVERTISE:
        return act(turn, step->argument ? WARD_ACTION_ADVERTISE_ON : WARD_ACTION_ADVERTISE_OFF);
    case WARD_STEP_WAIT: return play_wait(player, step, turn);
    case WARD_STEP_WAIT_CONNECTED: return wait_until(player, player->connected, turn);
    case WARD_STEP_WAIT_SUBSCRIBED:
        return wait_until(player, listened_to(player, step->characteristic), turn);
    case WARD_STEP_WAIT_CONFIRMED: return play_wait_confirmed(player, turn);
    case WARD_STEP_WAIT_DISCONNECTED: return wait_until(player, !player->connected, turn);
    case WARD_STEP_DISCONNECT: return act(turn, WARD_ACTION_DISCONNECT);
    case WARD_STEP_BATTERY:
        turn->action->characteristic = WARD_CHAR_BATTERY_LEVEL;
        turn->action->octets[0] = step->argument;
        turn->action->length = 1;
        return act(turn, WARD_ACTION_BATTERY);
    case WARD_STEP_CONTACT: player->contact = step->argument; return OVER;
    case WARD_STEP_MEASURE: measure(player, step, 0, turn->action); return OVER_ACTION;
    case WARD_STEP_STREAM: return play_stream(player, step, turn);
    case WARD_STEP_RAW: return play_raw(player, step, turn);
    case WARD_STEP_REPEAT: return play_repeat(player, step);
    case WARD_STEP_END: return play_end(player, step);
    }
    return OVER;
}

enum ward_player_result ward_player_step(struct ward_player *player, uint64_t now_us,
                                         struct ward_player_action *ret_action, uint64_t *ret_deadline_us)
{
    if (!player->begun) {
        player->begun = true;
        player->step_began_us = now_us;
    }
    while (player->step < player->script->step_count) {
        const struct ward_step *step = &player->script->steps[player->step];
        struct ward_player_action action = {.line = step->line};
        struct turn turn = {.now_us = now_us, .deadline_us = WARD_PLAYER_NEVER, .action = &action};
        enum outcome outcome = play_step(player, step, &turn);

        if (outcome == STAY) {
            *ret_deadline_us = turn.deadline_us;
            return WARD_PLAYER_WAIT;
        }
        if (outcome != STAY_ACTION) {
            player->step++;
            player->frames_sent = 0;
        }
        if (outcome != OVER) {
            *ret_action = action;
            return WARD_PLAYER_ACTION;
        }
    }
    return WARD_PLAYER_DONE;
}
