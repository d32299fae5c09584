/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of `extra` of a health observation: all that was sent, by the numbers that were sent. `type` and what
 * stands in lists are MDC codes, `unit` is that of the MDC dimensions; `value` of a number is in that unit.
 */
#include "core/decode_json_part.h"
#include "core/decode_names.h"
#include "core/observation.h"
#include "core/status.h"

static void write_codes(struct ward_json *json, const char *name, const struct ward_observation_codes *codes)
{
    ward_json_key(json, name);
    ward_json_array(json);
    for (unsigned i = 0; i < codes->count; i++)
        ward_json_uint(json, ward_observation_code(codes, i));
    ward_json_array_end(json);
}

static void write_octets(struct ward_json *json, const char *name, const uint8_t *octets, size_t length)
{
    ward_json_key(json, name);
    ward_json_hex(json, octets, length);
}

static void write_flag(struct ward_json *json, const char *name, bool value)
{
    ward_json_key(json, name);
    ward_json_bool(json, value);
}

static void write_attributes(struct ward_json *json, const char *name, unsigned count,
                             struct ward_cursor cursor)
{
    struct ward_observation_attribute attribute;

    ward_json_key(json, name);
    ward_json_array(json);
    for (unsigned i = 0; i < count; i++) {
        ward_observation_next_attribute(&cursor, &attribute);
        ward_json_object(json);
        ward_decoded_write_number(json, "type", attribute.type);
        ward_decoded_write_number(json, "format", attribute.format);
        write_octets(json, "value", attribute.octets, attribute.length);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_samples(const struct ward_observation_value *value, struct ward_json *json)
{
    ward_decoded_write_number(json, "unit", value->samples.unit);
    ward_json_key(json, "scale");
    ward_json_decimal(json, value->samples.scale);
    ward_json_key(json, "offset");
    ward_json_decimal(json, value->samples.offset);
    ward_json_key(json, "period_s");
    ward_json_decimal(json, value->samples.period_s);
    ward_decoded_write_number(json, "samples_per_period", value->samples.per_period);
    ward_decoded_write_number(json, "octets_per_sample", value->samples.octets_per_sample);
    ward_decoded_write_number(json, "number_of_samples", value->samples.count);
    write_octets(json, "samples", value->samples.octets,
                 (size_t)value->samples.count * value->samples.octets_per_sample);
}

/* What a component may be too. */
static void write_plain_value(const struct ward_observation_value *value, struct ward_json *json)
{
    switch (value->class) {
    case WARD_OBSERVATION_NUMERIC:
        ward_decoded_write_number(json, "unit", value->numeric.unit);
        ward_decoded_write_sent(json, "value", "special", value->numeric.number);
        break;
    case WARD_OBSERVATION_SIMPLE_DISCRETE: ward_decoded_write_number(json, "value", value->discrete); break;
    case WARD_OBSERVATION_STRING:
        ward_json_key(json, "value");
        ward_json_string_n(json, (const char *)value->string.octets, value->string.length);
        break;
    case WARD_OBSERVATION_SAMPLE_ARRAY: write_samples(value, json); break;
    case WARD_OBSERVATION_COMPOUND_DISCRETE: write_codes(json, "values", &value->discretes); break;
    case WARD_OBSERVATION_COMPOUND_STATE:
        write_octets(json, "supported", value->state.supported, value->state.size);
        write_octets(json, "states", value->state.states, value->state.size);
        write_octets(json, "value", value->state.value, value->state.size);
        break;
    }
}

static void write_components(const struct ward_observation_value *value, struct ward_json *json)
{
    struct ward_cursor cursor = value->items.first;
    struct ward_observation_component component;

    ward_json_key(json, "components");
    ward_json_array(json);
    for (unsigned i = 0; i < value->items.count; i++) {
        ward_observation_next_component(&cursor, &component);
        ward_json_object(json);
        ward_decoded_write_number(json, "type", component.type);
        ward_decoded_write_name(json, "class", ward_observation_class_name(component.value.class));
        write_plain_value(&component.value, json);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_time(const struct ward_elapsed_time *time, struct ward_json *json)
{
    static const struct ward_decimal resolutions[4] = {
        {.mantissa = 1},
        {.mantissa = 1, .exponent = -1},
        {.mantissa = 1, .exponent = -3},
        {.mantissa = 1, .exponent = -4},
    };

    ward_json_key(json, "time");
    ward_json_object(json);
    if ((time->flags & WARD_ELAPSED_IS_TICKS) != 0)
        ward_json_member(json, "of", "ticks");
    else
        ward_json_member(json, "of", (time->flags & WARD_ELAPSED_IS_UTC) != 0 ? "utc" : "local-time");
    ward_decoded_write_number(json, "value", time->value);
    ward_json_key(json, "resolution_s");
    ward_json_decimal(json, resolutions[time->flags >> WARD_ELAPSED_RESOLUTION_SHIFT & 3]);
    ward_decoded_write_name(json, "source", ward_time_source_name(time->source));
    if ((time->flags & WARD_ELAPSED_HAS_OFFSET) != 0) {
        ward_json_key(json, "offset_min");
        ward_json_int(json, INT64_C(15) * time->offset_quarters);
    }
    write_flag(json, "current_timeline", (time->flags & WARD_ELAPSED_IS_CURRENT) != 0);
    ward_json_object_end(json);
}

static void write_fields(const struct ward_observation *observation, struct ward_json *json)
{
    const uint16_t flags = observation->flags;

    if ((flags & WARD_OBSERVATION_HAS_TYPE) != 0)
        ward_decoded_write_number(json, "type", observation->type);
    if ((flags & WARD_OBSERVATION_HAS_TIME) != 0)
        write_time(&observation->time, json);
    if ((flags & WARD_OBSERVATION_HAS_DURATION) != 0)
        ward_decoded_write_sent(json, "duration_s", "duration_special", observation->duration_s);
    if ((flags & WARD_OBSERVATION_HAS_STATUS) != 0) {
        ward_json_key(json, "measurement_status");
        ward_decoded_write_statuses(ward_observation_statuses(observation->status), 0, WARD_STATUS_COUNT - 1,
                                    json);
    }
    if ((flags & WARD_OBSERVATION_HAS_ID) != 0)
        ward_decoded_write_number(json, "id", observation->id);
    if ((flags & WARD_OBSERVATION_HAS_PATIENT) != 0)
        ward_decoded_write_number(json, "patient", observation->patient);
    if ((flags & WARD_OBSERVATION_HAS_SUPPLEMENT) != 0)
        write_codes(json, "supplemental_information", &observation->supplement);
    if ((flags & WARD_OBSERVATION_HAS_DERIVED_FROM) != 0)
        write_codes(json, "derived_from", &observation->derived_from);
    if ((flags & WARD_OBSERVATION_HAS_MEMBER_OF) != 0)
        write_codes(json, "member_of", &observation->member_of);
    if ((flags & WARD_OBSERVATION_HAS_ATTRIBUTES) != 0)
        write_attributes(json, "attributes", observation->attributes.count, observation->attributes.first);
}

/* All but a bundle, which holds such. */
static void write_observation(const struct ward_observation *observation, struct ward_json *json)
{
    const struct ward_observation_value *value = &observation->value;

    ward_decoded_write_name(json, "class", ward_observation_class_name(value->class));
    write_fields(observation, json);
    if (value->class == WARD_OBSERVATION_COMPOUND)
        write_components(value, json);
    else if (value->class == WARD_OBSERVATION_TLV)
        write_attributes(json, "values", value->items.count, value->items.first);
    else
        write_plain_value(value, json);
}

void ward_decoded_write_observation(const struct ward_observation_detail *detail, struct ward_json *json)
{
    struct ward_cursor cursor;
    struct ward_observation observation;
    struct ward_observation member;

    ward_cursor_init(&cursor, detail->octets, detail->length);
    (void)ward_observation_read(&cursor, &observation);
    ward_decoded_write_number(json, "segment", detail->segment);
    write_observation(&observation, json);
    if (observation.value.class != WARD_OBSERVATION_BUNDLE)
        return;
    cursor = observation.value.items.first;
    ward_json_key(json, "observations");
    ward_json_array(json);
    for (unsigned i = 0; i < observation.value.items.count; i++) {
        ward_observation_next(&cursor, &member);
        ward_json_object(json);
        write_observation(&member, json);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}
