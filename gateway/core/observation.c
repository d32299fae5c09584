/* SPDX-License-Identifier: Apache-2.0 */
#include "core/observation.h"

#include <stddef.h>

#include "core/status.h"

static void read_codes(struct ward_cursor *cursor, const char *field, struct ward_observation_codes *ret)
{
    ret->count = ward_cursor_u8(cursor, field);
    ret->octets = ward_cursor_octets(cursor, UINT64_C(4) * ret->count, field);
}

uint32_t ward_observation_code(const struct ward_observation_codes *codes, unsigned index)
{
    struct ward_cursor cursor;

    ward_cursor_init(&cursor, codes->octets + (size_t)4 * index, 4);
    return ward_cursor_u32(&cursor, "code");
}

void ward_observation_next_attribute(struct ward_cursor *cursor, struct ward_observation_attribute *ret)
{
    ret->type = ward_cursor_u32(cursor, "type of an attribute");
    ret->length = ward_cursor_u16(cursor, "length of an attribute");
    ret->format = ward_cursor_u8(cursor, "format of an attribute");
    ret->octets = ward_cursor_octets(cursor, ret->length, "value of an attribute");
}

static void read_attributes(struct ward_cursor *cursor, uint8_t *ret_count, struct ward_cursor *ret_first)
{
    struct ward_observation_attribute attribute;

    *ret_count = ward_cursor_u8(cursor, "number of attributes");
    *ret_first = *cursor;
    for (unsigned i = 0; i < *ret_count && ward_cursor_is_ok(cursor); i++)
        ward_observation_next_attribute(cursor, &attribute);
}

static void read_samples(struct ward_cursor *cursor, struct ward_observation_value *ret)
{
    ret->samples.unit = ward_cursor_u16(cursor, "unit");
    ret->samples.scale = ward_cursor_float(cursor, "scale factor");
    ret->samples.offset = ward_cursor_float(cursor, "offset");
    ret->samples.period_s = ward_cursor_float(cursor, "sample period");
    ret->samples.per_period = ward_cursor_u8(cursor, "samples per period");
    ret->samples.octets_per_sample = ward_cursor_u8(cursor, "octets per sample");
    ret->samples.count = ward_cursor_u32(cursor, "number of samples");
    ret->samples.octets =
        ward_cursor_octets(cursor, (uint64_t)ret->samples.count * ret->samples.octets_per_sample, "samples");
}

/* The classes that a component may have too. Returns whether this is one of them. */
static bool read_plain_value(struct ward_cursor *cursor, struct ward_observation_value *ret)
{
    switch (ret->class) {
    case WARD_OBSERVATION_NUMERIC:
        ret->numeric.unit = ward_cursor_u16(cursor, "unit");
        ret->numeric.number = ward_cursor_float(cursor, "value");
        return true;
    case WARD_OBSERVATION_SIMPLE_DISCRETE: ret->discrete = ward_cursor_u32(cursor, "value"); return true;
    case WARD_OBSERVATION_STRING:
        ret->string.length = ward_cursor_u16(cursor, "length of the string");
        ret->string.octets = ward_cursor_octets(cursor, ret->string.length, "string");
        return true;
    case WARD_OBSERVATION_SAMPLE_ARRAY: read_samples(cursor, ret); return true;
    case WARD_OBSERVATION_COMPOUND_DISCRETE:
        read_codes(cursor, "discrete values", &ret->discretes);
        return true;
    case WARD_OBSERVATION_COMPOUND_STATE:
        ret->state.size = ward_cursor_u8(cursor, "size of a mask");
        ret->state.supported = ward_cursor_octets(cursor, ret->state.size, "mask of what is supported");
        ret->state.states = ward_cursor_octets(cursor, ret->state.size, "mask of states");
        ret->state.value = ward_cursor_octets(cursor, ret->state.size, "states and events");
        return true;
    }
    return false;
}

static enum ward_observation_outcome read_component(struct ward_cursor *cursor,
                                                    struct ward_observation_component *ret)
{
    size_t class_offset;

