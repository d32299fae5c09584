/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One description of the state serves both ways: `each` writes a field in one mode and reads it in the other, so that
 * the two cannot come apart. After a fault nothing more is written or taken over.
 *
 * Integers are little-endian in the width of their field, a bool is one octet, an id is its length and its text. Of a
 * quantity's conditions only those are there whose bit is set in a set before them: the others are at rest.
 *
 * Version 2 knows changes, windows and NEWS2; version 3 which reading what is remembered is from. What an older one does
 * not say is as ward_alarm_init leaves it.
 */
#include "core/alarm_pack.h"

#include <stdlib.h>
#include <string.h>

#include "core/alarm_private.h"
#include "core/reading.h"

#define VERSION_1_CAUSES (WARD_CAUSE_LATE + 1)

struct codec {
    uint8_t version;   /* of what is written or read */
    uint8_t *out;      /* writing; NULL: reading */
    const uint8_t *in; /* reading */
    size_t size, at;
    bool fault;
};

static void each_uint(struct codec *codec, uint64_t *value, size_t width)
{
    uint64_t read = 0;

    if (codec->fault || codec->size - codec->at < width) {
        codec->fault = true;
        return;
    }
    for (size_t i = 0; i < width; i++) {
        if (codec->out != NULL) {
            codec->out[codec->at + i] = (uint8_t)(*value >> (8 * i));
        } else {
            read |= (uint64_t)codec->in[codec->at + i] << (8 * i);
        }
    }
    codec->at += width;
    if (codec->out == NULL) {
        *value = read;
    }
}

static void each_u64(struct codec *codec, uint64_t *value)
{
    each_uint(codec, value, 8);
}

static void each_i64(struct codec *codec, int64_t *value)
{
    uint64_t octets = (uint64_t)*value;

    each_uint(codec, &octets, 8);
    *value = (int64_t)octets;
}

static void each_u32(struct codec *codec, uint32_t *value)
{
    uint64_t octets = *value;

    each_uint(codec, &octets, 4);
    *value = (uint32_t)octets;
}

/* A number of an enum, at most max. */
static void each_enum(struct codec *codec, uint8_t *value, uint8_t max)
{
    uint64_t octet = *value;

    each_uint(codec, &octet, 1);
    if (octet > max) {
        codec->fault = true;
    } else {
        *value = (uint8_t)octet;
    }
}

static void each_bool(struct codec *codec, bool *value)
{
    uint8_t octet = *value ? 1 : 0;

    each_enum(codec, &octet, 1);
    *value = octet == 1;
}

static void each_octets(struct codec *codec, void *octets, size_t count)
{
    uint8_t *at = octets;

    for (size_t i = 0; i < count; i++) {
        each_enum(codec, &at[i], UINT8_MAX);
    }
}

static void each_text(struct codec *codec, char *text, uint8_t max)
{
    uint8_t length = codec->out != NULL ? (uint8_t)strlen(text) : 0;

    each_enum(codec, &length, max);
    if (codec->fault) {
        return;
    }
    if (codec->out == NULL) {
        memset(text, 0, (size_t)max + 1);
    }
    each_octets(codec, text, length);
    if (codec->out == NULL && strlen(text) != length) {
        codec->fault = true;
    }
}

static void each_id(struct codec *codec, struct ward_id *id)
{
    each_text(codec, id->text, WARD_ID_MAX);
    if (id->text[0] != '\0' && !ward_id_is_valid(id->text)) {
        codec->fault = true;
    }
}

static void each_decimal(struct codec *codec, struct ward_decimal *value)
{
    uint8_t exponent = (uint8_t)value->exponent;

    each_i64(codec, &value->mantissa);
    each_enum(codec, &exponent, UINT8_MAX);
    each_enum(codec, &value->special, WARD_NEGATIVE_INFINITY);
    value->exponent = (int8_t)exponent;
}

static void each_time(struct codec *codec, struct ward_time *time)
{
    each_u64(codec, &time->boot_us);
    each_i64(codec, &time->utc_ms);
    each_enum(codec, &time->clock, WARD_CLOCK_UNSYNCED);
}

