/* SPDX-License-Identifier: Apache-2.0 */
/* Version 4: which readings what is remembered is from, what stood before the newest value, how the plan is kept. */
#include "core/alarm_pack_private.h"
#include "core/alarm_private.h"

static void each_sources(struct ward_pack *pack, struct ward_source *sources, uint8_t count)
{
    for (uint8_t i = 0; i < count && !pack->fault; i++) {
        ward_pack_u64(pack, &sources[i].seq);
        ward_pack_u64(pack, &sources[i].mono_us);
    }
}

static void each_past(struct ward_pack *pack, struct ward_alarm_past *past)
{
    ward_pack_decimal(pack, &past->value);
    each_sources(pack, &past->from, 1);
    ward_pack_u64(pack, &past->us);
    ward_pack_utc(pack, &past->measured_ms);
    ward_pack_bool(pack, &past->spot);
    ward_pack_bool(pack, &past->counted);
}

static void each_adherence(struct ward_pack *pack, struct ward_adherence *adherence)
{
    for (int i = 0; i < WARD_SLOT_OUTCOMES; i++) {
        ward_pack_u32(pack, &adherence->totals[i]);
    }
    ward_pack_enum(pack, &adherence->count, WARD_ADHERENCE_SLOTS);
    for (uint8_t i = 0; i < adherence->count && !pack->fault; i++) {
        ward_pack_utc(pack, &adherence->slots[i].slot_ms);
        ward_pack_enum(pack, &adherence->slots[i].outcome, WARD_SLOT_OUTCOMES - 1);
    }
    ward_pack_enum(pack, &adherence->piece_count, WARD_WEAR_PIECES);
    if (adherence->piece_count > 0) {
        ward_pack_u64(pack, &adherence->worn.expected_ms);
        ward_pack_u64(pack, &adherence->worn.worn_ms);
        ward_pack_within(pack, &adherence->newest_piece, WARD_UTC_MAX_MS);
    }
    for (uint8_t i = 0; i < adherence->piece_count && !pack->fault; i++) {
        ward_pack_u32(pack, &adherence->pieces[i].expected_ms);
        ward_pack_u32(pack, &adherence->pieces[i].worn_ms);
    }
}

/* Which readings what is remembered is from, and what stood before the newest value. */
void ward_pack_memory(struct ward_pack *pack, struct ward_alarm_input_state *input)
{
    ward_pack_enum(pack, &input->past_count, WARD_ALARM_PAST_MAX);
    for (uint8_t i = 0; i < input->past_count && !pack->fault; i++) {
        each_past(pack, &input->past[i]);
    }
    each_sources(pack, input->newest_from, input->newest_count);
    each_sources(pack, input->learnt_from, input->learnt_count);
    ward_pack_enum(pack, &input->late_count, WARD_ALARM_LATE_MAX);
    each_sources(pack, input->late_from, input->late_count);
    for (uint8_t i = 0; i < input->trend.count && !pack->fault; i++) {
        struct ward_trend_piece *piece = &input->trend.pieces[i];

        ward_pack_decimal(pack, &piece->low[1]);
        ward_pack_decimal(pack, &piece->high[1]);
        each_sources(pack, piece->low_from, 2);
        each_sources(pack, piece->high_from, 2);
    }
    each_adherence(pack, &input->adherence);
    ward_pack_u64(pack, &input->wear_counted_us);
}

void ward_pack_vital_memory(struct ward_pack *pack, struct ward_alarm_vital *vital)
{
    ward_pack_bool(pack, &vital->streamed);
    for (size_t i = 0; i < WARD_VITAL_PAST_MAX && !pack->fault; i++) {
        struct ward_alarm_vital_past *past = &vital->past[i];
        bool there = past->value.special != WARD_NAN;

        ward_pack_bool(pack, &there);
        if (there) {
            ward_pack_decimal(pack, &past->value);
            ward_pack_u64(pack, &past->life_us);
            each_sources(pack, &past->from, 1);
            ward_pack_bool(pack, &past->entered);
            ward_pack_bool(pack, &past->dubious);
        }
    }
}
