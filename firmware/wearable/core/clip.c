/* SPDX-License-Identifier: Apache-2.0 */
/* What the clips answer; their frames are in clip_frame.c. */
#include "wearable/core/clip.h"

#include "core/crc8.h"
#include "wearable/core/clip_part.h"

/* A central says every few seconds that it is there; this is one and a half times as long as it may take. */
#define CONTEC_ALIVE_US UINT64_C(7500000)

enum {
    MASIMO_START = 0x77,
    MASIMO_INFORMATION = 0x01,
    MASIMO_SEND_PARAMETERS = 0x03,
    MASIMO_DONE = 0xFE,
    MASIMO_REFUSED = 0xFF,
    MASIMO_INFORMATION_LENGTH = 19, /* payload */
    O2RING_REQUEST = 0xAA,
    O2RING_READ_SENSORS = 0x17,
    O2RING_REQUEST_LENGTH = 8,
    O2RING_FAILED = 0xE1,
    CONTEC_START = 0x9B,
    CONTEC_ALIVE = 0x9A,
    CONTEC_END = 0x7F,
};

void ward_clip_begin(struct ward_clip *clip)
{
    clip->started = clip->kind != WARD_CLIP_MASIMO && clip->kind != WARD_CLIP_CONTEC;
    clip->alive_until_us = 0;
}

bool ward_clip_is_streaming(const struct ward_clip *clip, uint64_t now_us)
{
    if (clip->kind == WARD_CLIP_CONTEC && now_us > clip->alive_until_us)
        return false;
    return clip->started && clip->kind != WARD_CLIP_O2RING;
}

void ward_clip_measured(struct ward_clip *clip, const uint8_t *frame, size_t length)
{
    clip->counter++;
    if (clip->kind != WARD_CLIP_O2RING)
        return;
    for (size_t i = 0; i < length; i++)
        clip->frame[i] = frame[i];
    clip->frame_length = (uint8_t)length;
}

/* The payload is in place behind start and length. */
static size_t close_masimo(uint8_t *buffer, size_t payload_length)
{
    buffer[0] = MASIMO_START;
    buffer[1] = (uint8_t)(payload_length + 1);
    buffer[2 + payload_length] = ward_crc8_smbus(buffer + 2, payload_length);
    return payload_length + 3;
}

static size_t answer_masimo(struct ward_clip *clip, const uint8_t *octets, size_t length, uint8_t *buffer)
{
    bool whole = length >= 4 && octets[0] == MASIMO_START && octets[1] == length - 2 &&
                 ward_crc8_smbus(octets + 2, length - 3) == octets[length - 1];

    for (size_t i = 0; i < WARD_CLIP_OCTETS_MAX; i++)
        buffer[i] = 0;
    if (whole && octets[2] == MASIMO_INFORMATION) {
        buffer[2] = MASIMO_INFORMATION;
        return close_masimo(buffer, MASIMO_INFORMATION_LENGTH);
    }
    if (whole && octets[2] == MASIMO_SEND_PARAMETERS) {
        clip->started = true;
        buffer[2] = MASIMO_DONE;
        return close_masimo(buffer, 1);
    }
    buffer[2] = MASIMO_REFUSED;
    return close_masimo(buffer, 1);
}

static size_t answer_o2ring(const struct ward_clip *clip, const uint8_t *octets, size_t length,
                            uint8_t *buffer)
{
    bool whole = length == O2RING_REQUEST_LENGTH && octets[0] == O2RING_REQUEST &&
                 (octets[1] ^ octets[2]) == 0xFF && ward_crc8_smbus(octets, length - 1) == octets[length - 1];

    if (!whole)
        return 0;
    if (octets[1] == O2RING_READ_SENSORS && clip->frame_length > 0) {
        for (size_t i = 0; i < clip->frame_length; i++)
            buffer[i] = clip->frame[i];
        return clip->frame_length;
    }
    for (size_t i = 0; i < WARD_CLIP_OCTETS_MAX; i++)
        buffer[i] = 0;
    return ward_clip_close_o2ring(buffer, O2RING_FAILED, 0);
}

/* Every command carries the sum of its octets. */
static void take_contec(struct ward_clip *clip, const uint8_t *octets, size_t length, uint64_t now_us)
{
    if (length < 2 || ward_clip_contec_sum(octets, length - 1) != octets[length - 1])
        return;
    if (octets[0] == CONTEC_START && length == 3 && octets[1] == 1)
        clip->started = true;
    if (octets[0] == CONTEC_START || octets[0] == CONTEC_ALIVE)
        clip->alive_until_us = now_us + CONTEC_ALIVE_US;
}

size_t ward_clip_write(struct ward_clip *clip, const uint8_t *octets, size_t length, uint64_t now_us,
                       uint8_t *buffer)
{
    switch ((enum ward_clip_kind)clip->kind) {
    case WARD_CLIP_MASIMO: return answer_masimo(clip, octets, length, buffer);
    case WARD_CLIP_O2RING: return answer_o2ring(clip, octets, length, buffer);
    case WARD_CLIP_CONTEC: take_contec(clip, octets, length, now_us); return 0;
    case WARD_CLIP_NONE:
    case WARD_CLIP_NONIN:
    case WARD_CLIP_PC60FW:
    case WARD_CLIP_JUMPER:
    case WARD_CLIP_BERRYMED: return 0;
    }
    return 0;
}

size_t ward_clip_end(struct ward_clip *clip, uint64_t now_us, uint8_t *buffer)
{
    if (clip->kind != WARD_CLIP_CONTEC || !clip->started || now_us <= clip->alive_until_us)
        return 0;
    clip->started = false;
    buffer[0] = WARD_CLIP_CONTEC_FRAME;
    buffer[1] = CONTEC_END;
    buffer[2] = ward_clip_contec_sum(buffer, 2);
    return 3;
}
