/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode.h"

#include <string.h>

#include "core/decimal.h"
#include "core/decode_part.h"
#include "core/vendor.h"

struct decoder {
    uint16_t characteristic;
    bool is_measurement;
    uint8_t kind;
    void (*decode)(struct ward_cursor *cursor, struct ward_decoded *decoded);
};

static const struct decoder decoders[] = {
    {WARD_CHAR_HEART_RATE_MEASUREMENT, true, WARD_READING_CONTINUOUS, ward_decode_heart_rate},
    {WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, true, WARD_READING_SPOT, ward_decode_plx_spot_check},
    {WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT, true, WARD_READING_CONTINUOUS, ward_decode_plx_continuous},
    {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, true, WARD_READING_SPOT, ward_decode_blood_pressure},
    {WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE, true, WARD_READING_CONTINUOUS, ward_decode_cuff_pressure},
    {WARD_CHAR_TEMPERATURE_MEASUREMENT, true, WARD_READING_SPOT, ward_decode_temperature},
    {WARD_CHAR_INTERMEDIATE_TEMPERATURE, true, WARD_READING_CONTINUOUS, ward_decode_temperature},
    {WARD_CHAR_TEMPERATURE_TYPE, false, 0, ward_decode_temperature_type},
    {WARD_CHAR_MEASUREMENT_INTERVAL, false, 0, ward_decode_measurement_interval},
    {WARD_CHAR_WEIGHT_MEASUREMENT, true, WARD_READING_SPOT, ward_decode_weight},
    {WARD_CHAR_WEIGHT_SCALE_FEATURE, false, 0, ward_decode_weight_scale_feature},
    {WARD_CHAR_GLUCOSE_MEASUREMENT, true, WARD_READING_SPOT, ward_decode_glucose},
    {WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, false, 0, ward_decode_glucose_context},
    {WARD_CHAR_GLUCOSE_FEATURE, false, 0, ward_decode_glucose_feature},
    {WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT, true, WARD_READING_SPOT,
     ward_decode_enhanced_blood_pressure},
    {WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE, true, WARD_READING_CONTINUOUS,
     ward_decode_enhanced_cuff_pressure},
    {WARD_CHAR_DATE_TIME, false, 0, ward_decode_date_time},
    {WARD_CHAR_CURRENT_TIME, false, 0, ward_decode_current_time},
    {WARD_CHAR_LOCAL_TIME_INFORMATION, false, 0, ward_decode_local_time},
    {WARD_CHAR_REFERENCE_TIME_INFORMATION, false, 0, ward_decode_reference_time},
    {WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, false, 0, ward_decode_record_access},
    {WARD_CHAR_BATTERY_LEVEL, true, WARD_READING_SPOT, ward_decode_battery},
    {WARD_CHAR_BATTERY_LEVEL_STATUS, true, WARD_READING_SPOT, ward_decode_battery_status},
    {WARD_CHAR_LIVE_HEALTH_OBSERVATIONS, true, WARD_READING_SPOT, ward_decode_live_observation},
    {WARD_CHAR_BODY_SENSOR_LOCATION, false, 0, ward_decode_body_sensor_location},
    {WARD_CHAR_BLOOD_PRESSURE_FEATURE, false, 0, ward_decode_blood_pressure_feature},
    {WARD_CHAR_PLX_FEATURES, false, 0, ward_decode_plx_features},
    {WARD_CHAR_SYSTEM_ID, false, 0, ward_decode_system_id},
    {WARD_CHAR_MODEL_NUMBER, false, 0, ward_decode_text},
    {WARD_CHAR_SERIAL_NUMBER, false, 0, ward_decode_text},
    {WARD_CHAR_FIRMWARE_REVISION, false, 0, ward_decode_text},
    {WARD_CHAR_HARDWARE_REVISION, false, 0, ward_decode_text},
    {WARD_CHAR_SOFTWARE_REVISION, false, 0, ward_decode_text},
    {WARD_CHAR_MANUFACTURER_NAME, false, 0, ward_decode_text},
    {WARD_CHAR_REGULATORY_CERTIFICATION, false, 0, ward_decode_opaque},
    {WARD_CHAR_PNP_ID, false, 0, ward_decode_pnp_id},
};

static const struct decoder *decoder_of(uint16_t characteristic)
{
    for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++)
        if (decoders[i].characteristic == characteristic)
            return &decoders[i];
    return NULL;
}

static void append(struct ward_decoded *decoded, const char *text)
{
    const size_t used = strlen(decoded->error);
    const size_t room = sizeof(decoded->error) - 1 - used;
    const size_t length = strlen(text) < room ? strlen(text) : room;

    memcpy(decoded->error + used, text, length);
    decoded->error[used + length] = '\0';
}

static void append_number(struct ward_decoded *decoded, uint64_t number)
{
    char text[WARD_DECIMAL_TEXT_SIZE];

    (void)ward_decimal_print(&(struct ward_decimal){.mantissa = (int64_t)number}, text);
    append(decoded, text);
}

/* Forgets all that a decoder filled in: what follows a refusal is an outcome and an error, and no value. */
static void start_over(struct ward_decoded *decoded, enum ward_decode_outcome outcome)
{
    const struct decoder *decoder = decoder_of(decoded->characteristic);

    *decoded = (struct ward_decoded){
        .characteristic = decoded->characteristic,
        .outcome = (uint8_t)outcome,
        .is_measurement = ward_decode_is_measurement(decoded->characteristic),
        .kind = decoder != NULL ? decoder->kind : WARD_READING_CONTINUOUS, /* a vendor's */
        .quality = WARD_INVALID,
    };
}

