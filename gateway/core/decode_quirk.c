/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode_quirk.h"

#include <stdbool.h>
#include <string.h>

/* More octets than the last field that a quirk is about: what follows is carried over untouched. */
#define FRAME_MAX 64

struct frame {
    uint8_t octets[FRAME_MAX];
    size_t length;
};

enum {
    PRESSURE_TIME_STAMP = 1 << 1,
    PRESSURE_PULSE_RATE = 1 << 2,
    PRESSURE_USER = 1 << 3,
    PRESSURE_STATUS = 1 << 4,
    GLUCOSE_TIME_OFFSET = 1 << 0,
    GLUCOSE_CONCENTRATION = 1 << 1,
    DATE_TIME_LENGTH = 7,
    DATE_MONTH_OFFSET = 2,
};

/* Where a field would be that is not whole, the frame is cut short: the decoder says so. */
static void swap(struct frame *frame, size_t offset)
{
    const uint8_t first = frame->octets[offset];

    if (offset + 2 > frame->length)
        return;
    frame->octets[offset] = frame->octets[offset + 1];
    frame->octets[offset + 1] = first;
}

/* 2A35: flags, three pressures, time stamp, pulse rate, user id, status. */
static void straighten_pressure(uint32_t quirks, struct frame *frame)
{
    uint8_t *const flags = &frame->octets[0];
    size_t offset = 1 + 3 * 2;

    if ((quirks & WARD_QUIRK_UNFLAGGED_USER) != 0)
        *flags |= PRESSURE_USER;
    if ((*flags & PRESSURE_TIME_STAMP) != 0)
        offset += DATE_TIME_LENGTH;
    if ((*flags & PRESSURE_PULSE_RATE) != 0) {
        if ((quirks & WARD_QUIRK_BIG_ENDIAN_TAIL) != 0)
            swap(frame, offset);
        offset += 2;
    }
    if ((*flags & PRESSURE_USER) != 0)
        offset++;
    if ((*flags & PRESSURE_STATUS) != 0 && (quirks & WARD_QUIRK_BIG_ENDIAN_TAIL) != 0)
        swap(frame, offset);
}

/* 2A18: flags, sequence number, base time, time offset, concentration. */
static void straighten_glucose(uint32_t quirks, struct frame *frame)
{
    static const uint8_t no_value[] = {0xFF, 0x07}; /* SFLOAT NaN */
    size_t offset = 1 + 2;
    uint8_t *const month = &frame->octets[offset + DATE_MONTH_OFFSET];

    if ((quirks & WARD_QUIRK_MONTH_13) != 0 && *month == 13)
        *month = 0;
    offset += DATE_TIME_LENGTH;
    if ((frame->octets[0] & GLUCOSE_TIME_OFFSET) != 0)
        offset += 2;
    if ((quirks & WARD_QUIRK_FFFF_IS_NO_VALUE) != 0 && (frame->octets[0] & GLUCOSE_CONCENTRATION) != 0 &&
        offset + 2 <= frame->length && frame->octets[offset] == 0xFF && frame->octets[offset + 1] == 0xFF)
        memcpy(frame->octets + offset, no_value, sizeof(no_value));
}

void ward_decode_as(uint32_t quirks, uint16_t characteristic, const uint8_t *octets, size_t length,
                    struct ward_decoded *ret)
{
    struct frame frame = {.length = length};

    if (quirks == 0 || length == 0 || length > FRAME_MAX) {
        ward_decode(characteristic, octets, length, ret);
        return;
    }
    memcpy(frame.octets, octets, length);
    if (characteristic == WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT)
        straighten_pressure(quirks, &frame);
    else if (characteristic == WARD_CHAR_GLUCOSE_MEASUREMENT)
        straighten_glucose(quirks, &frame);
    else
        return ward_decode(characteristic, octets, length, ret); /* its texts point into the octets */
    ward_decode(characteristic, frame.octets, length, ret);
}