static void each_condition(struct codec *codec, struct ward_alarm_condition *condition)
{
    each_enum(codec, &condition->state, WARD_ALARM_ENDED_UNSEEN);
    each_enum(codec, &condition->priority, WARD_PRIORITY_HIGH);
    each_enum(codec, &condition->level, WARD_LEVEL_RED);
    each_enum(codec, &condition->cleared_reason, WARD_CLEARED_DISCHARGED);
    each_enum(codec, &condition->last_event, WARD_EVENT_CLEARED);
    each_bool(codec, &condition->seen);
    each_bool(codec, &condition->acknowledgement_holds);
    each_bool(codec, &condition->data_since_acknowledgement);
    each_bool(codec, &condition->late);
    each_bool(codec, &condition->confirm);
    each_bool(codec, &condition->again);
    each_octets(codec, condition->id.octets, sizeof(condition->id.octets));
    each_u32(codec, &condition->n);
    each_id(codec, &condition->rule);
    each_id(codec, &condition->by);
    each_decimal(codec, &condition->value);
    each_decimal(codec, &condition->limit);
    each_decimal(codec, &condition->acknowledged_value);
    each_u64(codec, &condition->value_seq);
    each_u64(codec, &condition->value_mono_us);
    each_u64(codec, &condition->raised_us);
    each_i64(codec, &condition->raised_utc_ms);
    each_u64(codec, &condition->acknowledged_until_us);
    each_i64(codec, &condition->acknowledged_until_utc_ms);
    each_u64(codec, &condition->silenced_until_us);
    each_u64(codec, &condition->realarm_us);
    each_u64(codec, &condition->escalate_us);
    each_u32(codec, &condition->condition_delay_ms);
    each_u32(codec, &condition->held_ms);
}

static void each_detector(struct codec *codec, struct ward_alarm_detector *detector)
{
    each_bool(codec, &detector->holds);
    each_bool(codec, &detector->pending);
    each_bool(codec, &detector->elapsed);
    each_bool(codec, &detector->confirm);
    each_bool(codec, &detector->long_run);
    if (codec->version >= 2) {
        each_enum(codec, &detector->recent, UINT8_MAX);
    }
    if (codec->version >= 3) {
        each_enum(codec, &detector->counted, WARD_RECENT_MAX);
    } else {
        detector->counted = WARD_RECENT_MAX;
    }
    each_u64(codec, &detector->onset_us);
    each_u64(codec, &detector->beyond_us);
    each_u64(codec, &detector->run_us);
    each_u64(codec, &detector->unproved_us);
    each_u64(codec, &detector->recovered_us);
}

static void each_session(struct codec *codec, struct ward_session *session)
{
    each_bool(codec, &session->worn);
    each_bool(codec, &session->settled);
    each_u64(codec, &session->contact_us);
    each_u64(codec, &session->steady_us);
    each_u64(codec, &session->last_us);
    each_u64(codec, &session->derived_us);
    each_decimal(codec, &session->low);
    each_decimal(codec, &session->high);
    each_decimal(codec, &session->newest);
    each_decimal(codec, &session->derived);
}

/* A set of `count` bits, in as many octets as it needs. */
static void each_set(struct codec *codec, uint32_t *set, unsigned count)
{
    uint64_t octets = *set;

    each_uint(codec, &octets, (count + 7) / 8);
    if (octets >> count != 0) {
        codec->fault = true;
        return;
    }
    *set = (uint32_t)octets;
}

static bool is_at_rest(const struct ward_alarm_condition *condition)
{
    return condition->state == WARD_ALARM_INACTIVE && !condition->acknowledgement_holds;
}

static void each_conditions(struct codec *codec, struct ward_alarm_input_state *input)
{
    uint32_t there = 0;

    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        there |= is_at_rest(&input->conditions[cause]) ? 0 : 1u << cause;
    }
    each_set(codec, &there, codec->version >= 2 ? WARD_CAUSE_COUNT : VERSION_1_CAUSES);
    for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
        if ((there & (1u << cause)) != 0) {
            each_condition(codec, &input->conditions[cause]);
        }
    }
}

static void each_decimals(struct codec *codec, struct ward_decimal *values, uint8_t *count, uint8_t max)
{
    each_enum(codec, count, max);
    for (uint8_t i = 0; i < *count && !codec->fault; i++) {
        each_decimal(codec, &values[i]);
    }
}

