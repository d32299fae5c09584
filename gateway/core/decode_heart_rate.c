/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heart Rate Measurement, 2A37 (HRS 1.0 §3.1, GSS). Flags, one octet:
 *
 *   bit 0     the heart rate has 16 bits, else 8
 *   bit 1     skin contact is detected, where bit 2 says that this is supported
 *   bit 2     contact detection is supported
 *   bit 3     energy expended (16 bits, kJ) follows
 *   bit 4     RR intervals (16 bits each, 1/1024 s) fill the rest of the frame; none at a slow pulse
 *   bits 5–7  reserved
 *
 * An octet left over after the last whole RR interval is the tail of a malformed frame: it is counted, not
 * used.
 */
#include "core/decimal.h"
#include "core/decode_part.h"

enum {
    FLAG_RATE_IS_16_BIT = 1 << 0,
    FLAG_CONTACT_DETECTED = 1 << 1,
    FLAG_CONTACT_SUPPORTED = 1 << 2,
    FLAG_ENERGY = 1 << 3,
    FLAG_RR = 1 << 4,
};

static enum ward_contact contact_of(uint8_t flags)
{
    if ((flags & FLAG_CONTACT_SUPPORTED) == 0)
        return WARD_CONTACT_NOT_SAID;
    return (flags & FLAG_CONTACT_DETECTED) != 0 ? WARD_CONTACT_MADE : WARD_CONTACT_LOST;
}

void ward_decode_heart_rate(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");
    const uint16_t rate = (flags & FLAG_RATE_IS_16_BIT) != 0 ? ward_cursor_u16(cursor, "heart rate")
                                                             : ward_cursor_u8(cursor, "heart rate");

    ward_decoded_add(decoded, WARD_HEART_RATE, (struct ward_decimal){.mantissa = rate});
    decoded->has_contact = true;
    decoded->contact = (uint8_t)contact_of(flags);
    if ((flags & FLAG_ENERGY) != 0) {
        decoded->has_energy = true;
        decoded->energy_kj = ward_cursor_u16(cursor, "energy expended");
    }
    if ((flags & FLAG_RR) == 0)
        return;
    decoded->has_rr = true;
    while (ward_cursor_is_ok(cursor) && ward_cursor_left(cursor) >= sizeof(uint16_t) &&
           decoded->rr_count < WARD_RR_MAX)
        decoded->rr_1024[decoded->rr_count++] = ward_cursor_u16(cursor, "RR interval");
}

struct ward_decimal ward_rr_ms(uint16_t rr_1024)
{
    /* 1000/1024 is 0.9765625, exactly. */
    return ward_decimal_normalise(
        (struct ward_decimal){.mantissa = (int64_t)rr_1024 * 9765625, .exponent = -7});
}
