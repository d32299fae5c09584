/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/sample.h"

#include "core/sfloat.h"
#include "ward/gatt.h"

/* Device and sensor status, bit 11: sensor unconnected to user (PLXS §3.1.1.6). */
#define SENSOR_UNCONNECTED (1u << 11)

/* Octets to be filled; once something did not fit, failed stays set and nothing more is written. */
struct writer {
    uint8_t *octets;
    size_t size, length;
    bool failed;
};

static void put(struct writer *writer, uint32_t value, size_t octets)
{
    if (writer->failed || writer->size - writer->length < octets) {
        writer->failed = true;
        return;
    }
    for (size_t i = 0; i < octets; i++)
        writer->octets[writer->length++] = (uint8_t)(value >> (8 * i));
}

static bool has(const struct ward_sample *sample, enum ward_sample_field field)
{
    return sample->present & (1u << field);
}

static void put_sfloat(struct writer *writer, const struct ward_sample *sample, enum ward_sample_field field)
{
    static const struct ward_decimal nan = {.special = WARD_NAN};
    uint16_t encoded = 0;

    if (!ward_sfloat_encode(has(sample, field) ? &sample->value[field] : &nan, &encoded))
        writer->failed = true;
    put(writer, encoded, 2);
}

static void put_integer(struct writer *writer, const struct ward_sample *sample, enum ward_sample_field field,
                        size_t octets)
{
    const struct ward_decimal *value = &sample->value[field];

    if (value->special != WARD_FINITE || value->exponent != 0 || value->mantissa < 0 ||
        value->mantissa >= INT64_C(1) << (8 * octets))
        writer->failed = true;
    put(writer, (uint32_t)value->mantissa, octets);
}

/* Date Time (GSS §3.70). */
static void put_time(struct writer *writer, const struct ward_device_time *time)
{
    put(writer, time->year, 2);
    put(writer, time->month, 1);
    put(writer, time->day, 1);
    put(writer, time->hour, 1);
    put(writer, time->minute, 1);
    put(writer, time->second, 1);
}

static bool has_sensor_status(const struct ward_sample *sample)
{
    return has(sample, WARD_FIELD_SENSOR_STATUS) || sample->contact == WARD_CONTACT_LOST;
}

static void put_sensor_status(struct writer *writer, const struct ward_sample *sample)
{
    struct ward_sample merged = {0};
    uint32_t lost = sample->contact == WARD_CONTACT_LOST ? SENSOR_UNCONNECTED : 0;

    if (has(sample, WARD_FIELD_SENSOR_STATUS))
        merged.value[WARD_FIELD_SENSOR_STATUS] = sample->value[WARD_FIELD_SENSOR_STATUS];
    merged.value[WARD_FIELD_SENSOR_STATUS].mantissa |= lost;
    put_integer(writer, &merged, WARD_FIELD_SENSOR_STATUS, 3);
}

static void put_plx_spot_check(struct writer *writer, const struct ward_sample *sample)
{
    uint32_t flags = (sample->time.present ? 0x01u : 0) | (has(sample, WARD_FIELD_STATUS) ? 0x02u : 0) |
                     (has_sensor_status(sample) ? 0x04u : 0) |
                     (has(sample, WARD_FIELD_AMPLITUDE) ? 0x08u : 0);

    put(writer, flags, 1);
    put_sfloat(writer, sample, WARD_FIELD_SPO2);
    put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (sample->time.present)
        put_time(writer, &sample->time);
    if (has(sample, WARD_FIELD_STATUS))
        put_integer(writer, sample, WARD_FIELD_STATUS, 2);
    if (has_sensor_status(sample))
        put_sensor_status(writer, sample);
    if (has(sample, WARD_FIELD_AMPLITUDE))
        put_sfloat(writer, sample, WARD_FIELD_AMPLITUDE);
}

