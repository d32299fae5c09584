/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/sample.h"

#include "core/sfloat.h"
#include "ward/gatt.h"
#include "wearable/core/sample_part.h"

/* Device and sensor status, bit 11: sensor unconnected to user (PLXS §3.1.1.6). */
#define SENSOR_UNCONNECTED (INT32_C(1) << 11)

void ward_put(struct ward_writer *writer, uint32_t value, size_t octets)
{
    if (writer->failed || writer->size - writer->length < octets) {
        writer->failed = true;
        return;
    }
    for (size_t i = 0; i < octets; i++)
        writer->octets[writer->length++] = (uint8_t)(value >> (8 * i));
}

bool ward_sample_has(const struct ward_sample *sample, enum ward_sample_field field)
{
    return sample->present & (1u << field);
}

static struct ward_decimal decimal_of(const struct ward_sample *sample, enum ward_sample_field field,
                                      int shift)
{
    const struct ward_number *number = &sample->value[field];

    if (!ward_sample_has(sample, field))
        return (struct ward_decimal){.special = WARD_NAN};
    if (number->special != WARD_FINITE)
        return (struct ward_decimal){.special = number->special};
    return (struct ward_decimal){.mantissa = number->mantissa,
                                 .exponent = (int8_t)(number->exponent + shift)};
}

void ward_put_shifted(struct ward_writer *writer, const struct ward_sample *sample,
                      enum ward_sample_field field, int shift)
{
    struct ward_decimal value = decimal_of(sample, field, shift);
    uint16_t encoded = 0;

    if (!ward_sfloat_encode(&value, &encoded))
        writer->failed = true;
    ward_put(writer, encoded, 2);
}

void ward_put_sfloat(struct ward_writer *writer, const struct ward_sample *sample,
                     enum ward_sample_field field)
{
    ward_put_shifted(writer, sample, field, 0);
}

void ward_put_float(struct ward_writer *writer, const struct ward_sample *sample,
                    enum ward_sample_field field)
{
    struct ward_decimal value = decimal_of(sample, field, 0);
    uint32_t encoded = 0;

    if (!ward_float_encode(&value, &encoded))
        writer->failed = true;
    ward_put(writer, encoded, 4);
}

void ward_put_integer(struct ward_writer *writer, const struct ward_sample *sample,
                      enum ward_sample_field field, size_t octets)
{
    const struct ward_number *value = &sample->value[field];

    if (value->special != WARD_FINITE || value->exponent != 0 || value->mantissa < 0 ||
        (octets < 4 && value->mantissa >= INT32_C(1) << (8 * octets)))
        writer->failed = true;
    ward_put(writer, (uint32_t)value->mantissa, octets);
}

bool ward_number_parts(const struct ward_number *number, int32_t per_unit, int32_t maximum, int32_t *ret)
{
    int64_t parts = (int64_t)number->mantissa * per_unit;

    if (number->special != WARD_FINITE || parts < 0)
        return false;
    for (int8_t exponent = number->exponent; exponent < 0; exponent++) {
        if (parts % 10 != 0)
            return false;
        parts /= 10;
    }
    if (parts > maximum)
        return false;
    *ret = (int32_t)parts;
    return true;
}

/* Date Time (GSS §3.70). */
void ward_put_time(struct ward_writer *writer, const struct ward_device_time *time)
{
    ward_put(writer, time->year, 2);
    ward_put(writer, time->month, 1);
    ward_put(writer, time->day, 1);
    ward_put(writer, time->hour, 1);
    ward_put(writer, time->minute, 1);
    ward_put(writer, time->second, 1);
}

static bool has_sensor_status(const struct ward_sample *sample)
{
    return ward_sample_has(sample, WARD_FIELD_SENSOR_STATUS) || sample->contact == WARD_SAMPLE_CONTACT_LOST;
}

static void put_sensor_status(struct ward_writer *writer, const struct ward_sample *sample)
{
    struct ward_sample merged = {0};
    int32_t lost = sample->contact == WARD_SAMPLE_CONTACT_LOST ? SENSOR_UNCONNECTED : 0;

    if (ward_sample_has(sample, WARD_FIELD_SENSOR_STATUS))
        merged.value[WARD_FIELD_SENSOR_STATUS] = sample->value[WARD_FIELD_SENSOR_STATUS];
    merged.value[WARD_FIELD_SENSOR_STATUS].mantissa |= lost;
    ward_put_integer(writer, &merged, WARD_FIELD_SENSOR_STATUS, 3);
}

