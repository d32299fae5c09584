/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BerryMed BM1000 and others that speak the BCI protocol, 100 packets of five octets a second, several in a
 * notification. Nothing needs to be written.
 *
 *   octet 0   bit 7 set, and only here; bits 0–3 signal strength, bit 5 probe unplugged, bit 6 beep
 *         1   plethysmogram
 *         2   bits 0–3 bar graph, bit 4 no finger, bit 5 searching for a pulse, bit 6 bit 7 of the pulse rate
 *         3   pulse rate, bits 0–6; 255 with the other bit is none
 *         4   SpO2, 127 for none
 *
 * There is no checksum: bit 7 shows where a packet begins and that none of its octets is missing. Public
 * accounts disagree on bit 4 of the first octet ("signal", "no signal", "searching for too long"): it is not
 * used.
 *
 * The device measures about once a second and says each measurement a hundred times: it is told when it
 * changes, and once in a hundred packets.
 */
#include "core/vendor_part.h"

enum {
    PACKET_LENGTH = 5,
    PACKETS_PER_SECOND = 100,
    SYNC = 1 << 7,
    PROBE_UNPLUGGED = 1 << 5,
    NO_FINGER = 1 << 4,
    SEARCHING = 1 << 5,
    PULSE_BIT_7 = 1 << 6,
    NO_PULSE = 255,
    NO_SPO2 = 127,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    if ((octets[0] & SYNC) == 0)
        return WARD_VENDOR_NO_FRAME;
    for (size_t i = 1; i < length && i < PACKET_LENGTH; i++)
        if ((octets[i] & SYNC) != 0)
            return WARD_VENDOR_NO_FRAME;
    *ret_length = PACKET_LENGTH;
    return length < PACKET_LENGTH ? WARD_VENDOR_PART : WARD_VENDOR_FRAME;
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    const unsigned pulse = frame[3] | ((frame[2] & PULSE_BIT_7) != 0 ? 128u : 0);
    const unsigned spo2 = frame[4];

    (void)length;
    decoded->has_status = true;
    ward_vendor_contact(decoded, (frame[2] & NO_FINGER) == 0);
    if ((frame[0] & PROBE_UNPLUGGED) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SENSOR_DISCONNECTED);
    if ((frame[2] & SEARCHING) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SIGNAL_ANALYSIS_ONGOING);
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(spo2, 0, spo2 == 0 || spo2 == NO_SPO2));
    ward_decoded_add(decoded, WARD_PULSE_RATE, ward_vendor_value(pulse, 0, pulse == 0 || pulse == NO_PULSE));
}

const struct ward_vendor_driver ward_vendor_berrymed = {
    .number = WARD_VENDOR_BERRYMED,
    .name = "berrymed",
    .aliases = {"bci", "bm1000", "berry", "berrymed-bm1000"},
    .label = "BerryMed BM1000",
    .service = "49535343-fe7d-4ae5-8fa9-9fafd205e455",
    .notify = "49535343-1e4d-4bd9-ba61-23c647249616",
    .repeats = PACKETS_PER_SECOND,
    .find = find,
    .decode = decode,
};
