/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live Health Observations, 2B8B (GHSS 1.0): a segmentation header (bit 0 first, bit 1 last, bits 2–7 a rolling counter)
 * and an observation (core/observation.h), whole when both bits are set: core/segments.h puts it together where not.
 *
 * What becomes a value: each number whose MDC code is that of a quantity and whose unit is one that this quantity can be
 * converted from; alone, as a component, or in a bundle. All else that was sent is told beside it, by its number, and
 * so are those numbers, as they were sent.
 *
 *   kind         continuous for an oximeter's, a strap's and a breath's rates without the modality "spot"; else spot
 *   modality     "fast" and "slow" of supplemental information make the fast and slow quantities of an oximeter
 *   status       of the observation and its bundle; what is a setting is no measurement, and no value
 *   device time  of the first time stamp; UTC with an offset is told as the local time that it is, UTC without as UTC
 *   user         the first patient number
 */
#include "core/decimal.h"
#include "core/decode_part.h"
#include "core/observation.h"
#include "core/quantity.h"
#include "core/status.h"
#include "core/utc.h"

#include <string.h>

#define SECONDS_1970_TO_2000 INT64_C(946684800)

enum {
    SEGMENT_FIRST = 1 << 0,
    SEGMENT_LAST = 1 << 1,
    SEGMENT_COUNTER_SHIFT = 2,
    STATUS_BIT_SETTING = 1 << 7,
    MDC_MODALITY_FAST = 150580,
    MDC_MODALITY_SLOW = 150584,
    MDC_MODALITY_SPOT = 150588,
};

/* What an observation has from its bundle, and what the frame has found so far. */
struct context {
    struct ward_decoded *decoded;
    uint32_t type;
    uint16_t status;
    uint32_t modality;
    bool is_streamed; /* nothing but what streams */
    bool has_too_many;
    uint64_t unmeasured; /* statuses of what is no measurement */
};

/* MDC units; `from` says what a value needs to come to the unit of its quantity. */
static const struct dimension {
    uint16_t code;
    bool is_kept;
    uint8_t from; /* enum ward_unit, unless it is kept */
    const char *unit;
} dimensions[] = {
    {0x0220, true, 0, "%"},
    {0x0AA0, true, 0, "/min"}, /* beats */
    {0x0AC0, true, 0, "/min"}, /* pulses */
    {0x0AE0, true, 0, "/min"}, /* breaths */
    {0x0F20, true, 0, "mm[Hg]"},
    {0x0F03, false, WARD_UNIT_KILOPASCAL, "mm[Hg]"},
    {0x17A0, true, 0, "Cel"},
    {0x1140, false, WARD_UNIT_FAHRENHEIT, "Cel"},
    {0x06C3, true, 0, "kg"},
    {0x06C0, false, WARD_UNIT_GRAM, "kg"},
    {0x06E0, false, WARD_UNIT_POUND, "kg"},
    {0x1272, true, 0, "mmol/L"},
    {0x0852, false, WARD_UNIT_GLUCOSE_MG_PER_DL, "mmol/L"},
    {0x0511, true, 0, "cm"},
    {0x0500, false, WARD_UNIT_METRE, "cm"},
    {0x0560, false, WARD_UNIT_INCH, "cm"},
    {0x07A0, true, 0, "kg/m2"},
};

static const struct dimension *dimension_of(uint16_t code)
{
    for (size_t i = 0; i < sizeof(dimensions) / sizeof(dimensions[0]); i++)
        if (dimensions[i].code == code)
            return &dimensions[i];
    return NULL;
}

static enum ward_quantity quantity_of(uint32_t type, uint32_t modality)
{
    const enum ward_quantity quantity = ward_quantity_by_mdc(type);

    if (quantity == WARD_SPO2 && modality == MDC_MODALITY_FAST)
        return WARD_SPO2_FAST;
    if (quantity == WARD_SPO2 && modality == MDC_MODALITY_SLOW)
        return WARD_SPO2_SLOW;
    if (quantity == WARD_PULSE_RATE && modality == MDC_MODALITY_FAST)
        return WARD_PULSE_RATE_FAST;
    if (quantity == WARD_PULSE_RATE && modality == MDC_MODALITY_SLOW)
        return WARD_PULSE_RATE_SLOW;
    return quantity;
}

/* The quantity is one: an oximeter's come first. */
static bool streams(enum ward_quantity quantity)
{
    return quantity <= WARD_PULSE_RATE_SLOW || quantity == WARD_HEART_RATE ||
           quantity == WARD_RESPIRATION_RATE || quantity == WARD_PULSE_AMPLITUDE_INDEX;
}

static void add_number(struct context *context, uint32_t type, const struct ward_observation_value *value)
{
    const enum ward_quantity quantity = quantity_of(type, context->modality);
    const struct dimension *dimension = dimension_of(value->numeric.unit);
    struct ward_decimal number = value->numeric.number;

    if (quantity == WARD_QUANTITY_NONE || dimension == NULL ||
        strcmp(dimension->unit, ward_quantity_info((uint8_t)quantity)->unit) != 0)
        return;
    if (context->decoded->value_count == WARD_READING_VALUES_MAX) {
        context->has_too_many = true;
        return;
    }
    /* A FLOAT goes up to 10^133: not at this resolution. */
    if (!dimension->is_kept && !ward_decimal_convert(&number, (enum ward_unit)dimension->from, &number))
        number = (struct ward_decimal){.special = WARD_NRES};
    context->is_streamed =
        context->is_streamed && streams(quantity) && context->modality != MDC_MODALITY_SPOT;
    ward_decoded_add(context->decoded, quantity, number);
}