static void each_trend(struct codec *codec, struct ward_trend *trend)
{
    each_enum(codec, &trend->count, WARD_TREND_PIECES);
    for (uint8_t i = 0; i < trend->count && !codec->fault; i++) {
        each_u64(codec, &trend->pieces[i].first_us);
        each_u64(codec, &trend->pieces[i].last_us);
        each_decimal(codec, &trend->pieces[i].low[0]);
        each_decimal(codec, &trend->pieces[i].high[0]);
        if (codec->version < 3) {
            trend->pieces[i].low[1].special = trend->pieces[i].high[1].special = WARD_NAN;
        }
    }
}

static bool is_plain(const struct ward_alarm_detector *detector)
{
    struct ward_alarm_detector plain;

    ward_alarm_detector_init(&plain);
    return !detector->holds && !detector->pending && detector->recent == 0 &&
           detector->run_us == plain.run_us && detector->unproved_us == plain.unproved_us;
}

/* The detectors of changes, but for those at rest: most plans have none. */
static void each_changes(struct codec *codec, struct ward_alarm_input_state *input)
{
    uint32_t there = 0;

    for (unsigned i = 0; i < 4; i++) {
        there |= is_plain(&input->changes[i / 2][i % 2]) ? 0 : 1u << i;
    }
    each_set(codec, &there, 4);
    for (unsigned i = 0; i < 4; i++) {
        if ((there & (1u << i)) != 0) {
            each_detector(codec, &input->changes[i / 2][i % 2]);
        }
    }
}

static void each_history(struct codec *codec, struct ward_alarm_input_state *input)
{
    each_changes(codec, input);
    each_trend(codec, &input->trend);
    each_decimals(codec, input->newest, &input->newest_count, WARD_PLAN_MEDIAN_MAX);
    each_decimal(codec, &input->baseline);
    each_decimals(codec, input->learnt, &input->learnt_count, WARD_PLAN_BASELINE_MAX);
    each_u64(codec, &input->learnt_life_us);
    each_i64(codec, &input->slot_ms);
    each_enum(codec, &input->prompts, WARD_PROMPTS_MAX);
    each_enum(codec, &input->missed_in_row, UINT8_MAX);
    each_u64(codec, &input->schedule_us);
    each_u64(codec, &input->heard_us);
    each_u64(codec, &input->wear_us);
}

static void each_sources(struct codec *codec, struct ward_source *sources, uint8_t count)
{
    for (uint8_t i = 0; i < count && !codec->fault; i++) {
        each_u64(codec, &sources[i].seq);
        each_u64(codec, &sources[i].mono_us);
    }
}

static void each_past(struct codec *codec, struct ward_alarm_past *past)
{
    each_decimal(codec, &past->value);
    each_sources(codec, &past->from, 1);
    each_u64(codec, &past->us);
    each_i64(codec, &past->measured_ms);
    each_bool(codec, &past->spot);
    each_bool(codec, &past->counted);
}

static void each_adherence(struct codec *codec, struct ward_adherence *adherence)
{
    for (int i = 0; i < WARD_SLOT_OUTCOMES; i++) {
        each_u32(codec, &adherence->totals[i]);
    }
    each_enum(codec, &adherence->count, WARD_ADHERENCE_SLOTS);
    for (uint8_t i = 0; i < adherence->count && !codec->fault; i++) {
        each_i64(codec, &adherence->slots[i].slot_ms);
        each_enum(codec, &adherence->slots[i].outcome, WARD_SLOT_OUTCOMES - 1);
    }
    each_enum(codec, &adherence->piece_count, WARD_WEAR_PIECES);
    if (adherence->piece_count > 0) {
        each_u64(codec, &adherence->worn.expected_ms);
        each_u64(codec, &adherence->worn.worn_ms);
        each_i64(codec, &adherence->newest_piece);
    }
    for (uint8_t i = 0; i < adherence->piece_count && !codec->fault; i++) {
        each_u32(codec, &adherence->pieces[i].expected_ms);
        each_u32(codec, &adherence->pieces[i].worn_ms);
    }
}

