/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that concern what the device keeps: battery, clock and faults. */
#include "wearable/core/player_part.h"

static void show_battery(struct ward_player *player, uint8_t percent, struct ward_player_action *action)
{
    player->device.battery = player->device.clip.battery = percent;
    action->kind = WARD_ACTION_BATTERY;
    action->characteristic = WARD_CHAR_BATTERY_LEVEL;
    action->octets[0] = percent;
    action->length = 1;
}

enum ward_turn_outcome ward_play_battery(struct ward_player *player, const struct ward_step *step,
                                         struct ward_turn *turn)
{
    player->drain_ms = step->duration_ms;
    player->drain_due_us = player->step_began_us + (uint64_t)step->duration_ms * 1000;
    show_battery(player, step->argument, turn->action);
    return WARD_TURN_OVER_ACTION;
}

bool ward_play_drain(struct ward_player *player, uint64_t now_us, struct ward_player_action *action)
{
    if (player->drain_ms == 0 || now_us < player->drain_due_us || player->device.battery == 0)
        return false;
    player->drain_due_us += (uint64_t)player->drain_ms * 1000;
    show_battery(player, (uint8_t)(player->device.battery - 1), action);
    return true;
}

enum ward_turn_outcome ward_play_clock(struct ward_player *player, const struct ward_step *step,
                                       struct ward_turn *turn)
{
    struct ward_wearable_clock *clock = &player->device.clock;

    if (!step->sample.time.present || !ward_wearable_clock_set(clock, &step->sample.time, turn->now_us))
        ward_wearable_clock_reset(clock, turn->now_us);
    return WARD_TURN_OVER;
}

enum ward_turn_outcome ward_play_fault(struct ward_player *player, const struct ward_step *step)
{
    struct ward_faults *faults = &player->device.faults;

    switch ((enum ward_script_fault)step->argument) {
    case WARD_FAULT_CUT: faults->cut = (uint16_t)step->count; break;
    case WARD_FAULT_PAD: faults->pad = (uint16_t)step->count; break;
    case WARD_FAULT_LATE: faults->late_ms = step->duration_ms; break;
    case WARD_FAULT_DROP: faults->drop_after = (uint16_t)step->count; break;
    case WARD_FAULT_DUPLICATE: faults->duplicate = true; break;
    case WARD_FAULT_COUNT:
        faults->miscount = true;
        faults->miscount_as = (uint16_t)step->count;
        break;
    case WARD_FAULT_MUTE: faults->mute = true; break;
    }
    return WARD_TURN_OVER;
}
