/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/profile.h"

#define READ      WARD_PROPERTY_READ
#define NOTIFY    WARD_PROPERTY_NOTIFY
#define INDICATE  WARD_PROPERTY_INDICATE
#define ENCRYPTED WARD_PROPERTY_ENCRYPTED

/*
 * Battery and Device Information are the same everywhere and open to read, as on the wearables that are
 * sold.
 */
#define COMMON_CHARACTERISTICS                                                                               \
    {WARD_CHAR_BATTERY_LEVEL, WARD_SERVICE_BATTERY, READ | NOTIFY},                                          \
        {WARD_CHAR_MANUFACTURER_NAME, WARD_SERVICE_DEVICE_INFORMATION, READ},                                \
        {WARD_CHAR_MODEL_NUMBER, WARD_SERVICE_DEVICE_INFORMATION, READ},                                     \
        {WARD_CHAR_SERIAL_NUMBER, WARD_SERVICE_DEVICE_INFORMATION, READ},                                    \
        {WARD_CHAR_FIRMWARE_REVISION, WARD_SERVICE_DEVICE_INFORMATION, READ},                                \
    {                                                                                                        \
        WARD_CHAR_SYSTEM_ID, WARD_SERVICE_DEVICE_INFORMATION, READ                                           \
    }

static const struct ward_wearable_characteristic oximeter_characteristics[] = {
    {WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, WARD_SERVICE_PULSE_OXIMETER, INDICATE | ENCRYPTED},
    {WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, WARD_SERVICE_PULSE_OXIMETER, NOTIFY | ENCRYPTED},
    {WARD_CHAR_PLX_FEATURES, WARD_SERVICE_PULSE_OXIMETER, READ | ENCRYPTED},
    COMMON_CHARACTERISTICS,
};

static const struct ward_wearable_characteristic strap_characteristics[] = {
    {WARD_CHAR_HEART_RATE_MEASUREMENT, WARD_SERVICE_HEART_RATE, NOTIFY | ENCRYPTED},
    {WARD_CHAR_BODY_SENSOR_LOCATION, WARD_SERVICE_HEART_RATE, READ | ENCRYPTED},
    COMMON_CHARACTERISTICS,
};

static const struct ward_wearable_characteristic cuff_characteristics[] = {
    {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, WARD_SERVICE_BLOOD_PRESSURE, INDICATE | ENCRYPTED},
    {WARD_CHAR_BLOOD_PRESSURE_FEATURE, WARD_SERVICE_BLOOD_PRESSURE, READ | ENCRYPTED},
    COMMON_CHARACTERISTICS,
};

#define CHARACTERISTICS(array) array, sizeof(array) / sizeof((array)[0])

static const struct ward_wearable_profile profiles[] = {
    {"oximeter", "WG-OX1", WARD_SERVICE_PULSE_OXIMETER, 0x0C41, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT,
     WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, CHARACTERISTICS(oximeter_characteristics)},
    {"strap", "WG-HR1", WARD_SERVICE_HEART_RATE, 0x0341, WARD_CHAR_HEART_RATE_MEASUREMENT,
     WARD_CHAR_HEART_RATE_MEASUREMENT, CHARACTERISTICS(strap_characteristics)},
    {"cuff", "WG-BP1", WARD_SERVICE_BLOOD_PRESSURE, 0x0381, WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, 0,
     CHARACTERISTICS(cuff_characteristics)},
};

static bool text_equal(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct ward_wearable_profile *ward_wearable_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
        if (text_equal(profiles[i].name, name))
            return &profiles[i];
    return NULL;
}

const struct ward_wearable_characteristic *ward_wearable_characteristic_find(
    const struct ward_wearable_profile *profile, uint16_t uuid)
{
    for (size_t i = 0; i < profile->characteristic_count; i++)
        if (profile->characteristics[i].uuid == uuid)
            return &profile->characteristics[i];
    return NULL;
}

static size_t put_octets(const uint8_t *octets, size_t length, uint8_t *buffer, size_t size)
{
    if (length > size)
        return 0;
    for (size_t i = 0; i < length; i++)
        buffer[i] = octets[i];
    return length;
}

static size_t put_text(const char *text, uint8_t *buffer, size_t size)
{
    size_t length = 0;

    while (text[length]) {
        if (length == size)
            return 0;
        buffer[length] = (uint8_t)text[length];
        length++;
    }
    return length;
}

static size_t put_system_id(const uint8_t system_id[8], uint8_t *buffer, size_t size)
{
    bool given = false;

    for (size_t i = 0; i < 8; i++)
        given = given || system_id[i] != 0;
    return given ? put_octets(system_id, 8, buffer, size) : 0;
}

size_t ward_wearable_read(const struct ward_wearable_identity *identity, uint8_t battery, uint16_t uuid,
                          uint8_t *buffer, size_t size)
{
    /* PLXS §3.3: measurement status, sensor status, time stamp, fast, slow, pulse amplitude; then the bits of
     * both status fields that this wearable can set: all of the defined ones. */
    static const uint8_t plx_features[] = {0x7B, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0x00};
    /* BLS §3.3: movement, cuff fit, irregular pulse, pulse rate range, measurement position. */
    static const uint8_t blood_pressure_features[] = {0x1F, 0x00};
    static const uint8_t location_chest[] = {0x01}; /* HRS §3.2 */

    switch (uuid) {
    case WARD_CHAR_BATTERY_LEVEL: return put_octets(&battery, 1, buffer, size);
    case WARD_CHAR_PLX_FEATURES: return put_octets(plx_features, sizeof(plx_features), buffer, size);
    case WARD_CHAR_BLOOD_PRESSURE_FEATURE:
        return put_octets(blood_pressure_features, sizeof(blood_pressure_features), buffer, size);
    case WARD_CHAR_BODY_SENSOR_LOCATION:
        return put_octets(location_chest, sizeof(location_chest), buffer, size);
    case WARD_CHAR_MANUFACTURER_NAME: return put_text(identity->manufacturer, buffer, size);
    case WARD_CHAR_MODEL_NUMBER: return put_text(identity->model, buffer, size);
    case WARD_CHAR_SERIAL_NUMBER: return put_text(identity->serial, buffer, size);
    case WARD_CHAR_FIRMWARE_REVISION: return put_text(identity->firmware, buffer, size);
    case WARD_CHAR_SYSTEM_ID: return put_system_id(identity->system_id, buffer, size);
    default: return 0;
    }
}
