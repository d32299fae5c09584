/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode_names.h"

#include <stddef.h>

#include "ward/gatt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *ward_body_sensor_location_name(uint8_t location)
{
    static const char *const names[] = {"other", "chest", "wrist", "finger", "hand", "ear-lobe", "foot"};

    return location < COUNT(names) ? names[location] : NULL;
}

/* HTS 1.0 and GSS, Temperature Type. */
const char *ward_temperature_type_name(uint8_t type)
{
    static const char *const names[] = {
        NULL,    "armpit", "body", "ear",      "finger", "gastro-intestinal-tract",
        "mouth", "rectum", "toe",  "tympanum",
    };

    return type < COUNT(names) ? names[type] : NULL;
}

const char *ward_feature_name(uint16_t characteristic, unsigned bit)
{
    static const char *const blood_pressure[] = {
        "body-movement-detection",
        "cuff-fit-detection",
        "irregular-pulse-detection",
        "pulse-rate-range-detection",
        "measurement-position-detection",
        "multiple-bonds",
        "e2e-crc",
        "user-data-service",
        "user-facing-time",
    };
    static const char *const oximeter[] = {
        "measurement-status", "device-and-sensor-status", "measurement-storage", "time-stamp", "spo2-pr-fast",
        "spo2-pr-slow",       "pulse-amplitude-index",    "multiple-bonds",
    };

    static const char *const scale[] = {"time-stamp", "multiple-users", "bmi"};

    if (characteristic == WARD_CHAR_WEIGHT_SCALE_FEATURE && bit < COUNT(scale))
        return scale[bit];
    if (characteristic == WARD_CHAR_BLOOD_PRESSURE_FEATURE && bit < COUNT(blood_pressure))
        return blood_pressure[bit];
    if (characteristic == WARD_CHAR_PLX_FEATURES && bit < COUNT(oximeter))
        return oximeter[bit];
    return NULL;
}
