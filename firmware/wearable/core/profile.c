/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/profile.h"

#include "wearable/core/clip.h"

#define READ      WARD_PROPERTY_READ
#define NOTIFY    WARD_PROPERTY_NOTIFY
#define INDICATE  WARD_PROPERTY_INDICATE
#define ENCRYPTED WARD_PROPERTY_ENCRYPTED
#define WRITE     WARD_PROPERTY_WRITE
#define COMMAND   WARD_PROPERTY_WRITE_COMMAND

/*
 * Battery and Device Information are the same everywhere and open to read, as on the wearables that are
 * sold.
 */
static const struct ward_wearable_characteristic common[] = {
    {WARD_CHAR_BATTERY_LEVEL, WARD_SERVICE_BATTERY, READ | NOTIFY},
    {WARD_CHAR_MANUFACTURER_NAME, WARD_SERVICE_DEVICE_INFORMATION, READ},
    {WARD_CHAR_MODEL_NUMBER, WARD_SERVICE_DEVICE_INFORMATION, READ},
    {WARD_CHAR_SERIAL_NUMBER, WARD_SERVICE_DEVICE_INFORMATION, READ},
    {WARD_CHAR_FIRMWARE_REVISION, WARD_SERVICE_DEVICE_INFORMATION, READ},
    {WARD_CHAR_SYSTEM_ID, WARD_SERVICE_DEVICE_INFORMATION, READ},
};

/* A clock is in the measurement's own service (Date Time, as on many cuffs, scales and thermometers) or in its own. */
#define DATE_TIME(service)                                                                                   \
    {                                                                                                        \
        WARD_CHAR_DATE_TIME, service, READ | WRITE | ENCRYPTED                                               \
    }
#define CURRENT_TIME                                                                                         \
    {WARD_CHAR_CURRENT_TIME, WARD_SERVICE_CURRENT_TIME, READ | WRITE | NOTIFY | ENCRYPTED},                  \
    {                                                                                                        \
        WARD_CHAR_LOCAL_TIME_INFORMATION, WARD_SERVICE_CURRENT_TIME, READ | WRITE | ENCRYPTED                \
    }
#define RECORD_ACCESS(service)                                                                               \
    {                                                                                                        \
        WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, service, WRITE | INDICATE | ENCRYPTED                         \
    }

static const struct ward_wearable_characteristic oximeter[] = {
    {WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, WARD_SERVICE_PULSE_OXIMETER, INDICATE | ENCRYPTED},
    {WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, WARD_SERVICE_PULSE_OXIMETER, NOTIFY | ENCRYPTED},
    {WARD_CHAR_PLX_FEATURES, WARD_SERVICE_PULSE_OXIMETER, READ | ENCRYPTED},
    RECORD_ACCESS(WARD_SERVICE_PULSE_OXIMETER),
    CURRENT_TIME,
};

static const struct ward_wearable_characteristic strap[] = {
    {WARD_CHAR_HEART_RATE_MEASUREMENT, WARD_SERVICE_HEART_RATE, NOTIFY | ENCRYPTED},
    {WARD_CHAR_BODY_SENSOR_LOCATION, WARD_SERVICE_HEART_RATE, READ | ENCRYPTED},
};

#define CUFF                                                                                                 \
    {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, WARD_SERVICE_BLOOD_PRESSURE, INDICATE | ENCRYPTED},               \
        {WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE, WARD_SERVICE_BLOOD_PRESSURE, NOTIFY | ENCRYPTED},             \
    {                                                                                                        \
        WARD_CHAR_BLOOD_PRESSURE_FEATURE, WARD_SERVICE_BLOOD_PRESSURE, READ | ENCRYPTED                      \
    }

static const struct ward_wearable_characteristic cuff[] = {
    CUFF,
    DATE_TIME(WARD_SERVICE_BLOOD_PRESSURE),
};

static const struct ward_wearable_characteristic enhanced_cuff[] = {
    CUFF,
    {WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT, WARD_SERVICE_BLOOD_PRESSURE, INDICATE | ENCRYPTED},
    {WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE, WARD_SERVICE_BLOOD_PRESSURE, NOTIFY | ENCRYPTED},
    {WARD_CHAR_BLOOD_PRESSURE_RECORD, WARD_SERVICE_BLOOD_PRESSURE, NOTIFY | ENCRYPTED},
    RECORD_ACCESS(WARD_SERVICE_BLOOD_PRESSURE),
    CURRENT_TIME,
};

static const struct ward_wearable_characteristic thermometer[] = {
    {WARD_CHAR_TEMPERATURE_MEASUREMENT, WARD_SERVICE_HEALTH_THERMOMETER, INDICATE | ENCRYPTED},
    {WARD_CHAR_INTERMEDIATE_TEMPERATURE, WARD_SERVICE_HEALTH_THERMOMETER, NOTIFY | ENCRYPTED},
    {WARD_CHAR_TEMPERATURE_TYPE, WARD_SERVICE_HEALTH_THERMOMETER, READ | ENCRYPTED},
    {WARD_CHAR_MEASUREMENT_INTERVAL, WARD_SERVICE_HEALTH_THERMOMETER, READ | ENCRYPTED},
    DATE_TIME(WARD_SERVICE_HEALTH_THERMOMETER),
};

static const struct ward_wearable_characteristic scale[] = {
    {WARD_CHAR_WEIGHT_MEASUREMENT, WARD_SERVICE_WEIGHT_SCALE, INDICATE | ENCRYPTED},
    {WARD_CHAR_WEIGHT_SCALE_FEATURE, WARD_SERVICE_WEIGHT_SCALE, READ | ENCRYPTED},
    DATE_TIME(WARD_SERVICE_WEIGHT_SCALE),
};

