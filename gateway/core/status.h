/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says about its own measurement: the status bits of the oximeter, the cuff and the glucose meter
 * under one roof, each with its name and with what it does to the quality of the reading.
 *
 * All groups but the cuff's are in the order of the bits of their fields, so that a field becomes a set by a
 * shift.
 */
#ifndef WARD_CORE_STATUS_H
#define WARD_CORE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

enum ward_status {
    /* PLXS 1.0.1 §3.1.1.4, Measurement Status, bits 5 to 15 */
    WARD_STATUS_MEASUREMENT_ONGOING,
    WARD_STATUS_EARLY_ESTIMATED_DATA,
    WARD_STATUS_VALIDATED_DATA,
    WARD_STATUS_FULLY_QUALIFIED_DATA,
    WARD_STATUS_DATA_FROM_MEASUREMENT_STORAGE,
    WARD_STATUS_DATA_FOR_DEMONSTRATION,
    WARD_STATUS_DATA_FOR_TESTING,
    WARD_STATUS_CALIBRATION_ONGOING,
    WARD_STATUS_MEASUREMENT_UNAVAILABLE,
    WARD_STATUS_QUESTIONABLE_MEASUREMENT,
    WARD_STATUS_INVALID_MEASUREMENT,
    /* PLXS 1.0.1 §3.1.1.5, Device and Sensor Status, bits 0 to 15 */
    WARD_STATUS_EXTENDED_DISPLAY_UPDATE_ONGOING,
    WARD_STATUS_EQUIPMENT_MALFUNCTION,
    WARD_STATUS_SIGNAL_PROCESSING_IRREGULARITY,
    WARD_STATUS_INADEQUATE_SIGNAL,
    WARD_STATUS_POOR_SIGNAL,
    WARD_STATUS_LOW_PERFUSION,
    WARD_STATUS_ERRATIC_SIGNAL,
    WARD_STATUS_NONPULSATILE_SIGNAL,
    WARD_STATUS_QUESTIONABLE_PULSE,
    WARD_STATUS_SIGNAL_ANALYSIS_ONGOING,
    WARD_STATUS_SENSOR_INTERFERENCE,
    WARD_STATUS_SENSOR_UNCONNECTED_TO_USER,
    WARD_STATUS_UNKNOWN_SENSOR_CONNECTED,
    WARD_STATUS_SENSOR_DISPLACED,
    WARD_STATUS_SENSOR_MALFUNCTIONING,
    WARD_STATUS_SENSOR_DISCONNECTED,
    /* PLXS 1.0.1 §3.1.1.1, flag bit 4 of the spot-check measurement */
    WARD_STATUS_DEVICE_CLOCK_NOT_SET,
    /* BLS 1.1.1, Measurement Status: bits 0 to 2, the two-bit pulse rate range, bit 5 */
    WARD_STATUS_BODY_MOVEMENT,
    WARD_STATUS_CUFF_TOO_LOOSE,
    WARD_STATUS_IRREGULAR_PULSE,
    WARD_STATUS_PULSE_RATE_ABOVE_RANGE,
    WARD_STATUS_PULSE_RATE_BELOW_RANGE,
    WARD_STATUS_IMPROPER_POSITION,
    /* GLS 1.0.1, Sensor Status Annunciation, bits 0 to 11 */
    WARD_STATUS_DEVICE_BATTERY_LOW,
    WARD_STATUS_GLUCOSE_SENSOR_MALFUNCTION,
    WARD_STATUS_SAMPLE_SIZE_INSUFFICIENT,
    WARD_STATUS_STRIP_INSERTION_ERROR,
    WARD_STATUS_STRIP_TYPE_INCORRECT,
    WARD_STATUS_RESULT_TOO_HIGH,
    WARD_STATUS_RESULT_TOO_LOW,
    WARD_STATUS_SENSOR_TEMPERATURE_TOO_HIGH,
    WARD_STATUS_SENSOR_TEMPERATURE_TOO_LOW,
    WARD_STATUS_SENSOR_READ_INTERRUPTED,
    WARD_STATUS_GENERAL_DEVICE_FAULT,
    WARD_STATUS_TIME_FAULT,
    /* GHSS 1.0, Measurement Status, bits that no other service has: 6, 7, 14, 15 */
    WARD_STATUS_MANUALLY_ENTERED,
    WARD_STATUS_SETTING,
    WARD_STATUS_THRESHOLD_ERROR,
    WARD_STATUS_THRESHOLDING_DISABLED,
    WARD_STATUS_COUNT,
};

/* A set of statuses is a uint64_t. */
#define WARD_STATUS_BIT(status) ((uint64_t)1 << (status))

struct ward_status_info {
    const char *name; /* as the specification calls it: "low-perfusion-detected" */
    uint8_t quality;  /* enum ward_quality: the best that a reading with it can be */
    uint32_t reason;  /* enum ward_reason, 0 with WARD_VALID */
};

/* The row of a status below WARD_STATUS_COUNT, static. */
const struct ward_status_info *ward_status_info(enum ward_status status);

#endif
