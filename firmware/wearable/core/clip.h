/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finger clips that speak their vendor's own protocol, from the device's side: their frames with their checksums, and
 * what they answer to what is written to them. How each frame is laid out is told in gateway/core/vendor_*.c; this is
 * written from those accounts and shares no code with the decoders, so that each tests the other.
 */
#ifndef WEARABLE_CLIP_H
#define WEARABLE_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/sample.h"

enum ward_clip_kind {
    WARD_CLIP_NONE,
    WARD_CLIP_NONIN,
    WARD_CLIP_MASIMO,
    WARD_CLIP_O2RING,
    WARD_CLIP_PC60FW,
    WARD_CLIP_JUMPER,
    WARD_CLIP_BERRYMED,
    WARD_CLIP_CONTEC,
};

/* Their 16-bit numbers in a profile and in scripts: they have no UUIDs of 16 bits. */
enum ward_clip_number {
    WARD_CLIP_NOTIFY = 0x0001,
    WARD_CLIP_WRITE = 0x0002,
    WARD_CLIP_SERVICE = 0x0003,
};

#define WARD_CLIP_OCTETS_MAX 22
#define WARD_CLIP_NOTIFY_MAX 20 /* of one notification: what is longer comes in two */

struct ward_clip {
    uint8_t kind;                        /* enum ward_clip_kind */
    uint8_t battery;                     /* percent */
    bool started;                        /* by a central, where the clip waits for that */
    uint16_t counter;                    /* of frames */
    uint64_t alive_until_us;             /* Contec: its stream ends then */
    uint8_t frame[WARD_CLIP_OCTETS_MAX]; /* O2Ring: what it answers with, its last measurement */
    uint8_t frame_length;
};

/* As it is when a central has just connected: nothing was asked for. */
void ward_clip_begin(struct ward_clip *clip);

/* Whether a measurement goes out as soon as it is made: not before it was asked for, and never where it is polled. */
bool ward_clip_is_streaming(const struct ward_clip *clip, uint64_t now_us);

/*
 * Writes sample (SpO2, pulse, amplitude, contact; status: bits that are set in the frame's own status field as they
 * are) as a frame of this clip. Without contact, or for NaN, it says so in its own way. Returns the octets written, 0
 * when a value does not fit or size is too small.
 */
size_t ward_clip_encode(const struct ward_clip *clip, const struct ward_sample *sample, uint8_t *buffer,
                        size_t size);

/* The next measurement is this one: counts it, and keeps what a poll will be answered with. */
void ward_clip_measured(struct ward_clip *clip, const uint8_t *frame, size_t length);

/*
 * Takes what a central wrote. Returns the octets of the answer (to be notified, WARD_CLIP_NOTIFY_MAX at a time), 0 for
 * none. buffer holds WARD_CLIP_OCTETS_MAX.
 */
size_t ward_clip_write(struct ward_clip *clip, const uint8_t *octets, size_t length, uint64_t now_us,
                       uint8_t *buffer);

/* A Contec whose stream was not kept alive says once that it has ended. Returns the octets, 0 otherwise. */
size_t ward_clip_end(struct ward_clip *clip, uint64_t now_us, uint8_t *buffer);

#endif
