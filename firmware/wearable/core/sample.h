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
    WARD_FIELD_AMPLITUDE, /* %; the perfusion index of a vendor's clip */
    WARD_FIELD_RATE,
    WARD_FIELD_ENERGY, /* kJ */
    WARD_FIELD_SYSTOLIC,
    WARD_FIELD_DIASTOLIC,
    WARD_FIELD_MEAN,
    WARD_FIELD_CUFF, /* pressure of the cuff while it is inflated */
    WARD_FIELD_USER,
    WARD_FIELD_STATUS,        /* measurement status, bits as on the air */
    WARD_FIELD_SENSOR_STATUS, /* device and sensor status of an oximeter, bits as on the air */
    WARD_FIELD_TEMPERATURE,
    WARD_FIELD_TYPE, /* of a temperature (2A1D) or of a glucose sample */
    WARD_FIELD_WEIGHT,
    WARD_FIELD_BMI,    /* kg/m² */
    WARD_FIELD_HEIGHT, /* cm, of a sample in pounds inches */
    WARD_FIELD_GLUCOSE,
    WARD_FIELD_LOCATION,        /* of a glucose sample */
    WARD_FIELD_OFFSET,          /* minutes from a meter's base time to the time it shows */
    WARD_FIELD_MEAL,            /* this and the rest are the context of a glucose measurement, 2A34 */
    WARD_FIELD_CARBOHYDRATE_ID, /* which meal the carbohydrate was */
    WARD_FIELD_CARBOHYDRATE,    /* g */
    WARD_FIELD_TESTER,
    WARD_FIELD_HEALTH,
    WARD_FIELD_HBA1C, /* % */
    WARD_FIELD_COUNT,
};

/* Set of 1 << enum ward_sample_field: a glucose measurement with one of them has a context. */
#define WARD_SAMPLE_CONTEXT_FIELDS                                                                           \
    ((1u << WARD_FIELD_MEAL) | (1u << WARD_FIELD_CARBOHYDRATE_ID) | (1u << WARD_FIELD_CARBOHYDRATE) |        \
     (1u << WARD_FIELD_TESTER) | (1u << WARD_FIELD_HEALTH) | (1u << WARD_FIELD_HBA1C))

enum ward_sample_contact {
    WARD_SAMPLE_CONTACT_UNKNOWN, /* the sensor cannot tell */
    WARD_SAMPLE_CONTACT_OK,
    WARD_SAMPLE_CONTACT_LOST,
};

#define WARD_SAMPLE_RR_MAX 8

/* The longest measurement is an enhanced blood pressure with everything in it; a heart rate with 8 intervals has 21. */
#define WARD_SAMPLE_OCTETS_MAX 24
/* The longest context has 12. */
#define WARD_SAMPLE_CONTEXT_MAX 12

/* A decimal in half the room: a script holds many. Meaning as that of struct ward_decimal. */
struct ward_number {
    int32_t mantissa;
    int8_t exponent;
    uint8_t special; /* enum ward_special */
};

struct ward_sample {
    uint32_t present; /* set of 1 << enum ward_sample_field */
    struct ward_number value[WARD_FIELD_COUNT];
    uint16_t rr_1024[WARD_SAMPLE_RR_MAX]; /* 1/1024 s, oldest first (HRS §3.1.1.4) */
    uint8_t rr_count;
    uint8_t contact;  /* enum ward_sample_contact */
    bool second_unit; /* kPa for mmHg, °F for °C, lb and in for kg and cm, mg/dL for mmol/L */
    bool
        time_is_relative; /* time is to be that of the device's clock less age_s, when it is sent or stored */
    uint16_t sequence;    /* of a glucose measurement */
    uint32_t age_s;
    struct ward_device_time time;
};

/*
 * Writes sample as a value of the characteristic: 2A5E and 2A5F (PLXS §3.1, §3.2), 2A37 (HRS §3.1), 2A35, 2A36, 2B34
 * and 2B35 (BLS §3), 2A1C and 2A1E (HTS §3.1, §3.3), 2A9D (WSS §3.2), 2A18 (GLS §3.1). A number that is not present is
 * NaN where the specification has no flag to leave it out. Returns the octets written, or 0 when a value does not fit
 * its field, size is too small or the characteristic is another one.
 */
size_t ward_sample_encode(const struct ward_sample *sample, uint16_t characteristic, uint8_t *buffer,
                          size_t size);

/* The same for 2A34, the context of a glucose measurement (GLS §3.2). Returns 0 too when the sample has none. */
size_t ward_sample_encode_context(const struct ward_sample *sample, uint8_t *buffer, size_t size);

#endif
