/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One description of the state serves both ways: each function writes its field in one mode and reads it in the other, so
 * that the two cannot come apart. After a fault nothing more is written or taken over.
 *
 * Integers are little-endian in the width of their field, a bool is one octet, an id is its length and its text. Of a
 * quantity's conditions only those are there whose bit is set in a set before them: the others are at rest.
 *
 * Version 2 knows changes, windows and NEWS2; version 3 how long a session's value has moved; version 4 which reading
 * what is remembered is from, and how the plan is kept; version 5 which device streams. What an older one does not say is
 * as ward_alarm_init leaves it.
 */
#include "core/alarm_pack.h"

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/alarm_pack_private.h"
#include "core/alarm_private.h"

static void each_time(struct ward_pack *pack, struct ward_time *time)
{
    ward_pack_u64(pack, &time->boot_us);
    ward_pack_utc(pack, &time->utc_ms);
    ward_pack_enum(pack, &time->clock, WARD_CLOCK_UNSYNCED);
}

static void each_inputs(struct ward_pack *pack, struct ward_alarm_patient *state)
{
    ward_pack_enum(pack, &state->input_count, WARD_CLINICAL_QUANTITIES);
    for (uint8_t i = 0; i < state->input_count && !pack->fault; i++) {
        uint8_t quantity = pack->out != NULL ? state->inputs[i].quantity : 0;

        ward_pack_enum(pack, &quantity, WARD_QUANTITY_COUNT - 1);
        if (pack->out == NULL) {
            ward_alarm_input_init(&state->inputs[i], quantity, 0);
            pack->fault |= ward_clinical_quantity(quantity) == NULL;
        }
        ward_pack_input(pack, &state->inputs[i]);
    }
}

static void each_technical(struct ward_pack *pack, struct ward_alarm_patient *state)
{
    ward_pack_enum(pack, &state->technical_count, WARD_ALARM_TECHNICAL_MAX);
    for (uint8_t i = 0; i < state->technical_count && !pack->fault; i++) {
        struct ward_alarm_technical_state *technical = &state->technical[i];

        ward_pack_id(pack, &technical->name);
        if (pack->version >= 2) {
            ward_pack_id(pack, &technical->device);
        }
        ward_pack_bool(pack, &technical->advisory);
        ward_pack_bool(pack, &technical->degrades);
        ward_pack_text(pack, technical->text, WARD_ALARM_TEXT_MAX);
        ward_pack_condition(pack, &technical->condition);
    }
}

static void each_window_value(struct ward_pack *pack, struct ward_window_value *value)
{
    uint32_t mantissa = (uint32_t)value->mantissa;
    uint8_t exponent = (uint8_t)value->exponent;

    ward_pack_bool(pack, &value->present);
    if (value->present) {
        ward_pack_u32(pack, &mantissa);
        ward_pack_enum(pack, &exponent, UINT8_MAX);
        value->mantissa = (int32_t)mantissa;
        value->exponent = (int8_t)exponent;
    }
}

/* The same for all of a window, where there is room: a minute's are the greater half of a state. */
#define WINDOW_VALUE_OCTETS 6
static void write_window_values(struct ward_pack *pack, const struct ward_window *window)
{
    uint8_t *at = pack->out + pack->at;

    for (size_t i = 0; i <= window->span_s && i < WARD_WINDOW_S; i++) {
        const struct ward_window_value *value = &window->seconds[i];
        const uint32_t mantissa = htole32((uint32_t)value->mantissa);

        *at++ = value->present ? 1 : 0;
        if (value->present) {
            memcpy(at, &mantissa, sizeof(mantissa));
            at[4] = (uint8_t)value->exponent;
            at += WINDOW_VALUE_OCTETS - 1;
        }
    }
    pack->at = (size_t)(at - pack->out);
}

