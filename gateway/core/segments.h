/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health observations (GHSS 1.0, Segmentation Header) and blood-pressure records (2B36) that came in several
 * notifications: bit 0 of the first octet says that the segment is the first, bit 1 that it is the last, and bits 2 to 7
 * count up from segment to segment through the whole connection, 63 followed by 0.
 *
 *   segment                         nothing was begun           something was begun
 *   first, not last                 begin                       what was begun is lost; begin
 *   first and last                  whole                       what was begun is lost; whole
 *   neither, or last, and next      lost                        add; whole if last
 *   neither, or last, not next      lost                        both are lost
 *   longer in all than a value      -                           both are lost
 *
 * What is put together looks like a value that came in one: a header with both bits set, and all of the observation, so
 * that ward_decode() takes it. It is bounded as a value is (WARD_GATT_VALUE_MAX); a waveform that is longer is lost, and
 * counted.
 */
#ifndef WARD_CORE_SEGMENTS_H
#define WARD_CORE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/gatt.h"

/* Of one characteristic of one connection. Zeros are its beginning; start anew with each connection. */
struct ward_segments {
    uint8_t octets[WARD_GATT_VALUE_MAX]; /* what was put together, header first */
    size_t length;
    uint64_t lost;  /* segments that are part of no observation that was told */
    uint32_t begun; /* segments of what is being put together; 0: nothing is */
    uint8_t next;   /* counter of the segment that goes on with it */
};

/*
 * Takes a notification. Returns true when an observation is whole: its octets and length are those of segments, until
 * the next call. length may be 0 (lost), octets NULL then.
 */
bool ward_segments_add(struct ward_segments *segments, const uint8_t *octets, size_t length);

#endif
