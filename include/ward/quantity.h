/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured, and the exact numbers it is measured in.
 *
 * A value is a decimal: an integer mantissa and a power of ten, as IEEE 11073-20601 SFLOAT and FLOAT carry it.
 * 36.4 is 364·10⁻¹ and prints as "36.4". Nothing in Wardgate turns a measured value into a binary fraction.
 */
#ifndef WARD_QUANTITY_H
#define WARD_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

/* IEEE 11073-20601 §F.6: the values that are not numbers. WARD_FINITE marks all others. */
enum ward_special {
    WARD_FINITE,
    WARD_NAN,               /* not a number: the sensor has no value */
    WARD_NRES,              /* not at this resolution */
    WARD_RESERVED,          /* reserved for future use: treated like no value */
    WARD_POSITIVE_INFINITY, /* above the measuring range: a finding, beyond every upper limit */
    WARD_NEGATIVE_INFINITY, /* below the measuring range: a finding, beyond every lower limit */
};

/* mantissa · 10^exponent when special is WARD_FINITE; otherwise mantissa and exponent are 0. */
struct ward_decimal {
    int64_t mantissa;
    int8_t exponent;
    uint8_t special; /* enum ward_special */
};

/* The order is part of the database format: append only. */
enum ward_quantity {
    WARD_QUANTITY_NONE,
    WARD_SPO2,
    WARD_SPO2_FAST,
    WARD_SPO2_SLOW,
    WARD_PULSE_RATE, /* of an oximeter or another optical wearable */
    WARD_PULSE_RATE_FAST,
    WARD_PULSE_RATE_SLOW,
    WARD_PULSE_RATE_CUFF, /* of a blood-pressure cuff; named pulse_rate, with the cuff's own MDC code */
    WARD_HEART_RATE,      /* of an electrode strap */
    WARD_BP_SYSTOLIC,
    WARD_BP_DIASTOLIC,
    WARD_BP_MEAN,
    WARD_BODY_TEMPERATURE,
    WARD_BODY_MASS,
    WARD_GLUCOSE, /* of capillary whole blood; those of other samples follow below */
    WARD_PULSE_AMPLITUDE_INDEX,
    WARD_RESPIRATION_RATE,
    WARD_OXYGEN,
    WARD_OXYGEN_FLOW,
    WARD_CONSCIOUSNESS,
    WARD_BATTERY,
    WARD_CUFF_PRESSURE,
    WARD_ENERGY,
    WARD_BODY_HEIGHT,
    WARD_BMI,
    WARD_MOVEMENT,
    /* All named glucose, each with its own MDC code; limits are those of WARD_GLUCOSE (core/quantity.h). */
    WARD_GLUCOSE_CAPILLARY_PLASMA,
    WARD_GLUCOSE_VENOUS_BLOOD,
    WARD_GLUCOSE_VENOUS_PLASMA,
    WARD_GLUCOSE_ARTERIAL_BLOOD,
    WARD_GLUCOSE_ARTERIAL_PLASMA,
    WARD_GLUCOSE_UNDETERMINED_BLOOD,
    WARD_GLUCOSE_UNDETERMINED_PLASMA,
    WARD_GLUCOSE_INTERSTITIAL,
    WARD_GLUCOSE_CONTROL, /* of a control solution: a test of the meter, nothing of a patient */
    WARD_CONCERN,         /* somebody is worried; coded by who it is. No limit applies to it */
    WARD_NEWS2,           /* a score of the gateway's own, in alarms only */
    WARD_QUANTITY_COUNT,
};

/* One measured value, already in the unit of its quantity's row (core/quantity.h). */
struct ward_value {
    struct ward_decimal number;
    uint8_t quantity; /* enum ward_quantity */
};

#endif
