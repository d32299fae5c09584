/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonin 3230 and WristOx2 3150 BLE: the continuous oximetry characteristic, once a second. Big-endian.
 *
 *   octet 0     length of the frame, itself included: 10. More is tolerated, as Nonin appends.
 *         1     status: bit 1 weak signal (0.3 % modulation or less), bit 2 SmartPoint (passed Nonin's own check
 *               of quality), bit 3 searching for pulses, bit 4 sensor on the finger, bit 5 battery low,
 *               bit 6 the link is encrypted
 *         2     battery, in 0.1 V
 *         3, 4  pulse amplitude index, in 0.01 %
 *         5, 6  counter of seconds
 *         7     SpO2, 127 for none
 *         8, 9  pulse rate, 511 for none
 *
 * There is no checksum; a frame is one notification.
 *
 * Public accounts disagree on bit 4: "sensor attached" to one, "correctly fitted on the finger" to another. So
 * without it a number is doubted (sensor displaced: it still alarms, asking to repeat) and not thrown away;
 * without it and without any number there is no finger.
 *
 * A bond is made only within two minutes of the batteries being put in.
 */
#include "core/vendor_part.h"

enum {
    FRAME_LENGTH = 10,
    STATUS_WEAK_SIGNAL = 1 << 1,
    STATUS_SMARTPOINT = 1 << 2,
    STATUS_SEARCHING = 1 << 3,
    STATUS_FINGER = 1 << 4,
    STATUS_BATTERY_LOW = 1 << 5,
    NO_SPO2 = 127,
    NO_PULSE = 511,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    if (octets[0] < FRAME_LENGTH || octets[0] > WARD_VENDOR_FRAME_MAX)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = octets[0];
    return length < octets[0] ? WARD_VENDOR_PART : WARD_VENDOR_FRAME;
}

static void decode_status(uint8_t status, bool has_number, struct ward_decoded *decoded)
{
    decoded->has_status = true;
    decoded->has_contact = true;
    if ((status & STATUS_WEAK_SIGNAL) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_LOW_PERFUSION);
    if ((status & STATUS_SMARTPOINT) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_VALIDATED_DATA);
    if ((status & STATUS_SEARCHING) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SIGNAL_ANALYSIS_ONGOING);
    if ((status & STATUS_BATTERY_LOW) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_DEVICE_BATTERY_LOW);
    if ((status & STATUS_FINGER) != 0 || !has_number)
        ward_vendor_contact(decoded, (status & STATUS_FINGER) != 0);
    else
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SENSOR_DISPLACED);
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    const unsigned amplitude = (unsigned)frame[3] << 8 | frame[4];
    const unsigned spo2 = frame[7];
    const unsigned pulse = (unsigned)frame[8] << 8 | frame[9];

    (void)length;
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(spo2, 0, spo2 == NO_SPO2));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_vendor_value(pulse, 0, pulse == NO_PULSE));
    ward_decoded_add(decoded, WARD_PULSE_AMPLITUDE_INDEX, ward_vendor_value(amplitude, -2, false));
    decode_status(frame[1], spo2 != NO_SPO2 || pulse != NO_PULSE, decoded);
}

const struct ward_vendor_driver ward_vendor_nonin = {
    .number = WARD_VENDOR_NONIN,
    .name = "nonin",
    .aliases = {"3230", "nonin-3230", "3150", "nonin-3150", "wristox2", "nonin-wristox2"},
    .label = "Nonin 3230, 3150",
    .service = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b",
    .notify = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b",
    .write = "1447af80-0d60-11e2-88b6-0002a5d5c51b",
    .is_bonded = true,
    .is_datagram = true,
    .find = find,
    .decode = decode,
};