static void add_components(struct context *context, const struct ward_observation_value *value)
{
    struct ward_cursor cursor = value->items.first;
    struct ward_observation_component component;

    for (unsigned i = 0; i < value->items.count; i++) {
        ward_observation_next_component(&cursor, &component);
        if (component.value.class == WARD_OBSERVATION_NUMERIC)
            add_number(context, component.type, &component.value);
    }
}

static void note_time(const struct ward_elapsed_time *time, struct ward_decoded *decoded)
{
    static const uint16_t per_second[4] = {1, 10, 1000, 10000};
    int64_t seconds = (int64_t)(time->value / per_second[time->flags >> WARD_ELAPSED_RESOLUTION_SHIFT & 3]);

    if ((time->flags & WARD_ELAPSED_IS_TICKS) != 0 || decoded->device_time.present)
        return;
    if ((time->flags & WARD_ELAPSED_IS_UTC) != 0 && (time->flags & WARD_ELAPSED_HAS_OFFSET) != 0)
        seconds += INT64_C(15) * 60 * time->offset_quarters;
    decoded->device_time.present = true;
    decoded->device_time_is_wrong =
        !ward_device_time_from_seconds(seconds + SECONDS_1970_TO_2000, &decoded->device_time);
}

static uint32_t modality_of(const struct ward_observation_codes *supplement, uint32_t otherwise)
{
    for (unsigned i = 0; i < supplement->count; i++) {
        const uint32_t code = ward_observation_code(supplement, i);

        if (code == MDC_MODALITY_FAST || code == MDC_MODALITY_SLOW || code == MDC_MODALITY_SPOT)
            return code;
    }
    return otherwise;
}

/* Returns what the observation adds to what it has from its bundle. */
static struct context note_fields(const struct context *context, const struct ward_observation *observation)
{
    struct context own = *context;

    if ((observation->flags & WARD_OBSERVATION_HAS_TYPE) != 0)
        own.type = observation->type;
    own.status |= observation->status;
    own.modality = modality_of(&observation->supplement, context->modality);
    if ((observation->flags & WARD_OBSERVATION_HAS_TIME) != 0)
        note_time(&observation->time, own.decoded);
    if ((observation->flags & WARD_OBSERVATION_HAS_PATIENT) != 0 && !own.decoded->has_user) {
        own.decoded->has_user = true;
        own.decoded->user = observation->patient;
    }
    return own;
}

/* What is set, as a target or a threshold, was not measured. */
static void add_observation(struct context *context, const struct ward_observation *observation)
{
    struct context own = note_fields(context, observation);

    if ((own.status & STATUS_BIT_SETTING) != 0) {
        context->unmeasured |= ward_observation_statuses(own.status);
        return;
    }
    own.decoded->statuses |= ward_observation_statuses(own.status);
    if (observation->value.class == WARD_OBSERVATION_NUMERIC)
        add_number(&own, own.type, &observation->value);
    else if (observation->value.class == WARD_OBSERVATION_COMPOUND)
        add_components(&own, &observation->value);
    context->is_streamed = own.is_streamed;
    context->has_too_many = own.has_too_many;
}

static void add_all(struct context *context, const struct ward_observation *observation)
{
    struct ward_cursor cursor = observation->value.items.first;
    struct ward_observation member;

    if (observation->value.class != WARD_OBSERVATION_BUNDLE) {
        add_observation(context, observation);
        return;
    }
    *context = note_fields(context, observation);
    for (unsigned i = 0; i < observation->value.items.count; i++) {
        ward_observation_next(&cursor, &member);
        add_observation(context, &member);
    }
}

static bool is_whole(uint8_t header, struct ward_decoded *decoded)
{
    static const char why[] = "is a part of an observation: others belong to it";

    if ((header & SEGMENT_FIRST) != 0 && (header & SEGMENT_LAST) != 0)
        return true;
    ward_decoded_refuse(decoded, WARD_DECODE_TRUNCATED, "segment", header >> SEGMENT_COUNTER_SHIFT, 0, why);
    return false;
}

void ward_decode_live_observation(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t header = ward_cursor_u8(cursor, "segmentation header");
    const struct ward_cursor start = *cursor;
    struct context context = {.decoded = decoded, .is_streamed = true};
    struct ward_observation observation;

    if (!ward_cursor_is_ok(cursor) || !is_whole(header, decoded))
        return;
    switch (ward_observation_read(cursor, &observation)) {
    case WARD_OBSERVATION_SHORT: return;
    case WARD_OBSERVATION_RESERVED:
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "class", cursor->octets[cursor->offset],
                            cursor->offset, "is reserved");
        return;
    case WARD_OBSERVATION_READ: break;
    }
    decoded->has_status = true;
    decoded->detail.observation.segment = header >> SEGMENT_COUNTER_SHIFT;
    decoded->detail.observation.octets = start.octets + start.offset;
    decoded->detail.observation.length = cursor->offset - start.offset;
    add_all(&context, &observation);
    if (context.is_streamed && decoded->value_count > 0)
        decoded->kind = WARD_READING_CONTINUOUS;
    if (decoded->value_count == 0)
        decoded->statuses |= context.unmeasured;
    if (context.has_too_many)
        ward_decoded_refuse(decoded, WARD_DECODE_INVALID, "value", WARD_READING_VALUES_MAX + 1, start.offset,
                            "is more than a reading holds");
}