    ret->type = ward_cursor_u32(cursor, "type of a component");
    class_offset = cursor->offset;
    ret->value = (struct ward_observation_value){.class = ward_cursor_u8(cursor, "class of a component")};
    if (!ward_cursor_is_ok(cursor))
        return WARD_OBSERVATION_SHORT;
    if (!read_plain_value(cursor, &ret->value)) {
        cursor->offset = class_offset;
        return WARD_OBSERVATION_RESERVED;
    }
    return ward_cursor_is_ok(cursor) ? WARD_OBSERVATION_READ : WARD_OBSERVATION_SHORT;
}

static enum ward_observation_outcome read_components(struct ward_cursor *cursor,
                                                     struct ward_observation_value *ret)
{
    enum ward_observation_outcome outcome = WARD_OBSERVATION_READ;
    struct ward_observation_component component;

    ret->items.count = ward_cursor_u8(cursor, "number of components");
    ret->items.first = *cursor;
    for (unsigned i = 0; i < ret->items.count && outcome == WARD_OBSERVATION_READ; i++)
        outcome = read_component(cursor, &component);
    return outcome;
}

static void read_fields(struct ward_cursor *cursor, struct ward_observation *ret)
{
    if ((ret->flags & WARD_OBSERVATION_HAS_TYPE) != 0)
        ret->type = ward_cursor_u32(cursor, "observation type");
    if ((ret->flags & WARD_OBSERVATION_HAS_TIME) != 0) {
        ret->time.flags = ward_cursor_u8(cursor, "flags of the time stamp");
        ret->time.value = ward_cursor_u48(cursor, "time stamp");
        ret->time.source = ward_cursor_u8(cursor, "source of the time stamp");
        ret->time.offset_quarters = (int8_t)ward_cursor_u8(cursor, "offset of the time stamp");
    }
    if ((ret->flags & WARD_OBSERVATION_HAS_DURATION) != 0)
        ret->duration_s = ward_cursor_float(cursor, "measurement duration");
    if ((ret->flags & WARD_OBSERVATION_HAS_STATUS) != 0)
        ret->status = ward_cursor_u16(cursor, "measurement status");
    if ((ret->flags & WARD_OBSERVATION_HAS_ID) != 0)
        ret->id = ward_cursor_u32(cursor, "observation id");
    if ((ret->flags & WARD_OBSERVATION_HAS_PATIENT) != 0)
        ret->patient = ward_cursor_u8(cursor, "patient");
    if ((ret->flags & WARD_OBSERVATION_HAS_SUPPLEMENT) != 0)
        read_codes(cursor, "supplemental information", &ret->supplement);
    if ((ret->flags & WARD_OBSERVATION_HAS_DERIVED_FROM) != 0)
        read_codes(cursor, "what it is derived from", &ret->derived_from);
    if ((ret->flags & WARD_OBSERVATION_HAS_MEMBER_OF) != 0)
        read_codes(cursor, "what it is a member of", &ret->member_of);
    if ((ret->flags & WARD_OBSERVATION_HAS_ATTRIBUTES) != 0)
        read_attributes(cursor, &ret->attributes.count, &ret->attributes.first);
}

/* Where observations stand, and so whether a bundle may. */
enum place { ALONE, IN_A_BUNDLE };

static enum ward_observation_outcome read_observation(struct ward_cursor *cursor, enum place place,
                                                      struct ward_observation *ret);

static enum ward_observation_outcome read_bundle(struct ward_cursor *cursor,
                                                 struct ward_observation_value *ret)
{
    enum ward_observation_outcome outcome = WARD_OBSERVATION_READ;
    struct ward_observation observation;

    ret->items.count = ward_cursor_u8(cursor, "number of observations");
    ret->items.first = *cursor;
    for (unsigned i = 0; i < ret->items.count && outcome == WARD_OBSERVATION_READ; i++)
        outcome = read_observation(cursor, IN_A_BUNDLE, &observation);
    return outcome;
}

/* Of a class that can be read here. */
static enum ward_observation_outcome read_value(struct ward_cursor *cursor,
                                                struct ward_observation_value *ret)
{
    if (ret->class == WARD_OBSERVATION_COMPOUND)
        return read_components(cursor, ret);
    if (ret->class == WARD_OBSERVATION_BUNDLE)
        return read_bundle(cursor, ret);
    if (!read_plain_value(cursor, ret))
        read_attributes(cursor, &ret->items.count, &ret->items.first);
    return WARD_OBSERVATION_READ;
}

