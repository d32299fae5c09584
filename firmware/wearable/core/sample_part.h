/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoders of measurements share; for sample*.c only. */
#ifndef WEARABLE_SAMPLE_PART_H
#define WEARABLE_SAMPLE_PART_H

#include "wearable/core/sample.h"

/* Octets to be filled; once something did not fit, failed stays set and nothing more is written. */
struct ward_writer {
    uint8_t *octets;
    size_t size, length;
    bool failed;
};

bool ward_sample_has(const struct ward_sample *sample, enum ward_sample_field field);

/* The low octets of value, little-endian. */
void ward_put(struct ward_writer *writer, uint32_t value, size_t octets);

/* A field's number, NaN when it is not present; the second moves its point first, right when shift is positive. */
void ward_put_sfloat(struct ward_writer *writer, const struct ward_sample *sample,
                     enum ward_sample_field field);
void ward_put_shifted(struct ward_writer *writer, const struct ward_sample *sample,
                      enum ward_sample_field field, int shift);
void ward_put_float(struct ward_writer *writer, const struct ward_sample *sample,
                    enum ward_sample_field field);

/* A field that must be an integer of so many octets, without a sign. */
void ward_put_integer(struct ward_writer *writer, const struct ward_sample *sample,
                      enum ward_sample_field field, size_t octets);

/* Date Time (GSS §3.70). */
void ward_put_time(struct ward_writer *writer, const struct ward_device_time *time);

/*
 * How many parts of 1 / per_unit the number is. Returns false, with ret unchanged, for no number, a negative one, one
 * beyond maximum and one between two parts.
 */
bool ward_number_parts(const struct ward_number *number, int32_t per_unit, int32_t maximum, int32_t *ret);

void ward_put_blood_pressure(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_cuff_pressure(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_enhanced_blood_pressure(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_enhanced_cuff_pressure(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_temperature(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_weight(struct ward_writer *writer, const struct ward_sample *sample);
void ward_put_glucose(struct ward_writer *writer, const struct ward_sample *sample);

#endif