static void each_window(struct ward_pack *pack, struct ward_window *window)
{
    ward_pack_bool(pack, &window->begun);
    if (!window->begun) {
        return;
    }
    ward_pack_u64(pack, &window->newest_us);
    ward_pack_enum(pack, &window->span_s, WARD_WINDOW_S - 1);
    if (pack->out != NULL && !pack->fault &&
        pack->size - pack->at >= (size_t)WARD_WINDOW_S * WINDOW_VALUE_OCTETS) {
        write_window_values(pack, window);
        return;
    }
    for (size_t i = 0; i <= window->span_s && i < WARD_WINDOW_S && !pack->fault; i++) {
        each_window_value(pack, &window->seconds[i]);
    }
}

static void each_vital(struct ward_pack *pack, struct ward_alarm_vital *vital)
{
    ward_pack_decimal(pack, &vital->value);
    if (vital->value.special != WARD_NAN) {
        ward_pack_u64(pack, &vital->life_us);
        ward_pack_u64(pack, &vital->seq);
        ward_pack_u64(pack, &vital->mono_us);
        ward_pack_bool(pack, &vital->entered);
        ward_pack_bool(pack, &vital->dubious);
    }
    if (pack->version >= 4) {
        ward_pack_vital_memory(pack, vital);
    }
    each_window(pack, &vital->window);
}

static void each_of_patient(struct ward_pack *pack, struct ward_alarm_patient *state)
{
    uint32_t there = 0;

    for (unsigned i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        there |= ward_pack_is_at_rest(&state->wide[i]) ? 0 : 1u << i;
    }
    ward_pack_set(pack, &there, WARD_CAUSE_WIDE_COUNT);
    for (unsigned i = 0; i < WARD_CAUSE_WIDE_COUNT; i++) {
        if ((there & (1u << i)) != 0) {
            ward_pack_condition(pack, &state->wide[i]);
        }
    }
    ward_pack_utc(pack, &state->utc_offset_ms);
    ward_pack_u64(pack, &state->life_offset_us);
    ward_pack_enum(pack, &state->news2_fresh, (1 << WARD_NEWS2_PARAMETERS) - 1);
    for (size_t i = 0; i < WARD_VITAL_COUNT && !pack->fault; i++) {
        each_vital(pack, &state->vitals[i]);
    }
}

static void each_state(struct ward_pack *pack, struct ward_alarm_patient *state)
{
    ward_pack_enum(pack, &pack->version, WARD_ALARM_PACK_VERSION);
    pack->fault |= pack->version == 0;
    ward_pack_id(pack, &state->patient);
    ward_pack_id(pack, &state->episode);
    ward_pack_bool(pack, &state->has_sources);
    ward_pack_bool(pack, &state->ended);
    each_time(pack, &state->now);
    ward_pack_u64(pack, &state->plan_expires_us);
    ward_pack_u32(pack, &state->sources);
    ward_pack_u64(pack, &state->suspended_until_us);
    ward_pack_utc(pack, &state->suspended_until_utc_ms);
    each_inputs(pack, state);
    each_technical(pack, state);
    if (pack->version >= 2) {
        each_of_patient(pack, state);
    }
}

size_t ward_alarm_pack(struct ward_alarm_patient *state, uint8_t *buffer, size_t size)
{
    struct ward_pack pack = {.version = WARD_ALARM_PACK_VERSION, .out = buffer, .size = size};

    each_state(&pack, state);
    return pack.fault ? 0 : pack.at;
}

/* All but the places of inputs that are not there: most patients have three, and untouched memory is none. */
static void take_over(const struct ward_alarm_patient *state, struct ward_alarm_patient *ret)
{
    memcpy(ret, state, offsetof(struct ward_alarm_patient, inputs));
    memcpy(ret->inputs, state->inputs, state->input_count * sizeof(state->inputs[0]));
    memcpy(ret->technical, state->technical, sizeof(state->technical));
}

bool ward_alarm_unpack(const uint8_t *buffer, size_t length, struct ward_alarm_patient *ret)
{
    struct ward_pack pack = {.in = buffer, .size = length};
    struct ward_alarm_patient *state = malloc(sizeof(*state));
    bool good = false;

    if (state != NULL) {
        ward_alarm_init(state, &(struct ward_id){{0}}, &(struct ward_id){{0}});
        each_state(&pack, state);
        good = !pack.fault && pack.at == length;
    }
    if (good) {
        take_over(state, ret);
    }
    free(state);
    return good;
}
