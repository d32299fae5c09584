/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jumper JPD-500F and its kin ("My Oximeter"). Nothing needs to be written.
 *
 *   81  pulse rate  SpO2  perfusion index in 0.1 %
 *
 * There is no checksum; a frame is one notification. The same characteristic carries waveforms (80 …), in
 * which 81 may stand anywhere: what does not begin with 81 is not searched.
 *
 * Public accounts disagree on how "no finger" looks: all zero, or pulse 255 and SpO2 127. Neither is a value
 * that the clip could measure, so both are taken, for each of the two by itself.
 */
#include "core/vendor_part.h"

enum {
    START_OF_VALUES = 0x81,
    FRAME_LENGTH = 4,
    NO_PULSE = 255,
    NO_SPO2 = 127,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    if (octets[0] != START_OF_VALUES)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = FRAME_LENGTH;
    return length < FRAME_LENGTH ? WARD_VENDOR_PART : WARD_VENDOR_FRAME;
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    const bool no_pulse = frame[1] == 0 || frame[1] == NO_PULSE;
    const bool no_spo2 = frame[2] == 0 || frame[2] == NO_SPO2;

    (void)length;
    ward_vendor_contact(decoded, !no_pulse || !no_spo2);
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(frame[2], 0, no_spo2));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_vendor_value(frame[1], 0, no_pulse));
    ward_decoded_add(decoded, WARD_PULSE_AMPLITUDE_INDEX, ward_vendor_value(frame[3], -1, frame[3] == 0));
}

const struct ward_vendor_driver ward_vendor_jumper = {
    .number = WARD_VENDOR_JUMPER,
    .name = "jumper",
    .aliases = {"jpd-500f", "jumper-jpd-500f", "my-oximeter"},
    .label = "Jumper JPD-500F",
    .service = "cdeacb80-5235-4c07-8846-93a37ee6b86d",
    .notify = "cdeacb81-5235-4c07-8846-93a37ee6b86d",
    .is_datagram = true,
    .find = find,
    .decode = decode,
};