/* Which readings what is remembered is from, and what stood before the newest value. */
static void each_memory(struct codec *codec, struct ward_alarm_input_state *input)
{
    each_enum(codec, &input->past_count, WARD_ALARM_PAST_MAX);
    for (uint8_t i = 0; i < input->past_count && !codec->fault; i++) {
        each_past(codec, &input->past[i]);
    }
    each_sources(codec, input->newest_from, input->newest_count);
    each_sources(codec, input->learnt_from, input->learnt_count);
    each_enum(codec, &input->late_count, WARD_ALARM_LATE_MAX);
    each_sources(codec, input->late_from, input->late_count);
    for (uint8_t i = 0; i < input->trend.count && !codec->fault; i++) {
        struct ward_trend_piece *piece = &input->trend.pieces[i];

        each_decimal(codec, &piece->low[1]);
        each_decimal(codec, &piece->high[1]);
        each_sources(codec, piece->low_from, 2);
        each_sources(codec, piece->high_from, 2);
    }
    each_adherence(codec, &input->adherence);
    each_u64(codec, &input->wear_counted_us);
}

static void each_input(struct codec *codec, struct ward_alarm_input_state *input)
{
    each_bool(codec, &input->planned);
    each_bool(codec, &input->running);
    each_bool(codec, &input->stale);
    each_bool(codec, &input->rebooted);
    each_decimal(codec, &input->value);
    each_u64(codec, &input->value_seq);
    each_u64(codec, &input->value_mono_us);
    each_u64(codec, &input->value_us);
    each_i64(codec, &input->value_measured_ms);
    each_bool(codec, &input->value_spot);
    each_decimal(codec, &input->last);
    each_u64(codec, &input->last_us);
    each_u64(codec, &input->last_seq);
    each_u64(codec, &input->last_mono_us);
    each_bool(codec, &input->last_spot);
    each_bool(codec, &input->last_valid);
    each_u64(codec, &input->unvalid_us);
    each_u64(codec, &input->steady_from_us);
    each_u64(codec, &input->expected_us);
    each_i64(codec, &input->newest_measured_ms);
    each_session(codec, &input->session);
    if (codec->version >= 2) {
        each_u64(codec, &input->derive_from_us);
    }
    for (int side = 0; side < 2; side++) {
        each_detector(codec, &input->detectors[side][0]);
        each_detector(codec, &input->detectors[side][1]);
    }
    each_conditions(codec, input);
    if (codec->version >= 2) {
        each_history(codec, input);
    }
    if (codec->version >= 3) {
        each_memory(codec, input);
    }
}

static void each_inputs(struct codec *codec, struct ward_alarm_patient *state)
{
    each_enum(codec, &state->input_count, WARD_CLINICAL_QUANTITIES);
    for (uint8_t i = 0; i < state->input_count && !codec->fault; i++) {
        uint8_t quantity = state->inputs[i].quantity;

        each_enum(codec, &quantity, WARD_QUANTITY_COUNT - 1);
        if (codec->out == NULL) {
            ward_alarm_input_init(&state->inputs[i], quantity, 0);
            codec->fault |= ward_clinical_quantity(quantity) == NULL;
        }
        each_input(codec, &state->inputs[i]);
    }
}

static void each_technical(struct codec *codec, struct ward_alarm_patient *state)
{
    each_enum(codec, &state->technical_count, WARD_ALARM_TECHNICAL_MAX);
    for (uint8_t i = 0; i < state->technical_count && !codec->fault; i++) {
        struct ward_alarm_technical_state *technical = &state->technical[i];

        each_id(codec, &technical->name);
        if (codec->version >= 2) {
            each_id(codec, &technical->device);
        }
        each_bool(codec, &technical->advisory);
        each_bool(codec, &technical->degrades);
        each_text(codec, technical->text, WARD_ALARM_TEXT_MAX);
        each_condition(codec, &technical->condition);
    }
}

static void each_window_value(struct codec *codec, struct ward_window_value *value)
{
    uint32_t mantissa = (uint32_t)value->mantissa;
    uint8_t exponent = (uint8_t)value->exponent;

    each_bool(codec, &value->present);
    if (value->present) {
        each_u32(codec, &mantissa);
        each_enum(codec, &exponent, UINT8_MAX);
        value->mantissa = (int32_t)mantissa;
        value->exponent = (int8_t)exponent;
    }
}

