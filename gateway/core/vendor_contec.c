/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contec CMS50D-BT and its kin.
 *
 *   EB 01  x  pulse rate  SpO2  perfusion index (2)  checksum     the values, once a second
 *   EB 00  …                                         checksum     waveform, 60 a second, 6 octets
 *   EB 7F                                            checksum     the stream has ended
 *
 * The checksum is the sum of all octets before it, modulo 128; the commands have it too. Only first octets have
 * bit 7, so the pulse rate has its bit 7 elsewhere: bit 1 of x adds 128. To overlook that would make 150 a
 * believable 22.
 *
 * The perfusion index is 7F 00 on models that have none. How it is put together on others is told for another
 * model only: it stays in the raw octets. With the finger out SpO2 is 127 and the pulse rate 255; 0 is told for
 * a value that is not there yet.
 *
 * The stream must be kept alive with 9A every five seconds, and the answers to commands begin with F and E: they
 * are skipped. The service is that of a sister model (ff12); for this one only the characteristics are told.
 */
#include "core/vendor_part.h"

enum {
    START_OF_FRAME = 0xEB,
    TYPE_WAVEFORM = 0x00,
    TYPE_VALUES = 0x01,
    TYPE_WAVEFORM_AND_INDEX = 0x02,
    TYPE_END = 0x7F,
    PULSE_BIT_7 = 1 << 1,
    NO_PULSE = 255,
    NO_SPO2 = 127,
    KEEP_ALIVE_INTERVAL_MS = 4000,
};

/* 0 for a type that is not known. */
static size_t length_of(uint8_t type)
{
    switch (type) {
    case TYPE_WAVEFORM: return 6;
    case TYPE_VALUES:
    case TYPE_WAVEFORM_AND_INDEX: return 8;
    case TYPE_END: return 3;
    default: return 0;
    }
}

static uint8_t checksum_of(const uint8_t *octets, size_t length)
{
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += octets[i];
    return (uint8_t)(sum & 0x7F);
}

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    size_t frame_length;

    if (octets[0] != START_OF_FRAME)
        return WARD_VENDOR_NO_FRAME;
    if (length < 2)
        return WARD_VENDOR_PART;
    frame_length = length_of(octets[1]);
    if (frame_length == 0)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = frame_length;
    if (length < frame_length)
        return WARD_VENDOR_PART;
    if (checksum_of(octets, frame_length - 1) == octets[frame_length - 1])
        return WARD_VENDOR_FRAME;
    return octets[1] == TYPE_VALUES ? WARD_VENDOR_BROKEN : WARD_VENDOR_NO_FRAME;
}

static void decode_values(const uint8_t *frame, struct ward_decoded *decoded)
{
    const unsigned pulse = frame[3] | ((frame[2] & PULSE_BIT_7) != 0 ? 128u : 0);
    const unsigned spo2 = frame[4];
    const bool no_pulse = pulse == 0 || pulse == NO_PULSE;
    const bool no_spo2 = spo2 == 0 || spo2 == NO_SPO2 || spo2 == 0xFF;

    ward_vendor_contact(decoded, spo2 != NO_SPO2 && !(no_pulse && no_spo2));
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(spo2, 0, no_spo2));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_vendor_value(pulse, 0, no_pulse));
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    (void)length;
    if (frame[1] == TYPE_VALUES)
        decode_values(frame, decoded);
    else
        ward_vendor_other(decoded, frame[1] == TYPE_END ? "end" : "waveform");
}

static const struct ward_vendor_write start[] = {
    {3, {0x9B, 0x01, 0x1C}}, /* send the values */
};

const struct ward_vendor_driver ward_vendor_contec = {
    .number = WARD_VENDOR_CONTEC,
    .name = "contec",
    .aliases = {"cms50d", "cms50d-bt", "contec-cms50d", "contec-cms50d-bt", "cms50", "emay", "sleepo2",
                "emay-sleepo2"},
    .label = "Contec CMS50D-BT",
    .service = "0000ff12-0000-1000-8000-00805f9b34fb",
    .notify = "0000ff02-0000-1000-8000-00805f9b34fb",
    .write = "0000ff01-0000-1000-8000-00805f9b34fb",
    .start = start,
    .start_count = sizeof(start) / sizeof(start[0]),
    .again = {2, {0x9A, 0x1A}},
    .again_interval_ms = KEEP_ALIVE_INTERVAL_MS,
    .find = find,
    .decode = decode,
};
