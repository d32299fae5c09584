/* SPDX-License-Identifier: Apache-2.0 */
/* The clips' measurement frames: each vendor's layout from the device's side. */
#include "core/crc8.h"
#include "wearable/core/clip.h"
#include "wearable/core/clip_part.h"
#include "wearable/core/sample_part.h"

/* What every clip has to say, in its own parts; fits is false when one of them is no whole number of parts. */
struct values {
    int32_t spo2, pulse, amplitude, status;
    bool fits;
    bool worn;
};

/* What a clip puts where it has no value, and the largest values and the parts of a per cent that it can say. */
struct limits {
    int32_t no_spo2, no_pulse, pulse_maximum, amplitude_per_unit, amplitude_maximum;
};

static void take(struct values *values, const struct ward_sample *sample, enum ward_sample_field field,
                 int32_t per_unit, int32_t maximum, int32_t *ret)
{
    const struct ward_number *number = &sample->value[field];

    if (!ward_sample_has(sample, field) || number->special != WARD_FINITE)
        return;
    if (!ward_number_parts(number, per_unit, maximum, ret))
        values->fits = false;
}

static struct values values_of(const struct ward_sample *sample, const struct limits *limits)
{
    struct values values = {.spo2 = limits->no_spo2,
                            .pulse = limits->no_pulse,
                            .fits = true,
                            .worn = sample->contact != WARD_SAMPLE_CONTACT_LOST};

    take(&values, sample, WARD_FIELD_SPO2, 1, 100, &values.spo2);
    take(&values, sample, WARD_FIELD_PULSE, 1, limits->pulse_maximum, &values.pulse);
    take(&values, sample, WARD_FIELD_AMPLITUDE, limits->amplitude_per_unit, limits->amplitude_maximum,
         &values.amplitude);
    take(&values, sample, WARD_FIELD_STATUS, 1, INT32_MAX, &values.status);
    return values;
}

static size_t put_nonin(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {127, 511, 510, 100, 0xFFFF};
    enum { FINGER = 0x10, ENCRYPTED = 0x40, EMPTY = 20 };
    const struct values values = values_of(sample, &limits);

    frame[0] = 10;
    frame[1] = (uint8_t)(values.status | ENCRYPTED | (values.worn ? FINGER : 0));
    frame[2] = (uint8_t)(EMPTY + clip->battery / 10); /* 2.0 V to 3.0 V */
    frame[3] = (uint8_t)(values.amplitude >> 8);
    frame[4] = (uint8_t)values.amplitude;
    frame[5] = (uint8_t)(clip->counter >> 8);
    frame[6] = (uint8_t)clip->counter;
    frame[7] = (uint8_t)values.spo2;
    frame[8] = (uint8_t)(values.pulse >> 8);
    frame[9] = (uint8_t)values.pulse;
    return values.fits ? 10 : 0;
}

static size_t put_masimo(const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {0, 0, 255, 100, 0xFFFF};
    enum { PARAMETERS = 0x05, INVALID = 0x04, PAYLOAD_LENGTH = 16 };
    const struct values values = values_of(sample, &limits);
    const uint32_t system = (uint32_t)values.status | (values.worn ? 0 : UINT32_C(1) << 21);

    frame[0] = 0x77;
    frame[1] = PAYLOAD_LENGTH + 1;
    frame[2] = PARAMETERS;
    for (unsigned i = 0; i < 4; i++)
        frame[3 + i] = (uint8_t)(system >> (8 * i));
    frame[7] = values.spo2 == 0 ? INVALID : 0;
    frame[8] = (uint8_t)values.spo2;
    frame[9] = values.pulse == 0 ? INVALID : 0;
    frame[10] = (uint8_t)values.pulse;
    frame[11] = INVALID; /* pleth variability is not measured, nor, below, respiration */
    frame[13] = ward_sample_has(sample, WARD_FIELD_AMPLITUDE) ? 0 : INVALID;
    frame[14] = (uint8_t)values.amplitude;
    frame[15] = (uint8_t)(values.amplitude >> 8);
    frame[16] = INVALID;
    frame[18] = ward_crc8_smbus(frame + 2, PAYLOAD_LENGTH);
    return values.fits ? 19 : 0;
}

size_t ward_clip_close_o2ring(uint8_t *buffer, uint8_t status, uint8_t data_length)
{
    buffer[0] = 0x55;
    buffer[1] = status;
    buffer[2] = (uint8_t)~status;
    buffer[3] = buffer[4] = 0;
    buffer[5] = data_length;
    buffer[6] = 0;
    buffer[7 + data_length] = ward_crc8_smbus(buffer, 7u + data_length);
    return 8u + data_length;
}

