/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only one characteristic says, beside its values. Numbers that stand for a name are kept as sent; their names
 * are in core/decode_names.h.
 */
#ifndef WARD_CORE_DECODE_DETAIL_H
#define WARD_CORE_DECODE_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"
#include "ward/reading.h"

struct ward_temperature_detail {
    bool has_type;
    uint8_t type; /* where it was measured */
};

struct ward_glucose_detail {
    uint16_t sequence_number;
    struct ward_device_time base_time; /* of the meter's clock; with the offset it is what the meter shows */
    bool has_time_offset;
    bool time_offset_is_known; /* false: the offset is beyond what its field can tell */
    int16_t time_offset_min;
    bool has_sample;
    uint8_t sample_type, sample_location;
    bool context_follows;
};

/* Flags of 2A34 as sent: which of the fields are there. */
enum ward_glucose_context_flag {
    WARD_CONTEXT_CARBOHYDRATE = 1 << 0,
    WARD_CONTEXT_MEAL = 1 << 1,
    WARD_CONTEXT_TESTER_HEALTH = 1 << 2,
    WARD_CONTEXT_EXERCISE = 1 << 3,
    WARD_CONTEXT_MEDICATION = 1 << 4,
    WARD_CONTEXT_MEDICATION_IN_LITRES = 1 << 5, /* else in kg */
    WARD_CONTEXT_HBA1C = 1 << 6,
    WARD_CONTEXT_EXTENDED_FLAGS = 1 << 7,
};

#define WARD_EXERCISE_OVERRUN 0xFFFF /* longer than the field can tell */

struct ward_glucose_context_detail {
    uint16_t sequence_number; /* of the measurement that it belongs to */
    uint8_t flags;            /* set of enum ward_glucose_context_flag */
    uint8_t carbohydrate_id, meal, tester, health, medication_id;
    uint8_t exercise_intensity_percent;
    uint16_t exercise_duration_s;
    struct ward_decimal carbohydrate_kg, medication, hba1c_percent;
};

#define WARD_TIME_ZONE_UNKNOWN     (-128)
#define WARD_DST_UNKNOWN           255
#define WARD_ACCURACY_OUT_OF_RANGE 254 /* more than 31.625 s */
#define WARD_ACCURACY_UNKNOWN      255
#define WARD_SINCE_UPDATE_TOO_LONG 255 /* days: 255 or more, and the hours say nothing */

struct ward_current_time_detail {
    uint8_t day_of_week; /* 1: Monday, 7: Sunday, 0: not known */
    uint8_t fractions_256;
    uint8_t adjust_reasons; /* set of bits: ward_adjust_reason_name() */
};

struct ward_local_time_detail {
    int8_t time_zone_quarters; /* of an hour, east of UTC, without daylight saving */
    uint8_t dst_quarters;
};

struct ward_reference_time_detail {
    uint8_t source, accuracy_eighths, days_since_update, hours_since_update;
};

struct ward_record_access_detail {
    uint8_t op_code, record_operator;
    bool has_number, has_response, has_operand;
    uint32_t number_of_records;
    uint8_t request_op_code, response_code;
    const uint8_t *operand; /* points into the decoded octets */
    size_t operand_length;
    bool has_filter; /* the operand is a filter with one limit or two, of bound_length octets each */
    uint8_t filter;
    uint8_t bound_length;
};

#define WARD_RECORD_FILTER_SEQUENCE_NUMBER  1 /* limits are numbers of as many octets as the service has */
#define WARD_RECORD_FILTER_USER_FACING_TIME 2 /* limits are times: 7 octets are a Date Time */

/* Battery Level Status: numbers for the names in core/decode_names.h. */
struct ward_battery_status_detail {
    bool is_present;
    uint8_t wired_source, wireless_source; /* of external power */
    uint8_t charge_state, charge_level, charging_type;
    uint8_t charging_faults; /* set of bits */
    bool has_identifier;
    uint16_t identifier;
    bool has_additional_status;
    uint8_t service_required;
    bool has_fault;
};

/* One whole health observation; it can be read again and again, since ward_decode() has found it whole. */
struct ward_observation_detail {
    uint8_t segment;       /* rolling counter, 6 bits */
    const uint8_t *octets; /* for ward_observation_read(); points into the decoded octets */
    size_t length;
};

/* The member goes by `characteristic`. */
union ward_decoded_detail {
    struct {
        const char *octets; /* UTF-8, not terminated; points into the decoded octets */
        size_t length;
    } text; /* 2A24 to 2A29; for 2A2A the opaque octets */
    struct {
        uint64_t manufacturer_identifier; /* 40 bits */
        uint32_t oui;                     /* 24 bits */
    } system_id;                          /* 2A23 */
    struct {
        uint8_t vendor_id_source; /* 1: Bluetooth SIG, 2: USB Implementer's Forum */
        uint16_t vendor_id, product_id, product_version;
    } pnp_id; /* 2A50 */
    struct {
        bool has_measurement_status, has_sensor_status;
        uint64_t statuses;                      /* set of enum ward_status that the oximeter may report */
    } plx_features;                             /* 2A60, with `features` */
    uint8_t body_sensor_location;               /* 2A38: index for ward_body_sensor_location_name() */
    struct ward_temperature_detail temperature; /* 2A1C, 2A1E and 2A1D */
    struct ward_glucose_detail glucose;
    struct ward_glucose_context_detail glucose_context;
    struct ward_current_time_detail current_time;
    struct ward_local_time_detail local_time;
    struct ward_reference_time_detail reference_time;
    struct ward_record_access_detail record_access;
    struct ward_device_time
        base_time; /* 2B34, 2B35: the time stamp, where the time shown to the user is there too */
    uint16_t measurement_interval_s;                  /* 2A21; 0: it does not measure by itself */
    struct ward_battery_status_detail battery_status; /* 2BED */
    struct ward_observation_detail observation;       /* 2B8B */
};

#endif
