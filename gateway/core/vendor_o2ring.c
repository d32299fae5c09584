/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Viatom and Wellue rings and clips of the first protocol: O2Ring, Checkme O2, SleepU. Little-endian.
 *
 *   request   AA  command  ~command  block (2)  length (2)  data  checksum
 *   answer    55  status   ~status   block (2)  length (2)  data  checksum
 *
 * The checksum is CRC-8/SMBUS over all octets before it. Command 17 reads the sensors; its answer has 21 octets,
 * one more than a notification of the smallest size. Its data, 13 octets:
 *
 *   octet 0      SpO2, 0 while it has none
 *         1, 2   pulse rate, 0 while it has none
 *         7      battery, %
 *         9      motion, a count without unit
 *         10     perfusion index, in 0.1 %
 *         11     1 worn, 0 not worn; 2 on some models: worn wrongly
 *
 * Public accounts disagree:
 *   - the second octet of an answer is the command for some and a status (0: done) for others. Captures have 0.
 *     Its complement follows in either case: that is checked, and both are taken;
 *   - octet 2 is the high octet of the pulse rate for the maker's own library; a flag for others, FF for "sensor
 *     off" and 01 for "valid". Captures have 0 and FF. No pulse reaches FF00, so these hold at once. With anything
 *     else a rate that a heart can have is a rate, otherwise the octet is a flag; the value is doubted in either
 *     case, as 1E 01 is 286 to one and 30 to the other;
 *   - FF for "no value" in SpO2 and pulse is told beside 0.
 *
 * Every connection restarts the two minutes after which the ring turns itself off: connected for ever, it never
 * sleeps. The files of the ring (commands 03 to 05) are not read here.
 */
#include "core/crc8.h"
#include "core/vendor_part.h"

enum {
    START_OF_ANSWER = 0x55,
    COMMAND_READ_SENSORS = 0x17,
    STATUS_DONE = 0x00,
    HEADER_LENGTH = 7,
    SENSORS_LENGTH = 13,
    BATTERY_MAXIMUM = 100,
    SENSOR_OFF = 0xFF,
    NO_VALUE = 0xFF,
    PULSE_MAXIMUM = 300,
    POLL_INTERVAL_MS = 2000,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    size_t frame_length;

    if (octets[0] != START_OF_ANSWER)
        return WARD_VENDOR_NO_FRAME;
    if (length >= 3 && (octets[1] ^ octets[2]) != 0xFF)
        return WARD_VENDOR_NO_FRAME;
    if (length < HEADER_LENGTH)
        return WARD_VENDOR_PART;
    frame_length = HEADER_LENGTH + (octets[5] | (size_t)octets[6] << 8) + 1;
    if (frame_length > WARD_VENDOR_FRAME_MAX)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = frame_length;
    if (length < frame_length)
        return WARD_VENDOR_PART;
    return ward_crc8_smbus(octets, frame_length - 1) == octets[frame_length - 1] ? WARD_VENDOR_FRAME
                                                                                 : WARD_VENDOR_BROKEN;
}

static void add_pulse(const uint8_t *data, struct ward_decoded *decoded)
{
    const bool is_off = data[2] == SENSOR_OFF;
    unsigned pulse = data[1] | (unsigned)data[2] << 8;

    if (data[2] != 0 && !is_off) {
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_QUESTIONABLE_PULSE);
        if (pulse > PULSE_MAXIMUM)
            pulse = data[1];
    }
    ward_decoded_add(decoded, WARD_PULSE_RATE,
                     ward_vendor_value(pulse, 0, pulse == 0 || pulse == NO_VALUE || is_off));
}

static void decode_sensors(const uint8_t *data, struct ward_decoded *decoded)
{
    const unsigned spo2 = data[0];
    const bool is_off = data[2] == SENSOR_OFF || data[11] == 0 || data[11] == 2;

    decoded->has_status = true;
    decoded->has_battery = data[7] <= BATTERY_MAXIMUM;
    decoded->battery_percent = decoded->has_battery ? data[7] : 0;
    ward_vendor_contact(decoded, !is_off);
    ward_decoded_add(decoded, WARD_SPO2, ward_vendor_value(spo2, 0, spo2 == 0 || spo2 == NO_VALUE));
    add_pulse(data, decoded);
    ward_decoded_add(decoded, WARD_PULSE_AMPLITUDE_INDEX, ward_vendor_value(data[10], -1, is_off));
    ward_decoded_add(decoded, WARD_MOVEMENT, ward_vendor_value(data[9], 0, is_off));
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    const size_t data_length = length - HEADER_LENGTH - 1;

    if (frame[1] != STATUS_DONE && frame[1] != COMMAND_READ_SENSORS)
        ward_vendor_other(decoded, "refused");
    else if (data_length < SENSORS_LENGTH)
        ward_vendor_other(decoded, "done");
    else
        decode_sensors(frame + HEADER_LENGTH, decoded);
}

const struct ward_vendor_driver ward_vendor_o2ring = {
    .number = WARD_VENDOR_O2RING,
    .name = "o2ring",
    .aliases = {"viatom", "wellue", "viatom-o2ring", "wellue-o2ring", "checkme-o2", "checkme", "sleepu",
                "oxylink"},
    .label = "Viatom, Wellue O2Ring",
    .service = "14839ac4-7d7e-415c-9a42-167340cf2339",
    .notify = "0734594a-a8e7-4b1a-a6b1-cd5243059a57",
    .write = "8b00ace7-eb0b-49b0-bbe9-9aee0a26e1a3",
    .again = {8, {0xAA, 0x17, 0xE8, 0x00, 0x00, 0x00, 0x00, 0x1B}},
    .again_interval_ms = POLL_INTERVAL_MS,
    .find = find,
    .decode = decode,
};
