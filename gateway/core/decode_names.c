/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode_names.h"

#include <stddef.h>

#include "core/decode_detail.h"
#include "ward/gatt.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *name_at(const char *const *names, size_t count, unsigned number)
{
    return number < count ? names[number] : NULL;
}

const char *ward_body_sensor_location_name(uint8_t location)
{
    static const char *const names[] = {"other", "chest", "wrist", "finger", "hand", "ear-lobe", "foot"};

    return name_at(names, COUNT(names), location);
}

/* HTS 1.0 and GSS, Temperature Type. */
const char *ward_temperature_type_name(uint8_t type)
{
    static const char *const names[] = {
        NULL,    "armpit", "body", "ear",      "finger", "gastro-intestinal-tract",
        "mouth", "rectum", "toe",  "tympanum",
    };

    return name_at(names, COUNT(names), type);
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

    static const char *const glucose[] = {
        "low-battery-detection",
        "sensor-malfunction-detection",
        "sample-size-detection",
        "strip-insertion-error-detection",
        "strip-type-error-detection",
        "result-high-low-detection",
        "sensor-temperature-detection",
        "sensor-read-interrupt-detection",
        "general-device-fault",
        "time-fault",
        "multiple-bonds",
    };
    static const char *const scale[] = {"time-stamp", "multiple-users", "bmi"};

    if (characteristic == WARD_CHAR_GLUCOSE_FEATURE && bit < COUNT(glucose))
        return glucose[bit];
    if (characteristic == WARD_CHAR_WEIGHT_SCALE_FEATURE && bit < COUNT(scale))
        return scale[bit];
    if (characteristic == WARD_CHAR_BLOOD_PRESSURE_FEATURE && bit < COUNT(blood_pressure))
        return blood_pressure[bit];
    if (characteristic == WARD_CHAR_PLX_FEATURES && bit < COUNT(oximeter))
        return oximeter[bit];
    return NULL;
}

/* GLS 1.0.1 and GSS, Glucose Measurement and its context. */
const char *ward_glucose_sample_name(uint8_t type)
{
    static const char *const names[] = {
        [1] = "capillary-whole-blood",    [2] = "capillary-plasma",
        [3] = "venous-whole-blood",       [4] = "venous-plasma",
        [5] = "arterial-whole-blood",     [6] = "arterial-plasma",
        [7] = "undetermined-whole-blood", [8] = "undetermined-plasma",
        [9] = "interstitial-fluid",       [10] = "control-solution",
    };

    return name_at(names, COUNT(names), type);
}

const char *ward_glucose_location_name(uint8_t location)
{
    static const char *const names[] = {
        [1] = "finger",           [2] = "alternate-site", [3] = "earlobe",
        [4] = "control-solution", [15] = "not-available",
    };

    return name_at(names, COUNT(names), location);
}

const char *ward_carbohydrate_name(uint8_t id)
{
    static const char *const names[] = {
        [1] = "breakfast", [2] = "lunch",  [3] = "dinner", [4] = "snack",
        [5] = "drink",     [6] = "supper", [7] = "brunch",
    };

    return name_at(names, COUNT(names), id);
}

const char *ward_meal_name(uint8_t meal)
{
    static const char *const names[] = {
        [1] = "preprandial", [2] = "postprandial", [3] = "fasting", [4] = "casual", [5] = "bedtime",
    };

    return name_at(names, COUNT(names), meal);
}

const char *ward_tester_name(uint8_t tester)
{
    static const char *const names[] = {
        [1] = "self",
        [2] = "health-care-professional",
        [3] = "lab-test",
        [15] = "not-available",
    };

    return name_at(names, COUNT(names), tester);
}

const char *ward_health_name(uint8_t health)
{
    static const char *const names[] = {
        [1] = "minor-health-issues", [2] = "major-health-issues", [3] = "during-menses",
        [4] = "under-stress",        [5] = "no-health-issues",    [15] = "not-available",
    };

    return name_at(names, COUNT(names), health);
}

