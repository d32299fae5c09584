/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blood Pressure Measurement, 2A35, and Intermediate Cuff Pressure, 2A36 (BLS 1.1.1 §3.1 and §3.2), one
 * layout:
 *
 *   flags, 8 bits
 *   systolic, diastolic, mean arterial pressure     SFLOATs, in kPa with flag bit 0, else in mmHg
 *   time stamp, 7 octets                            bit 1
 *   pulse rate, SFLOAT                              bit 2
 *   user id, 8 bits                                 bit 3
 *   measurement status, 16 bits                     bit 4
 *
 * The mean is NaN on many cuffs; all three are NaN when the measurement failed. Real cuffs set the reserved
 * flag bits 6 and 7: they say nothing. 2A36 carries the cuff's pressure in the place of the systolic one and
 * NaN in the other two.
 *
 * Enhanced Blood Pressure Measurement, 2B34, and Enhanced Intermediate Cuff Pressure, 2B35, differ in this: times are 32
 * bits of seconds since the start of 1900, or with flag bit 6 of 2000; the time that is shown to the user (bit 5) comes
 * last; and 2B35 has its pressure alone, without the two unused fields.
 */
#include "core/decimal.h"
#include "core/decode_part.h"
#include "core/status.h"
#include "core/utc.h"

enum {
    FLAG_KILOPASCAL = 1 << 0,
    FLAG_TIME_STAMP = 1 << 1,
    FLAG_PULSE_RATE = 1 << 2,
    FLAG_USER = 1 << 3,
    FLAG_STATUS = 1 << 4,
    FLAG_USER_FACING_TIME = 1 << 5, /* enhanced only, as the next */
    FLAG_EPOCH_2000 = 1 << 6,
};

/* From the start of 1900 to 1970, and from 1970 to 2000. */
#define SECONDS_1900_TO_1970 INT64_C(2208988800)
#define SECONDS_1970_TO_2000 INT64_C(946684800)

static struct ward_decimal read_pressure(struct ward_cursor *cursor, uint8_t flags, const char *field)
{
    struct ward_decimal pressure = ward_cursor_sfloat(cursor, field);

    /* Four digits times the factor always fit. */
    if ((flags & FLAG_KILOPASCAL) != 0)
        (void)ward_decimal_convert(&pressure, WARD_UNIT_KILOPASCAL, &pressure);
    return pressure;
}

static uint64_t statuses_of(uint16_t field)
{
    enum {
        BODY_MOVEMENT = 1 << 0,
        CUFF_TOO_LOOSE = 1 << 1,
        IRREGULAR_PULSE = 1 << 2,
        PULSE_RANGE_SHIFT = 3, /* two bits: 0 within, 1 above, 2 below, 3 reserved */
        IMPROPER_POSITION = 1 << 5,
    };
    const unsigned range = (field >> PULSE_RANGE_SHIFT) & 3;
    uint64_t statuses = 0;

    if ((field & BODY_MOVEMENT) != 0)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_BODY_MOVEMENT);
    if ((field & CUFF_TOO_LOOSE) != 0)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_CUFF_TOO_LOOSE);
    if ((field & IRREGULAR_PULSE) != 0)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_IRREGULAR_PULSE);
    if (range == 1)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_PULSE_RATE_ABOVE_RANGE);
    if (range == 2)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_PULSE_RATE_BELOW_RANGE);
    if ((field & IMPROPER_POSITION) != 0)
        statuses |= WARD_STATUS_BIT(WARD_STATUS_IMPROPER_POSITION);
    return statuses;
}

static void read_pulse_user_status(struct ward_cursor *cursor, uint8_t flags, struct ward_decoded *decoded)
{
    decoded->has_status = true;
    if ((flags & FLAG_PULSE_RATE) != 0)
        ward_decoded_add(decoded, WARD_PULSE_RATE_CUFF, ward_cursor_sfloat(cursor, "pulse rate"));
    if ((flags & FLAG_USER) != 0) {
        decoded->has_user = true;
        decoded->user = ward_cursor_u8(cursor, "user id");
    }
    if ((flags & FLAG_STATUS) != 0)
        decoded->statuses = statuses_of(ward_cursor_u16(cursor, "measurement status"));
}

static void read_optional_fields(struct ward_cursor *cursor, uint8_t flags, struct ward_decoded *decoded)
{
    if ((flags & FLAG_TIME_STAMP) != 0)
        ward_decoded_read_time(cursor, decoded);
    read_pulse_user_status(cursor, flags, decoded);
}

static struct ward_device_time read_seconds(struct ward_cursor *cursor, uint8_t flags, const char *field)
{
    const int64_t seconds = ward_cursor_u32(cursor, field);
    struct ward_device_time time = {0};

    /* 136 years from either epoch are within what a date can tell. */
    (void)ward_device_time_from_seconds((flags & FLAG_EPOCH_2000) != 0 ? seconds + SECONDS_1970_TO_2000
                                                                       : seconds - SECONDS_1900_TO_1970,
                                        &time);
    return time;
}

/* What the user sees is the device's time, as it is of a glucose meter; the time stamp is then the one beneath it. */
static void read_enhanced_fields(struct ward_cursor *cursor, uint8_t flags, struct ward_decoded *decoded)
{
    if ((flags & FLAG_TIME_STAMP) != 0)
        decoded->device_time = read_seconds(cursor, flags, "time stamp");
    read_pulse_user_status(cursor, flags, decoded);
    if ((flags & FLAG_USER_FACING_TIME) != 0) {
        decoded->detail.base_time = decoded->device_time;
        decoded->device_time = read_seconds(cursor, flags, "user-facing time");
    }
}

static void read_pressures(struct ward_cursor *cursor, uint8_t flags, struct ward_decoded *decoded)
{
    ward_decoded_add(decoded, WARD_BP_SYSTOLIC, read_pressure(cursor, flags, "systolic pressure"));
    ward_decoded_add(decoded, WARD_BP_DIASTOLIC, read_pressure(cursor, flags, "diastolic pressure"));
    ward_decoded_add(decoded, WARD_BP_MEAN, read_pressure(cursor, flags, "mean arterial pressure"));
}

void ward_decode_blood_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    read_pressures(cursor, flags, decoded);
    read_optional_fields(cursor, flags, decoded);
}

void ward_decode_enhanced_blood_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    read_pressures(cursor, flags, decoded);
    read_enhanced_fields(cursor, flags, decoded);
}

void ward_decode_enhanced_cuff_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    ward_decoded_add(decoded, WARD_CUFF_PRESSURE, read_pressure(cursor, flags, "cuff pressure"));
    read_enhanced_fields(cursor, flags, decoded);
}

void ward_decode_cuff_pressure(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    ward_decoded_add(decoded, WARD_CUFF_PRESSURE, read_pressure(cursor, flags, "cuff pressure"));
    (void)ward_cursor_u16(cursor, "unused diastolic pressure");
    (void)ward_cursor_u16(cursor, "unused mean arterial pressure");
    read_optional_fields(cursor, flags, decoded);
}

/* Blood Pressure Feature, 2A49 (§3.3): 16 bits; their names are in decode_names.c. */
void ward_decode_blood_pressure_feature(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->features = ward_cursor_u16(cursor, "blood pressure feature");
}