static const struct ward_wearable_characteristic glucose_meter[] = {
    {WARD_CHAR_GLUCOSE_MEASUREMENT, WARD_SERVICE_GLUCOSE, NOTIFY | ENCRYPTED},
    {WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, WARD_SERVICE_GLUCOSE, NOTIFY | ENCRYPTED},
    {WARD_CHAR_GLUCOSE_FEATURE, WARD_SERVICE_GLUCOSE, READ | ENCRYPTED},
    RECORD_ACCESS(WARD_SERVICE_GLUCOSE),
    CURRENT_TIME,
};

/* The clips are open, but for the one that wants a bond; two of them are never written to. */
static const struct ward_wearable_characteristic bonded_clip[] = {
    {WARD_CLIP_NOTIFY, WARD_CLIP_SERVICE, NOTIFY | ENCRYPTED},
    {WARD_CLIP_WRITE, WARD_CLIP_SERVICE, WRITE | COMMAND | ENCRYPTED},
};
static const struct ward_wearable_characteristic clip[] = {
    {WARD_CLIP_NOTIFY, WARD_CLIP_SERVICE, NOTIFY},
    {WARD_CLIP_WRITE, WARD_CLIP_SERVICE, WRITE | COMMAND},
};
static const struct ward_wearable_characteristic silent_clip[] = {
    {WARD_CLIP_NOTIFY, WARD_CLIP_SERVICE, NOTIFY},
};

#define COUNT(array)      (sizeof(array) / sizeof((array)[0]))
#define OWN(array)        COUNT(array), array
#define PULSE_OXIMETER    0x0C41 /* appearance: fingertip */
#define PACKETS_PERIOD_MS 40     /* four packets each, a hundred a second */

/* A clip that is not polled sends once a second. */
#define CLIP(name, model, kind, period_ms, own)                                                              \
    {                                                                                                        \
        name, model, WARD_CLIP_SERVICE, PULSE_OXIMETER, WARD_CLIP_NOTIFY, WARD_CLIP_NOTIFY, 0, period_ms,    \
            kind, OWN(own)                                                                                   \
    }

static const struct ward_wearable_profile profiles[] = {
    {"oximeter", "WG-OX1", WARD_SERVICE_PULSE_OXIMETER, PULSE_OXIMETER, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT,
     WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, 1000, 0, OWN(oximeter)},
    {"strap", "WG-HR1", WARD_SERVICE_HEART_RATE, 0x0341, WARD_CHAR_HEART_RATE_MEASUREMENT,
     WARD_CHAR_HEART_RATE_MEASUREMENT, 0, 1000, 0, OWN(strap)},
    {"cuff", "WG-BP1", WARD_SERVICE_BLOOD_PRESSURE, 0x0381, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT,
     WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, 1000, 0, OWN(cuff)},
    {"enhanced-cuff", "WG-BP2", WARD_SERVICE_BLOOD_PRESSURE, 0x0381,
     WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT, WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE,
     WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT, 1000, 0, OWN(enhanced_cuff)},
    {"thermometer", "WG-TH1", WARD_SERVICE_HEALTH_THERMOMETER, 0x0300, WARD_CHAR_TEMPERATURE_MEASUREMENT,
     WARD_CHAR_INTERMEDIATE_TEMPERATURE, WARD_CHAR_TEMPERATURE_MEASUREMENT, 1000, 0, OWN(thermometer)},
    {"scale", "WG-WS1", WARD_SERVICE_WEIGHT_SCALE, 0x0C80, WARD_CHAR_WEIGHT_MEASUREMENT, 0,
     WARD_CHAR_WEIGHT_MEASUREMENT, 1000, 0, OWN(scale)},
    {"glucose-meter", "WG-GM1", WARD_SERVICE_GLUCOSE, 0x0400, WARD_CHAR_GLUCOSE_MEASUREMENT, 0,
     WARD_CHAR_GLUCOSE_MEASUREMENT, 1000, 0, OWN(glucose_meter)},
    CLIP("nonin", "WG-3230", WARD_CLIP_NONIN, 1000, bonded_clip),
    CLIP("masimo", "WG-MIGHTYSAT", WARD_CLIP_MASIMO, 1000, clip),
    CLIP("o2ring", "WG-O2RING", WARD_CLIP_O2RING, 1000, clip),
    CLIP("pc60fw", "WG-PC60FW", WARD_CLIP_PC60FW, 1000, clip),
    CLIP("jumper", "WG-JPD500F", WARD_CLIP_JUMPER, 1000, silent_clip),
    CLIP("berrymed", "WG-BM1000", WARD_CLIP_BERRYMED, PACKETS_PERIOD_MS, silent_clip),
    CLIP("contec", "WG-CMS50D", WARD_CLIP_CONTEC, 1000, clip),
};

static bool text_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct ward_wearable_profile *ward_wearable_profile_at(size_t index)
{
    return index < COUNT(profiles) ? &profiles[index] : NULL;
}

const struct ward_wearable_profile *ward_wearable_profile_find(const char *name)
{
    for (size_t i = 0; i < COUNT(profiles); i++)
        if (text_equal(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

const struct ward_wearable_characteristic *ward_wearable_characteristic_at(
    const struct ward_wearable_profile *profile, size_t index)
{
    if (index < profile->own_count)
        return &profile->own[index];
    return index - profile->own_count < COUNT(common) ? &common[index - profile->own_count] : NULL;
}

const struct ward_wearable_characteristic *ward_wearable_characteristic_find(
    const struct ward_wearable_profile *profile, uint16_t uuid)
{
    const struct ward_wearable_characteristic *characteristic;

    for (size_t i = 0; (characteristic = ward_wearable_characteristic_at(profile, i)); i++)
        if (characteristic->uuid == uuid)
            return characteristic;
    return NULL;
}