void ward_decoded_refuse(struct ward_decoded *decoded, enum ward_decode_outcome outcome, const char *what,
                         uint32_t number, size_t offset, const char *why)
{
    start_over(decoded, outcome);
    append(decoded, what);
    append(decoded, " ");
    append_number(decoded, number);
    append(decoded, " at octet ");
    append_number(decoded, offset);
    append(decoded, " ");
    append(decoded, why);
}

static void refuse_truncated(struct ward_decoded *decoded, const struct ward_cursor *cursor)
{
    start_over(decoded, WARD_DECODE_TRUNCATED);
    append(decoded, cursor->missing_field);
    append(decoded, " needs ");
    append_number(decoded, cursor->missing_octets);
    append(decoded, cursor->missing_octets == 1 ? " octet at octet " : " octets at octet ");
    append_number(decoded, cursor->offset);
    append(decoded, ", the frame ends at ");
    append_number(decoded, cursor->length);
}

void ward_decode(uint16_t characteristic, const uint8_t *octets, size_t length, struct ward_decoded *ret)
{
    const struct ward_vendor_driver *vendor = ward_vendor_by_number(characteristic);
    const struct decoder *decoder = decoder_of(characteristic);
    struct ward_cursor cursor;

    ret->characteristic = characteristic;
    start_over(ret, WARD_DECODE_OK);
    if (decoder == NULL && vendor == NULL) {
        ret->outcome = WARD_DECODE_UNKNOWN;
        append(ret, "there is no decoder for this characteristic");
        return;
    }
    if (length > WARD_GATT_VALUE_MAX) {
        ret->outcome = WARD_DECODE_INVALID;
        append_number(ret, length);
        append(ret, " octets: the value of a characteristic has at most 512");
        return;
    }
    if (vendor != NULL) {
        ward_vendor_decode(vendor, octets, length, ret);
        return;
    }
    ward_cursor_init(&cursor, octets, length);
    decoder->decode(&cursor, ret);
    if (!ward_cursor_is_ok(&cursor))
        refuse_truncated(ret, &cursor);
    else if (ret->outcome == WARD_DECODE_OK)
        ret->trailing_octets = (uint16_t)ward_cursor_left(&cursor);
}

bool ward_decode_is_known(uint16_t characteristic)
{
    return decoder_of(characteristic) != NULL || ward_vendor_by_number(characteristic) != NULL;
}

bool ward_decode_is_measurement(uint16_t characteristic)
{
    const struct decoder *decoder = decoder_of(characteristic);

    return (decoder != NULL && decoder->is_measurement) || ward_vendor_by_number(characteristic) != NULL;
}

void ward_decoded_add(struct ward_decoded *decoded, enum ward_quantity quantity, struct ward_decimal number)
{
    decoded->values[decoded->value_count++] =
        (struct ward_value){.number = number, .quantity = (uint8_t)quantity};
}

/* Of a month and a day that are not 0. */
static bool date_exists(const struct ward_device_time *time)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = time->year % 4 == 0 && (time->year % 100 != 0 || time->year % 400 == 0);

    return time->month <= 12 && time->day <= days[time->month - 1] + (time->month == 2 && leap ? 1 : 0);
}

/* GSS, Date Time: a year is 1582 to 9999; year, month and day may be 0 for "not known". */
void ward_decoded_read_time(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    struct ward_device_time time = {.present = true};
    bool is_unknown;

    time.year = ward_cursor_u16(cursor, "year of the time stamp");
    time.month = ward_cursor_u8(cursor, "month of the time stamp");
    time.day = ward_cursor_u8(cursor, "day of the time stamp");
    time.hour = ward_cursor_u8(cursor, "hours of the time stamp");
    time.minute = ward_cursor_u8(cursor, "minutes of the time stamp");
    time.second = ward_cursor_u8(cursor, "seconds of the time stamp");

    is_unknown = time.year == 0 || time.month == 0 || time.day == 0;
    decoded->device_time_is_wrong =
        !is_unknown && (time.year < 1582 || time.year > 9999 || !date_exists(&time) || time.hour > 23 ||
                        time.minute > 59 || time.second > 59);
    if (is_unknown || decoded->device_time_is_wrong)
        time.year = 0;
    decoded->device_time = time;
}

void ward_decoded_fill_reading(const struct ward_decoded *decoded, const uint8_t *octets, size_t length,
                               struct ward_reading *reading)
{
    const size_t kept = length < sizeof(reading->raw) ? length : sizeof(reading->raw);

    reading->kind = decoded->kind;
    reading->quality = decoded->quality;
    reading->reasons = decoded->reasons;
    reading->value_count = decoded->value_count;
    memcpy(reading->values, decoded->values, sizeof(reading->values));
    reading->device_time = decoded->device_time;
    reading->characteristic = decoded->characteristic;
    reading->raw_length = (uint16_t)kept;
    if (kept > 0)
        memcpy(reading->raw, octets, kept);
}

const char *ward_decode_outcome_name(uint8_t outcome)
{
    static const char *const names[] = {
        [WARD_DECODE_OK] = "ok",
        [WARD_DECODE_TRUNCATED] = "truncated",
        [WARD_DECODE_RESERVED] = "reserved",
        [WARD_DECODE_UNKNOWN] = "unknown",
        [WARD_DECODE_INVALID] = "invalid",
    };

    return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : NULL;
}
