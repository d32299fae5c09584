/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pulse oximeters (PLXS 1.0.1 §3). The two measurements are alike but for their flags; fields in the order
 * sent:
 *
 *   Spot-check, 2A5E            flag     Continuous, 2A5F              flag
 *   flags, 8 bits                        flags, 8 bits
 *   SpO2, pulse rate                     SpO2, pulse rate (normal)
 *   time stamp, 7 octets        bit 0    SpO2, pulse rate (fast)       bit 0
 *                                        SpO2, pulse rate (slow)       bit 1
 *   measurement status, 16 bits bit 1    measurement status            bit 2
 *   device and sensor status,   bit 2    device and sensor status      bit 3
 *     24 bits
 *   pulse amplitude index       bit 3    pulse amplitude index         bit 4
 *   (device clock is not set)   bit 4
 *
 * All numbers are SFLOATs. The remaining flag bits are reserved.
 */
#include "core/decode_part.h"
#include "core/status.h"

/* Where the first named bit of a field lies, and where its names begin in enum ward_status. */
enum {
    MEASUREMENT_STATUS_FIRST_BIT = 5,
    MEASUREMENT_STATUS_MASK = 0xFFE0,
    SENSOR_STATUS_MASK = 0xFFFF,
};

static uint64_t measurement_statuses(uint16_t field)
{
    return ((uint64_t)(field & MEASUREMENT_STATUS_MASK) >> MEASUREMENT_STATUS_FIRST_BIT)
           << WARD_STATUS_MEASUREMENT_ONGOING;
}

static uint64_t sensor_statuses(uint32_t field)
{
    return (uint64_t)(field & SENSOR_STATUS_MASK) << WARD_STATUS_EXTENDED_DISPLAY_UPDATE_ONGOING;
}

static void read_measurement_status(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->statuses |= measurement_statuses(ward_cursor_u16(cursor, "measurement status"));
    if ((decoded->statuses & WARD_STATUS_BIT(WARD_STATUS_DATA_FROM_MEASUREMENT_STORAGE)) != 0)
        decoded->kind = WARD_READING_STORED;
}

static void read_sensor_status(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->statuses |= sensor_statuses(ward_cursor_u24(cursor, "device and sensor status"));
}

static void read_amplitude(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    ward_decoded_add(decoded, WARD_PULSE_AMPLITUDE_INDEX,
                     ward_cursor_sfloat(cursor, "pulse amplitude index"));
}

void ward_decode_plx_spot_check(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    enum {
        FLAG_TIME_STAMP = 1 << 0,
        FLAG_MEASUREMENT_STATUS = 1 << 1,
        FLAG_SENSOR_STATUS = 1 << 2,
        FLAG_AMPLITUDE = 1 << 3,
        FLAG_CLOCK_NOT_SET = 1 << 4,
    };
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    decoded->has_status = true;
    ward_decoded_add(decoded, WARD_SPO2, ward_cursor_sfloat(cursor, "SpO2"));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_cursor_sfloat(cursor, "pulse rate"));
    if ((flags & FLAG_TIME_STAMP) != 0)
        ward_decoded_read_time(cursor, decoded);
    if ((flags & FLAG_MEASUREMENT_STATUS) != 0)
        read_measurement_status(cursor, decoded);
    if ((flags & FLAG_SENSOR_STATUS) != 0)
        read_sensor_status(cursor, decoded);
    if ((flags & FLAG_AMPLITUDE) != 0)
        read_amplitude(cursor, decoded);
    if ((flags & FLAG_CLOCK_NOT_SET) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_DEVICE_CLOCK_NOT_SET);
}

void ward_decode_plx_continuous(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    enum {
        FLAG_FAST = 1 << 0,
        FLAG_SLOW = 1 << 1,
        FLAG_MEASUREMENT_STATUS = 1 << 2,
        FLAG_SENSOR_STATUS = 1 << 3,
        FLAG_AMPLITUDE = 1 << 4,
    };
    const uint8_t flags = ward_cursor_u8(cursor, "flags");

    decoded->has_status = true;
    ward_decoded_add(decoded, WARD_SPO2, ward_cursor_sfloat(cursor, "SpO2"));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_cursor_sfloat(cursor, "pulse rate"));
    if ((flags & FLAG_FAST) != 0) {
        ward_decoded_add(decoded, WARD_SPO2_FAST, ward_cursor_sfloat(cursor, "fast SpO2"));
        ward_decoded_add(decoded, WARD_PULSE_RATE_FAST, ward_cursor_sfloat(cursor, "fast pulse rate"));
    }
    if ((flags & FLAG_SLOW) != 0) {
        ward_decoded_add(decoded, WARD_SPO2_SLOW, ward_cursor_sfloat(cursor, "slow SpO2"));
        ward_decoded_add(decoded, WARD_PULSE_RATE_SLOW, ward_cursor_sfloat(cursor, "slow pulse rate"));
    }
    if ((flags & FLAG_MEASUREMENT_STATUS) != 0)
        read_measurement_status(cursor, decoded);
    if ((flags & FLAG_SENSOR_STATUS) != 0)
        read_sensor_status(cursor, decoded);
    if ((flags & FLAG_AMPLITUDE) != 0)
        read_amplitude(cursor, decoded);
}

/* PLX Features, 2A60 (§3.3): 16 bits, then which status bits may come up, where bits 0 and 1 say that this follows. */
void ward_decode_plx_features(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->features = ward_cursor_u16(cursor, "supported features");
    decoded->detail.plx_features.has_measurement_status = (decoded->features & 1 << 0) != 0;
    decoded->detail.plx_features.has_sensor_status = (decoded->features & 1 << 1) != 0;
    if (decoded->detail.plx_features.has_measurement_status)
        decoded->detail.plx_features.statuses |=
            measurement_statuses(ward_cursor_u16(cursor, "measurement status support"));
    if (decoded->detail.plx_features.has_sensor_status)
        decoded->detail.plx_features.statuses |=
            sensor_statuses(ward_cursor_u24(cursor, "device and sensor status support"));
}
