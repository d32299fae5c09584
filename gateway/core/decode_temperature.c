/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thermometers (HTS 1.0 §3). Temperature Measurement, 2A1C, and Intermediate Temperature, 2A1E, have one layout:
 *
 *   flags, 8 bits
 *   temperature, FLOAT              in °F with flag bit 0, else in °C
 *   time stamp, 7 octets            bit 1
 *   temperature type, 8 bits        bit 2: where it was measured; else Temperature Type, 2A1D, says it
 *
 * The other flag bits are reserved. An intermediate temperature is on its way to what will be measured: it is still
 * ongoing, whatever it says.
 */
#include "core/decimal.h"
#include "core/decode_names.h"
#include "core/decode_part.h"

enum {
    FLAG_FAHRENHEIT = 1 << 0,
    FLAG_TIME_STAMP = 1 << 1,
    FLAG_TYPE = 1 << 2,
};

/* A FLOAT goes up to 10^133. What has no place in °C is no temperature: not at this resolution. */
static struct ward_decimal read_temperature(struct ward_cursor *cursor, uint8_t flags)
{
    struct ward_decimal temperature = ward_cursor_float(cursor, "temperature");

    if ((flags & FLAG_FAHRENHEIT) != 0 &&
        !ward_decimal_convert(&temperature, WARD_UNIT_FAHRENHEIT, &temperature))
        return (struct ward_decimal){.special = WARD_NRES};
    return temperature;
}

void ward_decode_temperature(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    ward_decoded_add(decoded, WARD_BODY_TEMPERATURE, read_temperature(cursor, flags));
    if ((flags & FLAG_TIME_STAMP) != 0)
        ward_decoded_read_time(cursor, decoded);
    if ((flags & FLAG_TYPE) != 0) {
        decoded->detail.temperature.has_type = true;
        decoded->detail.temperature.type = ward_cursor_u8(cursor, "temperature type");
    }
}

void ward_decode_temperature_type(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t type = ward_cursor_u8(cursor, "temperature type");

    if (ward_temperature_type_name(type) == NULL)
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "temperature type", type, 0,
                            "is reserved: 1 to 9 are places");
    else
        decoded->detail.temperature = (struct ward_temperature_detail){.has_type = true, .type = type};
}

/* Measurement Interval, 2A21 (§3.4): seconds; 0 says that it does not measure by itself. */
void ward_decode_measurement_interval(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->detail.measurement_interval_s = ward_cursor_u16(cursor, "measurement interval");
}