static void each_window(struct codec *codec, struct ward_window *window)
{
    each_bool(codec, &window->begun);
    if (!window->begun) {
        return;
    }
    each_u64(codec, &window->newest_us);
    each_enum(codec, &window->span_s, WARD_WINDOW_S - 1);
    for (size_t i = 0; i <= window->span_s && i < WARD_WINDOW_S && !codec->fault; i++) {
        each_window_value(codec, &window->seconds[i]);
    }
}

static void each_vital_memory(struct codec *codec, struct ward_alarm_vital *vital)
{
    each_bool(codec, &vital->streamed);
    for (size_t i = 0; i < WARD_VITAL_PAST_MAX && !codec->fault; i++) {
        struct ward_alarm_vital_past *past = &vital->past[i];
        bool there = past->value.special != WARD_NAN;

        each_bool(codec, &there);
        if (there) {
            each_decimal(codec, &past->value);
            each_u64(codec, &past->life_us);
            each_sources(codec, &past->from, 1);
            each_bool(codec, &past->entered);
            each_bool(codec, &past->dubious);
        }
    }
}

static void each_vital(struct codec *codec, struct ward_alarm_vital *vital)
{
    each_decimal(codec, &vital->value);
    if (vital->value.special != WARD_NAN) {
        each_u64(codec, &vital->life_us);
        each_u64(codec, &vital->seq);
        each_u64(codec, &vital->mono_us);
        each_bool(codec, &vital->entered);
        each_bool(codec, &vital->dubious);
    }
    if (codec->version >= 3) {
        each_vital_memory(codec, vital);
    }
    each_window(codec, &vital->window);
}

static void each_of_patient(struct codec *codec, struct ward_alarm_patient *state)
{
    uint32_t there = 0;

    for (unsigned i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        there |= is_at_rest(&state->wide[i]) ? 0 : 1u << i;
    }
    each_set(codec, &there, WARD_CAUSE_WIDE_COUNT);
    for (unsigned i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        if ((there & (1u << i)) != 0) {
            each_condition(codec, &state->wide[i]);
        }
    }
    each_i64(codec, &state->utc_offset_ms);
    each_u64(codec, &state->life_offset_us);
    each_enum(codec, &state->news2_fresh, (1 << WARD_NEWS2_PARAMETERS) - 1);
    for (size_t i = 0; i < WARD_VITAL_COUNT && !codec->fault; i++) {
        each_vital(codec, &state->vitals[i]);
    }
}

static void each_state(struct codec *codec, struct ward_alarm_patient *state)
{
    each_enum(codec, &codec->version, WARD_ALARM_PACK_VERSION);
    codec->fault |= codec->version == 0;
    each_id(codec, &state->patient);
    each_id(codec, &state->episode);
    each_bool(codec, &state->has_sources);
    each_bool(codec, &state->ended);
    each_time(codec, &state->now);
    each_u64(codec, &state->plan_expires_us);
    each_u32(codec, &state->sources);
    each_u64(codec, &state->suspended_until_us);
    each_i64(codec, &state->suspended_until_utc_ms);
    each_inputs(codec, state);
    each_technical(codec, state);
    if (codec->version >= 2) {
        each_of_patient(codec, state);
    }
}

size_t ward_alarm_pack(struct ward_alarm_patient *state, uint8_t *buffer, size_t size)
{
    struct codec codec = {.version = WARD_ALARM_PACK_VERSION, .out = buffer, .size = size};

    each_state(&codec, state);
    return codec.fault ? 0 : codec.at;
}

bool ward_alarm_unpack(const uint8_t *buffer, size_t length, struct ward_alarm_patient *ret)
{
    struct codec codec = {.in = buffer, .size = length};
    struct ward_alarm_patient *state = malloc(sizeof(*state));
    bool good = false;

    if (state != NULL) {
        ward_alarm_init(state, &(struct ward_id){{0}}, &(struct ward_id){{0}});
        each_state(&codec, state);
        good = !codec.fault && codec.at == length;
    }
    if (good) {
        *ret = *state;
    }
    free(state);
    return good;
}
