/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weight scales (WSS 1.0.1 §3). Weight Measurement, 2A9D:
 *
 *   flags, 8 bits
 *   weight, 16 bits                 0.005 kg each; with flag bit 0 0.01 lb each; 0xFFFF: unsuccessful
 *   time stamp, 7 octets            bit 1
 *   user id, 8 bits                 bit 2; 255: not known
 *   BMI, 16 bits, 0.1 kg/m2 each    bit 3
 *   height, 16 bits                 bit 3; 0.001 m each; with flag bit 0 0.1 in each
 *
 * The other flag bits are reserved. A scale that does not know its user's height sends 0 for it and for the BMI.
 */
#include "core/decimal.h"
#include "core/decode_part.h"

enum {
    FLAG_IMPERIAL = 1 << 0,
    FLAG_TIME_STAMP = 1 << 1,
    FLAG_USER = 1 << 2,
    FLAG_BMI_AND_HEIGHT = 1 << 3,
    WEIGHT_UNSUCCESSFUL = 0xFFFF,
};

static struct ward_decimal weight_of(uint16_t field, uint8_t flags)
{
    struct ward_decimal weight = {.mantissa = field, .exponent = -2};

    if (field == WEIGHT_UNSUCCESSFUL)
        return (struct ward_decimal){.special = WARD_NAN};
    if ((flags & FLAG_IMPERIAL) == 0)
        return (struct ward_decimal){.mantissa = (int64_t)field * 5, .exponent = -3};
    /* Five digits times the factor always fit. */
    (void)ward_decimal_convert(&weight, WARD_UNIT_POUND, &weight);
    return weight;
}

/* An extra of so many thousandths of its unit for each count. */
static struct ward_decimal extra_of(uint16_t field, int64_t thousandths)
{
    if (field == 0)
        return (struct ward_decimal){.special = WARD_NAN};
    return ward_decimal_normalise((struct ward_decimal){.mantissa = field * thousandths, .exponent = -3});
}

void ward_decode_weight(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    ward_decoded_add(decoded, WARD_BODY_MASS, weight_of(ward_cursor_u16(cursor, "weight"), flags));
    if ((flags & FLAG_TIME_STAMP) != 0)
        ward_decoded_read_time(cursor, decoded);
    if ((flags & FLAG_USER) != 0) {
        decoded->has_user = true;
        decoded->user = ward_cursor_u8(cursor, "user id");
    }
    if ((flags & FLAG_BMI_AND_HEIGHT) != 0) {
        const int64_t height_thousandths = (flags & FLAG_IMPERIAL) != 0 ? 254 : 100; /* of a centimetre */

        ward_decoded_add(decoded, WARD_BMI, extra_of(ward_cursor_u16(cursor, "BMI"), 100));
        ward_decoded_add(decoded, WARD_BODY_HEIGHT,
                         extra_of(ward_cursor_u16(cursor, "height"), height_thousandths));
    }
}

/* Weight Scale Feature, 2A9E (§3.1): 32 bits; bits 3 to 6 and 7 to 9 are the resolutions of weight and height. */
void ward_decode_weight_scale_feature(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->features = ward_cursor_u32(cursor, "weight scale feature");
}
