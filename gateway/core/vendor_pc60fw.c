/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Viatom (Lepu, Creative) PC-60FW and its kin, over the Nordic UART service. Nothing needs to be written.
 *
 *   AA 55  token  length  function  data  checksum      length counts function, data and checksum;
 *                                                       CRC-8/MAXIM over all octets before it, AA 55 too
 *   0F 08 01   the values, once a second:
 *              octet 5 SpO2, 6 and 7 pulse rate (low octet first), 8 perfusion index in 0.1 %,
 *              9 status: bit 1 no finger, bit 2 searching for a pulse, 10 bits 6 and 7 battery, 0 to 3.
 *              0 is "none" for each of the three values.
 *   0F .. 02   waveform      0F .. 21  what it is doing (a spot check counts down, ends)
 *   F0 .. 03   battery, 0 to 3   F0 ..     what else the device says of itself
 *
 * Most public accounts know octets 7 and 9 as always 0; that they are the pulse's high octet and the status is
 * the maker's own library's account, which fits them. The clip turns itself off when the finger is gone.
 */
#include "core/crc8.h"
#include "core/vendor_part.h"

enum {
    HEADER_LENGTH = 4,
    TOKEN_MEASUREMENT = 0x0F,
    TOKEN_DEVICE = 0xF0,
    FUNCTION_VALUES = 0x01,
    FUNCTION_WAVEFORM = 0x02,
    FUNCTION_BATTERY = 0x03,
    FUNCTION_ACTIVITY = 0x21,
    VALUES_LENGTH = 8,
    STATUS_NO_FINGER = 1 << 1,
    STATUS_SEARCHING = 1 << 2,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    size_t frame_length;

    if (octets[0] != 0xAA || (length > 1 && octets[1] != 0x55))
        return WARD_VENDOR_NO_FRAME;
    if (length < HEADER_LENGTH)
        return WARD_VENDOR_PART;
    frame_length = HEADER_LENGTH + (size_t)octets[3];
    if (octets[3] < 2 || frame_length > WARD_VENDOR_FRAME_MAX)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = frame_length;
    if (length < frame_length)
        return WARD_VENDOR_PART;
    return ward_crc8_maxim(octets, frame_length - 1) == octets[frame_length - 1] ? WARD_VENDOR_FRAME
                                                                                 : WARD_VENDOR_BROKEN;
}

static void decode_values(const uint8_t *frame, struct ward_decoded *decoded)
{
    const unsigned spo2 = frame[5];
    const unsigned pulse = frame[6] | (unsigned)frame[7] << 8;
    const unsigned perfusion = frame[8];

    decoded->has_status = true;
    ward_vendor_contact(decoded, (frame[9] & STATUS_NO_FINGER) == 0);
    if ((frame[9] & STATUS_SEARCHING) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SIGNAL_ANALYSIS_ONGOING);
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(spo2, 0, spo2 == 0));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_vendor_value(pulse, 0, pulse == 0));
    ward_decoded_add(decoded, WARD_PULSE_AMPLITUDE_INDEX, ward_vendor_value(perfusion, -1, perfusion == 0));
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    (void)length;
    if (frame[2] != TOKEN_MEASUREMENT)
        ward_vendor_other(decoded,
                          frame[2] == TOKEN_DEVICE && frame[4] == FUNCTION_BATTERY ? "battery" : "device");
    else if (frame[4] == FUNCTION_VALUES && frame[3] < VALUES_LENGTH)
        ward_decoded_refuse(decoded, WARD_DECODE_TRUNCATED, "length", frame[3], 3,
                            "is too short for the values");
    else if (frame[4] == FUNCTION_VALUES)
        decode_values(frame, decoded);
    else if (frame[4] == FUNCTION_WAVEFORM)
        ward_vendor_other(decoded, "waveform");
    else
        ward_vendor_other(decoded, frame[4] == FUNCTION_ACTIVITY ? "activity" : "other");
}

const struct ward_vendor_driver ward_vendor_pc60fw = {
    .number = WARD_VENDOR_PC60FW,
    .name = "pc60fw",
    .aliases = {"pc60f", "pc60", "viatom-pc60fw", "lepu", "creative", "oxysmart"},
    .label = "Viatom PC-60FW",
    .service = "6e400001-b5a3-f393-e0a9-e50e24dcca9e",
    .notify = "6e400003-b5a3-f393-e0a9-e50e24dcca9e",
    .write = "6e400002-b5a3-f393-e0a9-e50e24dcca9e",
    .find = find,
    .decode = decode,
};
