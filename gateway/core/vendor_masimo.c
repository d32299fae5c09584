/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masimo MightySat, its proprietary service (Masimo CSD-1322). Little-endian.
 *
 *   77  length  payload  checksum      length counts payload and checksum;
 *                                      CRC-8/SMBUS over the payload
 *
 * The first octet of the payload says what it is: 01 device information, 04 waveform, FE done, FF refused,
 * and 05 the parameters, once a second:
 *
 *   octet 1–4   exceptions of the system: bit 21 sensor off, 22 searching for a pulse, 23 interference,
 *               24 low perfusion
 *         5     flags, then 6 SpO2
 *         7     flags, then 8 pulse rate
 *         9     flags, then 10 pleth variability index       (absent on a consumer's model)
 *         11    flags, then 12, 13 perfusion index in 0.01 %
 *         14    flags, then 15 respiration rate from pleth   (absent on a consumer's model)
 *   flags: bit 0 low confidence, 2 invalid, 4 starting up
 *
 * A value that is not there is all ones: with its invalid flag in captures, and none by itself too, because no
 * parameter reaches that far.
 *
 * The parameters that were asked for follow each other, and the frame does not say which those are. We ask for
 * all five; a model without the two has twelve octets. Pleth variability and respiration from pleth have no
 * quantity here (a belt's respiration rate is another one): they stay in the raw octets.
 *
 * The device information has 22 octets and comes in two notifications of 20 and 2, so frames must be put
 * together. 77 also stands inside waveforms: only the checksum makes a frame.
 */
#include "core/crc8.h"
#include "core/vendor_part.h"

enum {
    START_OF_FRAME = 0x77,
    HEADER_LENGTH = 2,
    OPERATION_DEVICE_INFORMATION = 0x01,
    OPERATION_WAVEFORM = 0x04,
    OPERATION_PARAMETERS = 0x05,
    OPERATION_DONE = 0xFE,
    OPERATION_REFUSED = 0xFF,
    ALL_PARAMETERS_LENGTH = 16,
    THREE_PARAMETERS_LENGTH = 12,
};

#define SYSTEM_SENSOR_OFF    (UINT32_C(1) << 21)
#define SYSTEM_SEARCHING     (UINT32_C(1) << 22)
#define SYSTEM_INTERFERENCE  (UINT32_C(1) << 23)
#define SYSTEM_LOW_PERFUSION (UINT32_C(1) << 24)

enum {
    NO_OCTET = 0xFF,
    NO_PERFUSION = 0xFFFF,
};

enum {
    FLAG_LOW_CONFIDENCE = 1 << 0,
    FLAG_INVALID = 1 << 2,
    FLAG_STARTING_UP = 1 << 4,
};

static enum ward_vendor_found find(const uint8_t *octets, size_t length, size_t *ret_length)
{
    size_t frame_length;

    if (octets[0] != START_OF_FRAME)
        return WARD_VENDOR_NO_FRAME;
    if (length < HEADER_LENGTH)
        return WARD_VENDOR_PART;
    frame_length = HEADER_LENGTH + (size_t)octets[1];
    if (octets[1] < 2 || frame_length > WARD_VENDOR_FRAME_MAX)
        return WARD_VENDOR_NO_FRAME;
    *ret_length = frame_length;
    if (length < frame_length)
        return WARD_VENDOR_PART;
    return ward_crc8_smbus(octets + HEADER_LENGTH, octets[1] - 1u) == octets[frame_length - 1]
               ? WARD_VENDOR_FRAME
               : WARD_VENDOR_BROKEN;
}

static void decode_system(const uint8_t *payload, struct ward_decoded *decoded)
{
    const uint32_t system = (uint32_t)payload[1] | (uint32_t)payload[2] << 8 | (uint32_t)payload[3] << 16 |
                            (uint32_t)payload[4] << 24;

    decoded->has_status = true;
    ward_vendor_contact(decoded, (system & SYSTEM_SENSOR_OFF) == 0);
    if ((system & SYSTEM_SEARCHING) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SIGNAL_ANALYSIS_ONGOING);
    if ((system & SYSTEM_INTERFERENCE) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_SENSOR_INTERFERENCE);
    if ((system & SYSTEM_LOW_PERFUSION) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_LOW_PERFUSION);
}

/* SpO2 and pulse rate: their flags say what the pair is worth. */
static void add_clinical(struct ward_decoded *decoded, enum ward_quantity quantity, const uint8_t *parameter)
{
    ward_decoded_add(
        decoded, quantity,
        ward_vendor_value(parameter[1], 0, (parameter[0] & FLAG_INVALID) != 0 || parameter[1] == NO_OCTET));
    if ((parameter[0] & FLAG_LOW_CONFIDENCE) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_QUESTIONABLE_MEASUREMENT);
    if ((parameter[0] & FLAG_STARTING_UP) != 0)
        decoded->statuses |= WARD_STATUS_BIT(WARD_STATUS_EARLY_ESTIMATED_DATA);
}

static void decode_parameters(const uint8_t *payload, size_t length, struct ward_decoded *decoded)
{
    const uint8_t *const perfusion = payload + (length >= ALL_PARAMETERS_LENGTH ? 11 : 9);
    unsigned perfusion_index;

    if (length < ALL_PARAMETERS_LENGTH && length != THREE_PARAMETERS_LENGTH) {
        ward_decoded_refuse(decoded, WARD_DECODE_TRUNCATED, "length", (uint32_t)length + 1, 1,
                            "is too short for the parameters");
        return;
    }
    decode_system(payload, decoded);
    add_clinical(decoded, WARD_SPO2, payload + 5);
    add_clinical(decoded, WARD_PULSE_RATE, payload + 7);
    perfusion_index = perfusion[1] | (unsigned)perfusion[2] << 8;
    ward_decoded_add(
        decoded, WARD_PULSE_AMPLITUDE_INDEX,
        ward_vendor_value(perfusion_index, -2,
                          (perfusion[0] & FLAG_INVALID) != 0 || perfusion_index == NO_PERFUSION));
}

static void decode(const uint8_t *frame, size_t length, struct ward_decoded *decoded)
{
    const uint8_t *const payload = frame + HEADER_LENGTH;

    switch (payload[0]) {
    case OPERATION_PARAMETERS: decode_parameters(payload, length - HEADER_LENGTH - 1, decoded); break;
    case OPERATION_DEVICE_INFORMATION: ward_vendor_other(decoded, "device-information"); break;
    case OPERATION_WAVEFORM: ward_vendor_other(decoded, "waveform"); break;
    case OPERATION_DONE: ward_vendor_other(decoded, "done"); break;
    case OPERATION_REFUSED: ward_vendor_other(decoded, "refused"); break;
    default: ward_vendor_other(decoded, "other"); break;
    }
}

static const struct ward_vendor_write start[] = {
    {4, {0x77, 0x02, 0x01, 0x07}},                   /* tell what you are */
    {7, {0x77, 0x05, 0x03, 0x1F, 0x00, 0x03, 0xD6}}, /* send all five parameters and both waveforms */
};

const struct ward_vendor_driver ward_vendor_masimo = {
    .number = WARD_VENDOR_MASIMO,
    .name = "masimo",
    .aliases = {"mightysat", "masimo-mightysat", "mightysat-rx"},
    .label = "Masimo MightySat",
    .service = "54c21000-a720-4b4f-11e4-9fe20002a5d5",
    .notify = "54c21002-a720-4b4f-11e4-9fe20002a5d5",
    .write = "54c21001-a720-4b4f-11e4-9fe20002a5d5",
    .start = start,
    .start_count = sizeof(start) / sizeof(start[0]),
    .find = find,
    .decode = decode,
};