const char *ward_medication_name(uint8_t id)
{
    static const char *const names[] = {
        [1] = "rapid-acting-insulin", [2] = "short-acting-insulin", [3] = "intermediate-acting-insulin",
        [4] = "long-acting-insulin",  [5] = "pre-mixed-insulin",
    };

    return name_at(names, COUNT(names), id);
}

/* CTS 1.1 and GSS, Current Time and Reference Time Information. */
const char *ward_day_name(uint8_t day)
{
    static const char *const names[] = {
        [1] = "monday", [2] = "tuesday",  [3] = "wednesday", [4] = "thursday",
        [5] = "friday", [6] = "saturday", [7] = "sunday",
    };

    return name_at(names, COUNT(names), day);
}

const char *ward_adjust_reason_name(unsigned bit)
{
    static const char *const names[] = {
        [0] = "manual-time-update",
        [1] = "external-reference-time-update",
        [2] = "change-of-time-zone",
        [3] = "change-of-dst",
    };

    return name_at(names, COUNT(names), bit);
}

const char *ward_time_source_name(uint8_t source)
{
    static const char *const names[] = {
        [0] = "unknown",
        [1] = "network-time-protocol",
        [2] = "gps",
        [3] = "radio-time-signal",
        [4] = "manual",
        [5] = "atomic-clock",
        [6] = "cellular-network",
        [7] = "not-synchronized",
    };

    return name_at(names, COUNT(names), source);
}

/* GSS, Record Access Control Point. */
const char *ward_record_op_code_name(uint8_t op_code)
{
    static const char *const names[] = {
        [1] = "report-stored-records",    [2] = "delete-stored-records",
        [3] = "abort-operation",          [4] = "report-number-of-stored-records",
        [5] = "number-of-stored-records", [6] = "response-code",
        [7] = "combined-report",          [8] = "combined-report-response",
    };

    return name_at(names, COUNT(names), op_code);
}

const char *ward_record_operator_name(uint8_t record_operator)
{
    static const char *const names[] = {
        [0] = "null",         [1] = "all-records",  [2] = "less-than-or-equal", [3] = "greater-than-or-equal",
        [4] = "within-range", [5] = "first-record", [6] = "last-record",
    };

    return name_at(names, COUNT(names), record_operator);
}

const char *ward_record_filter_name(uint8_t filter)
{
    static const char *const names[] = {
        [WARD_RECORD_FILTER_SEQUENCE_NUMBER] = "sequence-number",
        [WARD_RECORD_FILTER_USER_FACING_TIME] = "user-facing-time",
    };

    return name_at(names, COUNT(names), filter);
}

const char *ward_record_response_name(uint8_t response_code)
{
    static const char *const names[] = {
        [1] = "success",
        [2] = "op-code-not-supported",
        [3] = "invalid-operator",
        [4] = "operator-not-supported",
        [5] = "invalid-operand",
        [6] = "no-records-found",
        [7] = "abort-unsuccessful",
        [8] = "procedure-not-completed",
        [9] = "operand-not-supported",
        [10] = "server-busy",
    };

    return name_at(names, COUNT(names), response_code);
}

/* BAS 1.1, Battery Level Status. */
const char *ward_power_source_name(unsigned number)
{
    static const char *const names[] = {"not-connected", "connected", "unknown"};

    return name_at(names, COUNT(names), number);
}

const char *ward_charge_state_name(unsigned number)
{
    static const char *const names[] = {"unknown", "charging", "discharging-active", "discharging-inactive"};

    return name_at(names, COUNT(names), number);
}

const char *ward_charge_level_name(unsigned number)
{
    static const char *const names[] = {"unknown", "good", "low", "critical"};

    return name_at(names, COUNT(names), number);
}

const char *ward_charging_type_name(unsigned number)
{
    static const char *const names[] = {"unknown-or-not-charging", "constant-current", "constant-voltage",
                                        "trickle", "float"};

    return name_at(names, COUNT(names), number);
}

const char *ward_charging_fault_name(unsigned bit)
{
    static const char *const names[] = {"battery", "external-power-source", "other"};

    return name_at(names, COUNT(names), bit);
}

const char *ward_service_required_name(unsigned number)
{
    static const char *const names[] = {"no", "yes", "unknown"};

    return name_at(names, COUNT(names), number);
}