static bool can_be_read(uint8_t class, enum place place)
{
    return ward_observation_class_name(class) != NULL && (class != WARD_OBSERVATION_BUNDLE || place == ALONE);
}

/* The length is the fence: what it holds is read by a cursor of its own, which ends there. */
static enum ward_observation_outcome read_observation(struct ward_cursor *cursor, enum place place,
                                                      struct ward_observation *ret)
{
    const size_t class_offset = cursor->offset;
    enum ward_observation_outcome outcome = WARD_OBSERVATION_READ;
    struct ward_cursor body;
    uint16_t length;

    *ret = (struct ward_observation){.value = {.class = ward_cursor_u8(cursor, "observation class")}};
    length = ward_cursor_u16(cursor, "length of the observation");
    body = *cursor;
    (void)ward_cursor_octets(cursor, length, "observation");
    if (!ward_cursor_is_ok(cursor))
        return WARD_OBSERVATION_SHORT;
    if (!can_be_read(ret->value.class, place)) {
        if (place == IN_A_BUNDLE)
            return WARD_OBSERVATION_READ;
        cursor->offset = class_offset;
        return WARD_OBSERVATION_RESERVED;
    }
    body.length = cursor->offset;
    ret->flags = ward_cursor_u16(&body, "flags");
    read_fields(&body, ret);
    if (ward_cursor_is_ok(&body))
        outcome = read_value(&body, &ret->value);
    if (outcome == WARD_OBSERVATION_READ && ward_cursor_is_ok(&body))
        return WARD_OBSERVATION_READ;
    *cursor = body;
    return outcome == WARD_OBSERVATION_RESERVED ? outcome : WARD_OBSERVATION_SHORT;
}

enum ward_observation_outcome ward_observation_read(struct ward_cursor *cursor, struct ward_observation *ret)
{
    return read_observation(cursor, ALONE, ret);
}

void ward_observation_next(struct ward_cursor *cursor, struct ward_observation *ret)
{
    (void)read_observation(cursor, IN_A_BUNDLE, ret);
}

void ward_observation_next_component(struct ward_cursor *cursor, struct ward_observation_component *ret)
{
    (void)read_component(cursor, ret);
}

const char *ward_observation_class_name(uint8_t number)
{
    static const char *const names[] = {
        [WARD_OBSERVATION_NUMERIC] = "simple-numeric",
        [WARD_OBSERVATION_SIMPLE_DISCRETE] = "simple-discrete",
        [WARD_OBSERVATION_STRING] = "string",
        [WARD_OBSERVATION_SAMPLE_ARRAY] = "sample-array",
        [WARD_OBSERVATION_COMPOUND_DISCRETE] = "compound-discrete",
        [WARD_OBSERVATION_COMPOUND_STATE] = "compound-state",
        [WARD_OBSERVATION_COMPOUND] = "compound",
        [WARD_OBSERVATION_TLV] = "tlv",
    };

    if (number == WARD_OBSERVATION_BUNDLE)
        return "bundle";
    return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

uint64_t ward_observation_statuses(uint16_t field)
{
    static const uint8_t statuses[16] = {
        [0] = WARD_STATUS_INVALID_MEASUREMENT,     [1] = WARD_STATUS_QUESTIONABLE_MEASUREMENT,
        [2] = WARD_STATUS_MEASUREMENT_UNAVAILABLE, [3] = WARD_STATUS_CALIBRATION_ONGOING,
        [4] = WARD_STATUS_DATA_FOR_TESTING,        [5] = WARD_STATUS_EARLY_ESTIMATED_DATA,
        [6] = WARD_STATUS_MANUALLY_ENTERED,        [7] = WARD_STATUS_SETTING,
        [14] = WARD_STATUS_THRESHOLD_ERROR,        [15] = WARD_STATUS_THRESHOLDING_DISABLED,
    };
    uint64_t set = 0;

    for (unsigned bit = 0; bit < 16; bit++)
        if ((field & 1u << bit) != 0 && statuses[bit] != 0)
            set |= WARD_STATUS_BIT(statuses[bit]);
    return set;
}
