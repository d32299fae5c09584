/* SPDX-License-Identifier: Apache-2.0 */
/* What a cuff measures: 2A35, 2A36, and enhanced 2B34, 2B35 (BLS 1.1.1 §3). */
#include "wearable/core/clock.h"
#include "wearable/core/sample_part.h"

enum {
    FLAG_KILOPASCAL = 0x01,
    FLAG_TIME_STAMP = 0x02,
    FLAG_PULSE_RATE = 0x04,
    FLAG_USER = 0x08,
    FLAG_STATUS = 0x10,
    FLAG_EPOCH_2000 = 0x40, /* enhanced only */
};

static uint32_t flags_of(const struct ward_sample *sample)
{
    return (sample->second_unit ? FLAG_KILOPASCAL : 0u) | (sample->time.present ? FLAG_TIME_STAMP : 0u) |
           (ward_sample_has(sample, WARD_FIELD_PULSE) ? FLAG_PULSE_RATE : 0u) |
           (ward_sample_has(sample, WARD_FIELD_USER) ? FLAG_USER : 0u) |
           (ward_sample_has(sample, WARD_FIELD_STATUS) ? FLAG_STATUS : 0u);
}

static void put_pressures(struct ward_writer *writer, const struct ward_sample *sample)
{
    ward_put_sfloat(writer, sample, WARD_FIELD_SYSTOLIC);
    ward_put_sfloat(writer, sample, WARD_FIELD_DIASTOLIC);
    ward_put_sfloat(writer, sample, WARD_FIELD_MEAN);
}

static void put_pulse_user_status(struct ward_writer *writer, const struct ward_sample *sample)
{
    if (ward_sample_has(sample, WARD_FIELD_PULSE))
        ward_put_sfloat(writer, sample, WARD_FIELD_PULSE);
    if (ward_sample_has(sample, WARD_FIELD_USER))
        ward_put_integer(writer, sample, WARD_FIELD_USER, 1);
    if (ward_sample_has(sample, WARD_FIELD_STATUS))
        ward_put_integer(writer, sample, WARD_FIELD_STATUS, 2);
}

static void put_rest(struct ward_writer *writer, const struct ward_sample *sample)
{
    if (sample->time.present)
        ward_put_time(writer, &sample->time);
    put_pulse_user_status(writer, sample);
}

/* Seconds since the start of 2000; a time that does not exist has none, and cannot be sent so. */
static void put_enhanced_rest(struct ward_writer *writer, const struct ward_sample *sample)
{
    int64_t seconds = 0;

    if (sample->time.present) {
        if (!ward_seconds_from_time(&sample->time, &seconds) || seconds < 0 || seconds > UINT32_MAX)
            writer->failed = true;
        ward_put(writer, (uint32_t)seconds, 4);
    }
    put_pulse_user_status(writer, sample);
}

void ward_put_blood_pressure(struct ward_writer *writer, const struct ward_sample *sample)
{
    ward_put(writer, flags_of(sample), 1);
    put_pressures(writer, sample);
    put_rest(writer, sample);
}

/* The diastolic and the mean pressure are unused here (§3.2): NaN, as nothing sets them. */
void ward_put_cuff_pressure(struct ward_writer *writer, const struct ward_sample *sample)
{
    ward_put(writer, flags_of(sample), 1);
    ward_put_sfloat(writer, sample, WARD_FIELD_CUFF);
    ward_put_sfloat(writer, sample, WARD_FIELD_DIASTOLIC);
    ward_put_sfloat(writer, sample, WARD_FIELD_MEAN);
    put_rest(writer, sample);
}

static uint32_t enhanced_flags_of(const struct ward_sample *sample)
{
    return flags_of(sample) | (sample->time.present ? FLAG_EPOCH_2000 : 0u);
}

void ward_put_enhanced_blood_pressure(struct ward_writer *writer, const struct ward_sample *sample)
{
    ward_put(writer, enhanced_flags_of(sample), 1);
    put_pressures(writer, sample);
    put_enhanced_rest(writer, sample);
}

void ward_put_enhanced_cuff_pressure(struct ward_writer *writer, const struct ward_sample *sample)
{
    ward_put(writer, enhanced_flags_of(sample), 1);
    ward_put_sfloat(writer, sample, WARD_FIELD_CUFF);
    put_enhanced_rest(writer, sample);
}
