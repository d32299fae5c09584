/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of a device: Date Time, 2A08 (GSS), and the Current Time Service (CTS 1.1 §3): Current Time, 2A2B, Local
 * Time Information, 2A0F, and Reference Time Information, 2A14. Here the time is all there is: one that does not exist
 * makes the frame `invalid`.
 */
#include "core/decode_part.h"

/* Returns whether the frame may go on. */
static bool read_clock(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const struct ward_cursor start = *cursor;
    struct ward_cursor again = start;

    ward_decoded_read_time(cursor, decoded);
    if (!decoded->device_time_is_wrong)
        return true;
    ward_decoded_refuse(decoded, WARD_DECODE_INVALID, "the time stamp of year",
                        ward_cursor_u16(&again, "year"), start.offset, "is not a date and time that exists");
    return false;
}

void ward_decode_date_time(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    (void)read_clock(cursor, decoded);
}

void ward_decode_current_time(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    if (!read_clock(cursor, decoded))
        return;
    decoded->detail.current_time.day_of_week = ward_cursor_u8(cursor, "day of the week");
    decoded->detail.current_time.fractions_256 = ward_cursor_u8(cursor, "fractions of a second");
    decoded->detail.current_time.adjust_reasons = ward_cursor_u8(cursor, "adjust reason");
}

/* GSS: time zones reach from 12 h west to 14 h east; daylight saving is none, half an hour, one hour or two. */
void ward_decode_local_time(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t zone_field = ward_cursor_u8(cursor, "time zone");
    const int8_t zone = (int8_t)zone_field;
    const uint8_t dst = ward_cursor_u8(cursor, "DST offset");

    decoded->detail.local_time =
        (struct ward_local_time_detail){.time_zone_quarters = zone, .dst_quarters = dst};
    if (zone != WARD_TIME_ZONE_UNKNOWN && (zone < -48 || zone > 56))
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "time zone", zone_field, 0,
                            "is reserved: -48 to 56 are quarters of an hour");
    else if (dst != 0 && dst != 2 && dst != 4 && dst != 8 && dst != WARD_DST_UNKNOWN)
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "DST offset", dst, 1,
                            "is reserved: 0, 2, 4 and 8 are quarters of an hour");
}

void ward_decode_reference_time(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->detail.reference_time.source = ward_cursor_u8(cursor, "time source");
    decoded->detail.reference_time.accuracy_eighths = ward_cursor_u8(cursor, "time accuracy");
    decoded->detail.reference_time.days_since_update = ward_cursor_u8(cursor, "days since update");
    decoded->detail.reference_time.hours_since_update = ward_cursor_u8(cursor, "hours since update");
}