static void put_plx_spot_check(struct ward_writer *writer, const struct ward_sample *sample)
{
    uint32_t flags =
        (sample->time.present ? 0x01u : 0) | (ward_sample_has(sample, WARD_FIELD_STATUS) ? 0x02u : 0) |
        (has_sensor_status(sample) ? 0x04u : 0) | (ward_sample_has(sample, WARD_FIELD_AMPLITUDE) ? 0x08u : 0);

    ward_put(writer, flags, 1);
    ward_put_sfloat(writer, sample, WARD_FIELD_SPO2);
    ward_put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (sample->time.present)
        ward_put_time(writer, &sample->time);
    if (ward_sample_has(sample, WARD_FIELD_STATUS))
        ward_put_integer(writer, sample, WARD_FIELD_STATUS, 2);
    if (has_sensor_status(sample))
        put_sensor_status(writer, sample);
    if (ward_sample_has(sample, WARD_FIELD_AMPLITUDE))
        ward_put_sfloat(writer, sample, WARD_FIELD_AMPLITUDE);
}

static void put_plx_continuous(struct ward_writer *writer, const struct ward_sample *sample)
{
    bool fast =
        ward_sample_has(sample, WARD_FIELD_SPO2_FAST) || ward_sample_has(sample, WARD_FIELD_PULSE_FAST);
    bool slow =
        ward_sample_has(sample, WARD_FIELD_SPO2_SLOW) || ward_sample_has(sample, WARD_FIELD_PULSE_SLOW);
    uint32_t flags =
        (fast ? 0x01u : 0) | (slow ? 0x02u : 0) | (ward_sample_has(sample, WARD_FIELD_STATUS) ? 0x04u : 0) |
        (has_sensor_status(sample) ? 0x08u : 0) | (ward_sample_has(sample, WARD_FIELD_AMPLITUDE) ? 0x10u : 0);

    ward_put(writer, flags, 1);
    ward_put_sfloat(writer, sample, WARD_FIELD_SPO2);
    ward_put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (fast) {
        ward_put_sfloat(writer, sample, WARD_FIELD_SPO2_FAST);
        ward_put_sfloat(writer, sample, WARD_FIELD_PULSE_FAST);
    }
    if (slow) {
        ward_put_sfloat(writer, sample, WARD_FIELD_SPO2_SLOW);
        ward_put_sfloat(writer, sample, WARD_FIELD_PULSE_SLOW);
    }
    if (ward_sample_has(sample, WARD_FIELD_STATUS))
        ward_put_integer(writer, sample, WARD_FIELD_STATUS, 2);
    if (has_sensor_status(sample))
        put_sensor_status(writer, sample);
    if (ward_sample_has(sample, WARD_FIELD_AMPLITUDE))
        ward_put_sfloat(writer, sample, WARD_FIELD_AMPLITUDE);
}

static void put_heart_rate(struct ward_writer *writer, const struct ward_sample *sample)
{
    bool wide = sample->value[WARD_FIELD_RATE].mantissa > 255;
    uint32_t flags = (wide ? 0x01u : 0) | (sample->contact == WARD_SAMPLE_CONTACT_OK ? 0x02u : 0) |
                     (sample->contact != WARD_SAMPLE_CONTACT_UNKNOWN ? 0x04u : 0) |
                     (ward_sample_has(sample, WARD_FIELD_ENERGY) ? 0x08u : 0) |
                     (sample->rr_count > 0 ? 0x10u : 0);

    ward_put(writer, flags, 1);
    ward_put_integer(writer, sample, WARD_FIELD_RATE, wide ? 2 : 1);
    if (ward_sample_has(sample, WARD_FIELD_ENERGY))
        ward_put_integer(writer, sample, WARD_FIELD_ENERGY, 2);
    for (size_t i = 0; i < sample->rr_count; i++)
        ward_put(writer, sample->rr_1024[i], 2);
}

size_t ward_sample_encode(const struct ward_sample *sample, uint16_t characteristic, uint8_t *buffer,
                          size_t size)
{
    struct ward_writer writer = {.octets = buffer, .size = size};

    switch (characteristic) {
    case WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT: put_plx_spot_check(&writer, sample); break;
    case WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT: put_plx_continuous(&writer, sample); break;
    case WARD_CHAR_HEART_RATE_MEASUREMENT: put_heart_rate(&writer, sample); break;
    case WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT: ward_put_blood_pressure(&writer, sample); break;
    case WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE: ward_put_cuff_pressure(&writer, sample); break;
    case WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT:
        ward_put_enhanced_blood_pressure(&writer, sample);
        break;
    case WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE:
        ward_put_enhanced_cuff_pressure(&writer, sample);
        break;
    case WARD_CHAR_TEMPERATURE_MEASUREMENT:
    case WARD_CHAR_INTERMEDIATE_TEMPERATURE: ward_put_temperature(&writer, sample); break;
    case WARD_CHAR_WEIGHT_MEASUREMENT: ward_put_weight(&writer, sample); break;
    case WARD_CHAR_GLUCOSE_MEASUREMENT: ward_put_glucose(&writer, sample); break;
    default: return 0;
    }
    return writer.failed ? 0 : writer.length;
}