static void put_plx_continuous(struct writer *writer, const struct ward_sample *sample)
{
    bool fast = has(sample, WARD_FIELD_SPO2_FAST) || has(sample, WARD_FIELD_PULSE_FAST);
    bool slow = has(sample, WARD_FIELD_SPO2_SLOW) || has(sample, WARD_FIELD_PULSE_SLOW);
    uint32_t flags = (fast ? 0x01u : 0) | (slow ? 0x02u : 0) | (has(sample, WARD_FIELD_STATUS) ? 0x04u : 0) |
                     (has_sensor_status(sample) ? 0x08u : 0) |
                     (has(sample, WARD_FIELD_AMPLITUDE) ? 0x10u : 0);

    put(writer, flags, 1);
    put_sfloat(writer, sample, WARD_FIELD_SPO2);
    put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (fast) {
        put_sfloat(writer, sample, WARD_FIELD_SPO2_FAST);
        put_sfloat(writer, sample, WARD_FIELD_PULSE_FAST);
    }
    if (slow) {
        put_sfloat(writer, sample, WARD_FIELD_SPO2_SLOW);
        put_sfloat(writer, sample, WARD_FIELD_PULSE_SLOW);
    }
    if (has(sample, WARD_FIELD_STATUS))
        put_integer(writer, sample, WARD_FIELD_STATUS, 2);
    if (has_sensor_status(sample))
        put_sensor_status(writer, sample);
    if (has(sample, WARD_FIELD_AMPLITUDE))
        put_sfloat(writer, sample, WARD_FIELD_AMPLITUDE);
}

static void put_heart_rate(struct writer *writer, const struct ward_sample *sample)
{
    bool wide = sample->value[WARD_FIELD_RATE].mantissa > UINT8_MAX;
    uint32_t flags = (wide ? 0x01u : 0) | (sample->contact == WARD_CONTACT_OK ? 0x02u : 0) |
                     (sample->contact != WARD_CONTACT_UNKNOWN ? 0x04u : 0) |
                     (has(sample, WARD_FIELD_ENERGY) ? 0x08u : 0) | (sample->rr_count > 0 ? 0x10u : 0);

    put(writer, flags, 1);
    put_integer(writer, sample, WARD_FIELD_RATE, wide ? 2 : 1);
    if (has(sample, WARD_FIELD_ENERGY))
        put_integer(writer, sample, WARD_FIELD_ENERGY, 2);
    for (size_t i = 0; i < sample->rr_count; i++)
        put(writer, sample->rr_1024[i], 2);
}

static void put_blood_pressure(struct writer *writer, const struct ward_sample *sample)
{
    uint32_t flags = (sample->kilopascal ? 0x01u : 0) | (sample->time.present ? 0x02u : 0) |
                     (has(sample, WARD_FIELD_PULSE) ? 0x04u : 0) |
                     (has(sample, WARD_FIELD_USER) ? 0x08u : 0) |
                     (has(sample, WARD_FIELD_STATUS) ? 0x10u : 0);

    put(writer, flags, 1);
    put_sfloat(writer, sample, WARD_FIELD_SYSTOLIC);
    put_sfloat(writer, sample, WARD_FIELD_DIASTOLIC);
    put_sfloat(writer, sample, WARD_FIELD_MEAN);
    if (sample->time.present)
        put_time(writer, &sample->time);
    if (has(sample, WARD_FIELD_PULSE))
        put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (has(sample, WARD_FIELD_USER))
        put_integer(writer, sample, WARD_FIELD_USER, 1);
    if (has(sample, WARD_FIELD_STATUS))
        put_integer(writer, sample, WARD_FIELD_STATUS, 2);
}

size_t ward_sample_encode(const struct ward_sample *sample, uint16_t characteristic, uint8_t *buffer,
                          size_t size)
{
    struct writer writer = {.octets = buffer, .size = size};

    switch (characteristic) {
    case WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT: put_plx_spot_check(&writer, sample); break;
    case WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT: put_plx_continuous(&writer, sample); break;
    case WARD_CHAR_HEART_RATE_MEASUREMENT: put_heart_rate(&writer, sample); break;
    case WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT: put_blood_pressure(&writer, sample); break;
    default: return 0;
    }
    return writer.failed ? 0 : writer.length;
}
