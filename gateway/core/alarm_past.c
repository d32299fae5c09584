/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last valid values of a quantity, and which readings what is remembered of it is from: so that a reading that is
 * taken back goes without a trace.
 */
#include <string.h>

#include "core/alarm_private.h"

void ward_source_remove(struct ward_source *sources, uint8_t *count, unsigned at)
{
    (*count)--;
    memmove(&sources[at], &sources[at + 1], (*count - at) * sizeof(sources[0]));
}

void ward_source_give_seq(struct ward_source *sources, size_t count, const struct ward_reading *reading)
{
    for (size_t i = 0; i < count; i++) {
        if (sources[i].seq == 0 && sources[i].mono_us == reading->mono_us) {
            sources[i].seq = reading->seq;
        }
    }
}

/* What was told early, and comes again when it is known to be of now, is one value. */
static bool is_the_same(const struct ward_alarm_past *a, const struct ward_alarm_past *b)
{
    return a->from.mono_us == b->from.mono_us && a->value.mantissa == b->value.mantissa &&
           a->value.exponent == b->value.exponent && !a->counted;
}

void ward_alarm_past_note(struct ward_alarm_input_state *input, const struct ward_alarm_past *past)
{
    const bool again = input->past_count > 0 && is_the_same(&input->past[0], past);
    /* A stream must not push out what was measured before it. */
    const bool streams = input->past_count > 1 && !past->spot && !input->past[0].spot && !input->past[1].spot;
    unsigned moved = input->past_count < WARD_ALARM_PAST_MAX ? input->past_count : WARD_ALARM_PAST_MAX - 1;

    if (again) {
        input->past[0] = *past;
        return;
    }
    if (streams) {
        moved = 1;
    } else if (input->past_count < WARD_ALARM_PAST_MAX) {
        input->past_count++;
    }
    memmove(&input->past[1], &input->past[0], moved * sizeof(input->past[0]));
    input->past[0] = *past;
}

/* The place of its bit: how many newer ones have one. */
static unsigned place_of(const struct ward_alarm_input_state *input, unsigned at)
{
    unsigned place = 0;

    for (unsigned i = 0; i < at; i++) {
        place += input->past[i].counted ? 1 : 0;
    }
    return place;
}

bool ward_alarm_past_forget(struct ward_alarm_input_state *input, uint64_t seq)
{
    for (unsigned i = 0; i < input->past_count; i++) {
        if (input->past[i].from.seq != seq) {
            continue;
        }
        for (unsigned j = 0; j < 4 && input->past[i].counted; j++) {
            ward_alarm_detector_forget(&input->detectors[j / 2][j % 2], place_of(input, i));
            ward_alarm_detector_forget(&input->changes[j / 2][j % 2], place_of(input, i));
        }
        input->past_count--;
        memmove(&input->past[i], &input->past[i + 1], (input->past_count - i) * sizeof(input->past[0]));
        return true;
    }
    return false;
}

static void drop_seqs(struct ward_source *sources, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sources[i].seq = 0;
    }
}

static void drop_seqs_of_input(struct ward_alarm_input_state *input)
{
    input->value_seq = input->last_seq = 0;
    for (unsigned i = 0; i < input->past_count; i++) {
        drop_seqs(&input->past[i].from, 1);
    }
    drop_seqs(input->newest_from, input->newest_count);
    drop_seqs(input->learnt_from, input->learnt_count);
    drop_seqs(input->late_from, input->late_count);
    ward_trend_drop_seqs(&input->trend);
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        input->conditions[cause].value_seq = 0;
    }
}

void ward_alarm_new_epoch(struct ward_alarm_patient *state)
{
    for (size_t i = 0; i < state->input_count; i++) {
        drop_seqs_of_input(&state->inputs[i]);
    }
    for (size_t i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        state->wide[i].value_seq = 0;
    }
    for (size_t i = 0; i < WARD_VITAL_COUNT; i++) {
        state->vitals[i].seq = 0;
        for (size_t j = 0; j < WARD_VITAL_PAST_MAX; j++) {
            drop_seqs(&state->vitals[i].past[j].from, 1);
        }
    }
}

static void give_seq(struct ward_alarm_condition *condition, const struct ward_reading *reading)
{
    if (condition->value_seq == 0 && condition->value_mono_us == reading->mono_us) {
        condition->value_seq = reading->seq;
    }
}

void ward_alarm_past_committed(struct ward_alarm_input_state *input, const struct ward_reading *reading)
{
    if (input->value_seq == 0 && input->value_mono_us == reading->mono_us) {
        input->value_seq = reading->seq;
    }
    if (input->last_seq == 0 && input->last_mono_us == reading->mono_us) {
        input->last_seq = reading->seq;
    }
    for (unsigned i = 0; i < input->past_count; i++) {
        ward_source_give_seq(&input->past[i].from, 1, reading);
    }
    ward_source_give_seq(input->newest_from, input->newest_count, reading);
    ward_source_give_seq(input->learnt_from, input->learnt_count, reading);
    ward_source_give_seq(input->late_from, input->late_count, reading);
    ward_trend_give_seq(&input->trend, reading->mono_us, reading->seq);
    for (size_t ground = 0; ground < WARD_GROUND_COUNT; ground++) {
        struct ward_alarm_detector *detectors;

        give_seq(ward_alarm_ground(input, ground, &detectors).condition, reading);
    }
}
