/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATT numbers: 16-bit UUIDs of the services and characteristics that Wardgate reads and the reference wearable
 * serves. Source: Bluetooth SIG Assigned Numbers, and the service specification named at each group.
 */
#ifndef WARD_GATT_H
#define WARD_GATT_H

#include <stdint.h>

enum ward_gatt_service {
    WARD_SERVICE_CURRENT_TIME = 0x1805,       /* CTS 1.1 */
    WARD_SERVICE_GLUCOSE = 0x1808,            /* GLS 1.0 */
    WARD_SERVICE_HEALTH_THERMOMETER = 0x1809, /* HTS 1.0 */
    WARD_SERVICE_DEVICE_INFORMATION = 0x180A, /* DIS 1.1 */
    WARD_SERVICE_HEART_RATE = 0x180D,         /* HRS 1.0 */
    WARD_SERVICE_BATTERY = 0x180F,            /* BAS 1.0 */
    WARD_SERVICE_BLOOD_PRESSURE = 0x1810,     /* BLS 1.1.1 */
    WARD_SERVICE_WEIGHT_SCALE = 0x181D,       /* WSS 1.0.1 */
    WARD_SERVICE_PULSE_OXIMETER = 0x1822,     /* PLXS 1.0.1 */
};

enum ward_gatt_characteristic {
    WARD_CHAR_DATE_TIME = 0x2A08,
    WARD_CHAR_BATTERY_LEVEL = 0x2A19,
    WARD_CHAR_SYSTEM_ID = 0x2A23,
    WARD_CHAR_MODEL_NUMBER = 0x2A24,
    WARD_CHAR_SERIAL_NUMBER = 0x2A25,
    WARD_CHAR_FIRMWARE_REVISION = 0x2A26,
    WARD_CHAR_HARDWARE_REVISION = 0x2A27,
    WARD_CHAR_SOFTWARE_REVISION = 0x2A28,
    WARD_CHAR_MANUFACTURER_NAME = 0x2A29,
    WARD_CHAR_REGULATORY_CERTIFICATION = 0x2A2A,
    WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT = 0x2A35,
    WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE = 0x2A36,
    WARD_CHAR_HEART_RATE_MEASUREMENT = 0x2A37,
    WARD_CHAR_BODY_SENSOR_LOCATION = 0x2A38,
    WARD_CHAR_BLOOD_PRESSURE_FEATURE = 0x2A49,
    WARD_CHAR_PNP_ID = 0x2A50,
    WARD_CHAR_RECORD_ACCESS_CONTROL_POINT = 0x2A52,
    WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT = 0x2A5E,
    WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT = 0x2A5F,
    WARD_CHAR_PLX_FEATURES = 0x2A60,
};

/* "0000XXXX-" and this tail is the 128-bit form of a 16-bit UUID (Core 5.3, Vol 3, Part B, §2.5.1). */
#define WARD_GATT_BASE_UUID_TAIL "-0000-1000-8000-00805f9b34fb"

/* Octets of a characteristic value (Core 5.3, Vol 3, Part F, §3.2.9). */
#define WARD_GATT_VALUE_MAX 512

#endif