static size_t put_o2ring(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {0, 0, 254, 10, 255};
    const struct values values = values_of(sample, &limits);

    frame[7] = (uint8_t)values.spo2;
    frame[8] = (uint8_t)values.pulse;
    frame[14] = clip->battery;
    frame[17] = (uint8_t)values.amplitude;
    frame[18] = values.worn ? 1 : 0;
    ward_clip_close_o2ring(frame, 0, 13);
    return values.fits ? 21 : 0;
}

static size_t put_pc60fw(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {0, 0, 0xFFFF, 10, 255};
    const struct values values = values_of(sample, &limits);

    frame[0] = 0xAA;
    frame[1] = 0x55;
    frame[2] = 0x0F;
    frame[3] = 8;
    frame[4] = 0x01;
    frame[5] = (uint8_t)values.spo2;
    frame[6] = (uint8_t)values.pulse;
    frame[7] = (uint8_t)(values.pulse >> 8);
    frame[8] = (uint8_t)values.amplitude;
    frame[9] = (uint8_t)(values.status | (values.worn ? 0 : 0x02));
    frame[10] = (uint8_t)((clip->battery >= 75 ? 3 : clip->battery / 25) << 6);
    frame[11] = ward_crc8_maxim(frame, 11);
    return values.fits ? 12 : 0;
}

static size_t put_jumper(const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {127, 255, 254, 10, 255};
    const struct values values = values_of(sample, &limits);

    frame[0] = 0x81;
    frame[1] = values.worn ? (uint8_t)values.pulse : 255;
    frame[2] = values.worn ? (uint8_t)values.spo2 : 127;
    frame[3] = values.worn ? (uint8_t)values.amplitude : 0;
    return values.fits ? 4 : 0;
}

/* Four packets of five octets, all alike, fill a notification. */
static size_t put_berrymed(const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {127, 255, 254, 10, 255};
    enum { PACKETS = 4, PACKET_LENGTH = 5, GOOD_SIGNAL = 0x05 };
    const struct values values = values_of(sample, &limits);

    for (size_t i = 0; i < PACKETS; i++) {
        uint8_t *packet = frame + i * PACKET_LENGTH;

        packet[0] = 0x80 | GOOD_SIGNAL;
        packet[1] = 0x20;
        packet[2] =
            (uint8_t)((values.status & 0x3F) | (values.worn ? 0 : 0x10) | (values.pulse & 0x80 ? 0x40 : 0));
        packet[3] = (uint8_t)(values.pulse & 0x7F);
        packet[4] = (uint8_t)values.spo2;
    }
    return values.fits ? (size_t)PACKETS * PACKET_LENGTH : 0;
}

uint8_t ward_clip_contec_sum(const uint8_t *octets, size_t length)
{
    unsigned sum = 0;

    for (size_t i = 0; i < length; i++)
        sum += octets[i];
    return (uint8_t)(sum & 0x7F);
}

static size_t put_contec(const struct ward_sample *sample, uint8_t *frame)
{
    static const struct limits limits = {127, 255, 254, 10, 255};
    const struct values values = values_of(sample, &limits);
    const int32_t pulse = values.worn ? values.pulse : limits.no_pulse;

    frame[0] = WARD_CLIP_CONTEC_FRAME;
    frame[1] = 0x01;
    frame[2] = pulse & 0x80 ? 0x02 : 0;
    frame[3] = (uint8_t)(pulse & 0x7F);
    frame[4] = values.worn ? (uint8_t)values.spo2 : 127;
    frame[5] = 0x7F; /* no perfusion index */
    frame[6] = 0x00;
    frame[7] = ward_clip_contec_sum(frame, 7);
    return values.fits ? 8 : 0;
}

static size_t put_frame(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *frame)
{
    switch ((enum ward_clip_kind)clip->kind) {
    case WARD_CLIP_NONIN: return put_nonin(clip, sample, frame);
    case WARD_CLIP_MASIMO: return put_masimo(sample, frame);
    case WARD_CLIP_O2RING: return put_o2ring(clip, sample, frame);
    case WARD_CLIP_PC60FW: return put_pc60fw(clip, sample, frame);
    case WARD_CLIP_JUMPER: return put_jumper(sample, frame);
    case WARD_CLIP_BERRYMED: return put_berrymed(sample, frame);
    case WARD_CLIP_CONTEC: return put_contec(sample, frame);
    case WARD_CLIP_NONE: return 0;
    }
    return 0;
}

size_t ward_clip_encode(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *buffer,
                        size_t size)
{
    uint8_t frame[WARD_CLIP_OCTETS_MAX] = {0};
    size_t length = put_frame(clip, sample, frame);

    if (length > size)
        return 0;
    for (size_t i = 0; i < length; i++)
        buffer[i] = frame[i];
    return length;
}
