/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that measure: once, as a stream, and into the memory; and the report of what is there. */
#include "wearable/core/player_part.h"

/* Frame number index of count, on the straight line from the sample to the mantissas in to. */
static struct ward_sample sample_at(const struct ward_step *step, uint32_t index, uint32_t count)
{
    struct ward_sample sample = step->sample;

    for (size_t i = 0; i < WARD_FIELD_COUNT && count > 1; i++) {
        int64_t rise = ((int64_t)step->to[i] - sample.value[i].mantissa) * (int64_t)index * 2;
        int64_t half = rise < 0 ? -(int64_t)(count - 1) : (int64_t)(count - 1);

        sample.value[i].mantissa += (int32_t)((rise + half) / (2 * (int64_t)(count - 1)));
    }
    return sample;
}

static void complete(const struct ward_player *player, struct ward_sample *sample, uint64_t now_us)
{
    sample->contact = player->contact;
    if (sample->time_is_relative)
        sample->time = ward_wearable_clock_read(&player->device.clock, now_us, sample->age_s);
}

/* Fills the action with the sample's octets; whether they go out. */
static bool encode(struct ward_player *player, const struct ward_step *step, struct ward_sample *sample,
                   struct ward_turn *turn)
{
    struct ward_player_action *action = turn->action;
    struct ward_clip *clip = &player->device.clip;

    complete(player, sample, turn->now_us);
    if (clip->kind != WARD_CLIP_NONE) {
        action->length = (uint16_t)ward_clip_encode(clip, sample, action->octets, sizeof(action->octets));
        ward_clip_measured(clip, action->octets, action->length);
        return ward_clip_is_streaming(clip, turn->now_us);
    }
    if (step->characteristic == WARD_CHAR_GLUCOSE_MEASUREMENT)
        sample->sequence = player->device.memory.next_sequence++;
    action->length =
        (uint16_t)ward_sample_encode(sample, step->characteristic, action->octets, sizeof(action->octets));
    return true;
}

static bool measure(struct ward_player *player, const struct ward_step *step, struct ward_sample sample,
                    struct ward_turn *turn)
{
    bool goes_out = encode(player, step, &sample, turn);

    if (goes_out)
        ward_player_send(player, step->characteristic, turn->action);
    return goes_out;
}

enum ward_turn_outcome ward_play_measure(struct ward_player *player, const struct ward_step *step,
                                         struct ward_turn *turn)
{
    return measure(player, step, step->sample, turn) ? WARD_TURN_OVER_ACTION : WARD_TURN_OVER;
}

enum ward_turn_outcome ward_play_stream(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn)
{
    uint32_t period_ms = player->script->profile->stream_period_ms;
    uint64_t offset_ms = (uint64_t)player->frames_sent * period_ms;
    bool more = offset_ms < step->duration_ms;
    uint64_t due_us = player->step_began_us + (more ? offset_ms : step->duration_ms) * 1000;

    if (turn->now_us < due_us) {
        turn->deadline_us = due_us;
        return WARD_TURN_STAY;
    }
    if (more) {
        uint32_t count = (step->duration_ms - 1) / period_ms + 1;

        return measure(player, step, sample_at(step, player->frames_sent++, count), turn)
                   ? WARD_TURN_STAY_ACTION
                   : WARD_TURN_AGAIN;
    }
    player->step_began_us = due_us;
    return WARD_TURN_OVER;
}

enum ward_turn_outcome ward_play_store(struct ward_player *player, const struct ward_step *step,
                                       struct ward_turn *turn)
{
    struct ward_sample sample = step->sample;

    complete(player, &sample, turn->now_us);
    (void)ward_memory_store(&player->device.memory, &sample, step->characteristic); /* the parser tried it */
    return WARD_TURN_OVER;
}

/* The record that was sent last is confirmed, if it is to be: it goes, unless somebody has deleted it meanwhile. */
static void finish_record(struct ward_player *player)
{
    struct ward_memory *memory = &player->device.memory;

    if (player->device.faults.duplicate && !player->repeated) {
        player->repeated = true;
    } else {
        player->repeated = false;
        if (memory->count > 0 && memory->records[0].sequence == player->reported)
            ward_memory_drop_oldest(memory);
    }
    player->reporting = false;
}

enum ward_turn_outcome ward_play_report(struct ward_player *player, const struct ward_step *step,
                                        struct ward_turn *turn)
{
    const struct ward_memory *memory = &player->device.memory;

    if (player->reporting && !player->confirmed)
        return ward_play_wait_confirmed(player, turn);
    if (player->reporting)
        finish_record(player);
    if (memory->count == 0) {
        player->device.faults.duplicate = false;
        player->step_began_us = turn->now_us;
        return WARD_TURN_OVER;
    }
    if (!ward_device_is_heard(&player->device, step->characteristic))
        return WARD_TURN_STAY;
    player->reporting = true;
    player->reported = memory->records[0].sequence;
    ward_device_put_record(&player->device, &memory->records[0], step->characteristic, turn->action);
    ward_player_send(player, step->characteristic, turn->action);
    return WARD_TURN_STAY_ACTION;
}
