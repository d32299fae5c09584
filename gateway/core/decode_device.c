/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says of itself: Battery Level 2A19 and Battery Level Status 2BED (BAS 1.1), Body Sensor Location 2A38 (HRS 1.0 §3.2) and
 * the Device Information Service 2A23 to 2A2A and 2A50 (DIS 1.1 §3). Here a value out of the specification's
 * range has nothing beside it that could be used, so it is refused as `reserved`.
 */
#include "core/decode_names.h"
#include "core/decode_part.h"

#include <string.h>

static void read_level(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const size_t offset = cursor->offset;
    const uint8_t level = ward_cursor_u8(cursor, "battery level");

    if (level > 100)
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "battery level", level, offset,
                            "is reserved: 0 to 100 are levels");
    else
        ward_decoded_add(decoded, WARD_BATTERY, (struct ward_decimal){.mantissa = level});
}

void ward_decode_battery(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    read_level(cursor, decoded);
}

/*
 * Flags, 8 bits; power state, 16 bits; identifier, 16 bits (flag bit 0); level, 8 bits (bit 1); additional status, 8 bits
 * (bit 2). Without a level it is no measurement.
 */
void ward_decode_battery_status(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    enum {
        FLAG_IDENTIFIER = 1 << 0,
        FLAG_LEVEL = 1 << 1,
        FLAG_ADDITIONAL_STATUS = 1 << 2,
    };
    struct ward_battery_status_detail *detail = &decoded->detail.battery_status;
    const uint8_t flags = ward_cursor_u8(cursor, "flags");
    const uint16_t power = ward_cursor_u16(cursor, "power state");

    detail->is_present = (power & 1) != 0;
    detail->wired_source = power >> 1 & 3;
    detail->wireless_source = power >> 3 & 3;
    detail->charge_state = power >> 5 & 3;
    detail->charge_level = power >> 7 & 3;
    detail->charging_type = power >> 9 & 7;
    detail->charging_faults = power >> 12 & 7;
    detail->has_identifier = (flags & FLAG_IDENTIFIER) != 0;
    if (detail->has_identifier)
        detail->identifier = ward_cursor_u16(cursor, "identifier");
    decoded->is_measurement = (flags & FLAG_LEVEL) != 0;
    if (decoded->is_measurement)
        read_level(cursor, decoded);
    if ((flags & FLAG_ADDITIONAL_STATUS) != 0 && decoded->outcome == WARD_DECODE_OK) {
        const uint8_t status = ward_cursor_u8(cursor, "additional status");

        detail->has_additional_status = true;
        detail->service_required = status & 3;
        detail->has_fault = (status & 1 << 2) != 0;
    }
}

void ward_decode_body_sensor_location(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t location = ward_cursor_u8(cursor, "body sensor location");

    if (ward_body_sensor_location_name(location) == NULL)
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "body sensor location", location, 0,
                            "is reserved: 0 to 6 are places");
    else
        decoded->detail.body_sensor_location = location;
}

void ward_decode_system_id(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->detail.system_id.manufacturer_identifier =
        ward_cursor_u40(cursor, "manufacturer-defined identifier");
    decoded->detail.system_id.oui = ward_cursor_u24(cursor, "organizationally unique identifier");
}

void ward_decode_pnp_id(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t source = ward_cursor_u8(cursor, "vendor id source");

    decoded->detail.pnp_id.vendor_id_source = source;
    decoded->detail.pnp_id.vendor_id = ward_cursor_u16(cursor, "vendor id");
    decoded->detail.pnp_id.product_id = ward_cursor_u16(cursor, "product id");
    decoded->detail.pnp_id.product_version = ward_cursor_u16(cursor, "product version");
    if (source < 1 || source > 2)
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "vendor id source", source, 0,
                            "is reserved: 1 is Bluetooth SIG, 2 is USB Implementer's Forum");
}

/* Length of the well-formed UTF-8 character that octets begin with (RFC 3629 §4), 0 when there is none. */
static size_t character_length(const uint8_t *octets, size_t left)
{
    const uint8_t first = octets[0];
    size_t length = 0;
    uint8_t second_minimum = 0x80;
    uint8_t second_maximum = 0xBF;

    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        length = 2;
    else if (first >= 0xE0 && first <= 0xEF)
        length = 3;
    else if (first >= 0xF0 && first <= 0xF4)
        length = 4;
    if (length == 0 || length > left)
        return 0;
    if (first == 0xE0)
        second_minimum = 0xA0; /* shorter forms exist */
    else if (first == 0xED)
        second_maximum = 0x9F; /* surrogates */
    else if (first == 0xF0)
        second_minimum = 0x90;
    else if (first == 0xF4)
        second_maximum = 0x8F; /* beyond U+10FFFF */
    if (octets[1] < second_minimum || octets[1] > second_maximum)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (octets[i] < 0x80 || octets[i] > 0xBF)
            return 0;
    return length;
}

/* Takes all that is left; an empty text is one too. */
static void take_rest(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const size_t left = ward_cursor_left(cursor);
    const uint8_t *rest = ward_cursor_octets(cursor, left, "text");

    decoded->detail.text.octets = rest != NULL ? (const char *)rest : "";
    decoded->detail.text.length = left;
}

/* A text ends at its first NUL: many devices pad with them. */
void ward_decode_text(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t *octets;
    size_t length, offset = 0;

    take_rest(cursor, decoded);
    octets = (const uint8_t *)decoded->detail.text.octets;
    length = strnlen(decoded->detail.text.octets, decoded->detail.text.length);
    while (offset < length) {
        const size_t step = character_length(octets + offset, length - offset);

        if (step == 0) {
            ward_decoded_refuse(decoded, WARD_DECODE_INVALID, "octet", octets[offset], offset,
                                "is not part of well-formed UTF-8");
            return;
        }
        offset += step;
    }
    decoded->detail.text.length = length;
}

void ward_decode_opaque(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    take_rest(cursor, decoded);
}
