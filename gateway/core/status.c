/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the rows were filled. `invalid` is for what is not a measurement of this patient now: no finger, a
 * broken or missing sensor, demonstration data, or the device's own word. `questionable` is for a number that
 * may be wrong: ISO 80601-2-61 calls a signal inadequate when the value shown is potentially incorrect. Such
 * a value can still alarm, asking to repeat, and cannot clear. An irregular pulse makes an automatic cuff
 * inaccurate (NICE NG136 1.1.2). A glucose meter that complains of its strip or its sample may still have seen a
 * hypoglycaemia; a result beyond its range is a finding, not a fault.
 */
#include "core/status.h"

#include "ward/reading.h"

#define NO_EFFECT         .quality = WARD_VALID
#define QUESTIONABLE(why) .quality = WARD_QUESTIONABLE, .reason = (why)
#define INVALID(why)      .quality = WARD_INVALID, .reason = (why)

static const struct ward_status_info rows[WARD_STATUS_COUNT] = {
    [WARD_STATUS_MEASUREMENT_ONGOING] = {"measurement-ongoing",
                                         QUESTIONABLE(WARD_REASON_MEASUREMENT_ONGOING)},
    [WARD_STATUS_EARLY_ESTIMATED_DATA] = {"early-estimated-data",
                                          QUESTIONABLE(WARD_REASON_MEASUREMENT_ONGOING)},
    [WARD_STATUS_VALIDATED_DATA] = {"validated-data", NO_EFFECT},
    [WARD_STATUS_FULLY_QUALIFIED_DATA] = {"fully-qualified-data", NO_EFFECT},
    [WARD_STATUS_DATA_FROM_MEASUREMENT_STORAGE] = {"data-from-measurement-storage", NO_EFFECT},
    [WARD_STATUS_DATA_FOR_DEMONSTRATION] = {"data-for-demonstration", INVALID(WARD_REASON_NOT_CLINICAL)},
    [WARD_STATUS_DATA_FOR_TESTING] = {"data-for-testing", INVALID(WARD_REASON_NOT_CLINICAL)},
    [WARD_STATUS_CALIBRATION_ONGOING] = {"calibration-ongoing", INVALID(WARD_REASON_NOT_CLINICAL)},
    [WARD_STATUS_MEASUREMENT_UNAVAILABLE] = {"measurement-unavailable", INVALID(WARD_REASON_NO_VALUE)},
    [WARD_STATUS_QUESTIONABLE_MEASUREMENT] = {"questionable-measurement-detected",
                                              QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_INVALID_MEASUREMENT] = {"invalid-measurement-detected",
                                         INVALID(WARD_REASON_INVALIDATED_BY_DEVICE)},

    [WARD_STATUS_EXTENDED_DISPLAY_UPDATE_ONGOING] = {"extended-display-update-ongoing",
                                                     QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_EQUIPMENT_MALFUNCTION] = {"equipment-malfunction-detected",
                                           INVALID(WARD_REASON_SENSOR_FAULT)},
    [WARD_STATUS_SIGNAL_PROCESSING_IRREGULARITY] = {"signal-processing-irregularity-detected",
                                                    QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_INADEQUATE_SIGNAL] = {"inadequate-signal-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_POOR_SIGNAL] = {"poor-signal-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_LOW_PERFUSION] = {"low-perfusion-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_ERRATIC_SIGNAL] = {"erratic-signal-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_NONPULSATILE_SIGNAL] = {"nonpulsatile-signal-detected",
                                         QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_QUESTIONABLE_PULSE] = {"questionable-pulse-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_SIGNAL_ANALYSIS_ONGOING] = {"signal-analysis-ongoing",
                                             QUESTIONABLE(WARD_REASON_MEASUREMENT_ONGOING)},
    [WARD_STATUS_SENSOR_INTERFERENCE] = {"sensor-interference-detected",
                                         QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_SENSOR_UNCONNECTED_TO_USER] = {"sensor-unconnected-to-user",
                                                INVALID(WARD_REASON_NO_CONTACT)},
    [WARD_STATUS_UNKNOWN_SENSOR_CONNECTED] = {"unknown-sensor-connected",
                                              QUESTIONABLE(WARD_REASON_SENSOR_FAULT)},
    [WARD_STATUS_SENSOR_DISPLACED] = {"sensor-displaced", QUESTIONABLE(WARD_REASON_MOTION)},
    [WARD_STATUS_SENSOR_MALFUNCTIONING] = {"sensor-malfunctioning", INVALID(WARD_REASON_SENSOR_FAULT)},
    [WARD_STATUS_SENSOR_DISCONNECTED] = {"sensor-disconnected", INVALID(WARD_REASON_SENSOR_FAULT)},

    [WARD_STATUS_DEVICE_CLOCK_NOT_SET] = {"device-clock-not-set", NO_EFFECT},

    [WARD_STATUS_BODY_MOVEMENT] = {"body-movement-detected", QUESTIONABLE(WARD_REASON_MOTION)},
    [WARD_STATUS_CUFF_TOO_LOOSE] = {"cuff-too-loose", QUESTIONABLE(WARD_REASON_MOTION)},
    [WARD_STATUS_IRREGULAR_PULSE] = {"irregular-pulse-detected", QUESTIONABLE(WARD_REASON_POOR_SIGNAL)},
    [WARD_STATUS_PULSE_RATE_ABOVE_RANGE] = {"pulse-rate-exceeds-upper-limit", NO_EFFECT},
    [WARD_STATUS_PULSE_RATE_BELOW_RANGE] = {"pulse-rate-less-than-lower-limit", NO_EFFECT},
    [WARD_STATUS_IMPROPER_POSITION] = {"improper-measurement-position", QUESTIONABLE(WARD_REASON_MOTION)},

    [WARD_STATUS_DEVICE_BATTERY_LOW] = {"device-battery-low", NO_EFFECT},
    [WARD_STATUS_GLUCOSE_SENSOR_MALFUNCTION] = {"sensor-malfunction", INVALID(WARD_REASON_SENSOR_FAULT)},
    [WARD_STATUS_SAMPLE_SIZE_INSUFFICIENT] = {"sample-size-insufficient",
                                              QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_STRIP_INSERTION_ERROR] = {"strip-insertion-error",
                                           QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_STRIP_TYPE_INCORRECT] = {"strip-type-incorrect",
                                          QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_RESULT_TOO_HIGH] = {"result-higher-than-device-can-process", NO_EFFECT},
    [WARD_STATUS_RESULT_TOO_LOW] = {"result-lower-than-device-can-process", NO_EFFECT},
    [WARD_STATUS_SENSOR_TEMPERATURE_TOO_HIGH] = {"sensor-temperature-too-high",
                                                 QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_SENSOR_TEMPERATURE_TOO_LOW] = {"sensor-temperature-too-low",
                                                QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_SENSOR_READ_INTERRUPTED] = {"sensor-read-interrupted",
                                             QUESTIONABLE(WARD_REASON_QUESTIONABLE_STATUS)},
    [WARD_STATUS_GENERAL_DEVICE_FAULT] = {"general-device-fault", INVALID(WARD_REASON_SENSOR_FAULT)},
    [WARD_STATUS_TIME_FAULT] = {"time-fault", NO_EFFECT},

    [WARD_STATUS_MANUALLY_ENTERED] = {"manually-entered", NO_EFFECT},
    [WARD_STATUS_SETTING] = {"setting", INVALID(WARD_REASON_NOT_CLINICAL)},
    [WARD_STATUS_THRESHOLD_ERROR] = {"threshold-error", NO_EFFECT},
    [WARD_STATUS_THRESHOLDING_DISABLED] = {"thresholding-disabled", NO_EFFECT},
};

_Static_assert(WARD_STATUS_COUNT <= 64, "a set of statuses is one uint64_t");

const struct ward_status_info *ward_status_info(enum ward_status status)
{
    return &rows[status];
}
