/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One measurement of a wearable and its octets on the air.
 */
#ifndef WEARABLE_SAMPLE_H
#define WEARABLE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"
#include "ward/reading.h"

enum ward_sample_field {
    WARD_FIELD_SPO2,
    WARD_FIELD_PULSE,
    WARD_FIELD_SPO2_FAST,
    WARD_FIELD_PULSE_FAST,
    WARD_FIELD_SPO2_SLOW,
    WARD_FIELD_PULSE_SLOW,
    WARD_FIELD_AMPLITUDE,
    WARD_FIELD_RATE,
    WARD_FIELD_ENERGY,
    WARD_FIELD_SYSTOLIC,
    WARD_FIELD_DIASTOLIC,
    WARD_FIELD_MEAN,
    WARD_FIELD_USER,
    WARD_FIELD_STATUS,        /* measurement status, bits as on the air */
    WARD_FIELD_SENSOR_STATUS, /* device and sensor status of an oximeter, bits as on the air */
    WARD_FIELD_COUNT,
};

enum ward_sample_contact {
    WARD_CONTACT_UNKNOWN, /* the sensor cannot tell */
    WARD_CONTACT_OK,
    WARD_CONTACT_LOST,
};

#define WARD_SAMPLE_RR_MAX 8

/*
 * The longest measurement: a blood pressure with everything in it has 19 octets, a heart rate with 8
 * intervals 21.
 */
#define WARD_SAMPLE_OCTETS_MAX 24

struct ward_sample {
    uint32_t present; /* set of 1 << enum ward_sample_field */
    struct ward_decimal value[WARD_FIELD_COUNT];
    uint16_t rr_1024[WARD_SAMPLE_RR_MAX]; /* 1/1024 s, oldest first (HRS §3.1.1.4) */
    uint8_t rr_count;
    uint8_t contact; /* enum ward_sample_contact */
    bool kilopascal; /* pressures are in kPa, otherwise mmHg */
    struct ward_device_time time;
};

/*
 * Writes sample as a value of the characteristic: 2A5E (PLXS §3.1), 2A5F (PLXS §3.2), 2A37 (HRS §3.1) or
 * 2A35 (BLS §3.1). A number that is not present is NaN where the specification has no flag to leave it out.
 * Returns the octets written, or 0 when a value does not fit its field, size is too small or the
 * characteristic is another one.
 */
size_t ward_sample_encode(const struct ward_sample *sample, uint16_t characteristic, uint8_t *buffer,
                          size_t size);

#endif
