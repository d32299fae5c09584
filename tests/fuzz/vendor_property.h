/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every driver, whatever the octets: a single frame is decoded or refused and nothing between; in a
 * stream no octet is lost or counted twice, and however notifications are cut, the frames are the same.
 */
#ifndef WARD_FUZZ_VENDOR_PROPERTY_H
#define WARD_FUZZ_VENDOR_PROPERTY_H

#include <stdlib.h>
#include <string.h>

#include "core/vendor.h"
#include "decode_property.h"

/* Frames told, so far as a stream tells them apart. */
struct told {
    uint64_t frames, octets, sum;
};

static inline void check_decoded(const struct ward_vendor_driver *driver, struct ward_decoded *decoded)
{
    ward_validate(decoded);
    HOLDS(decoded->characteristic == driver->number);
    if (decoded->outcome != WARD_DECODE_OK) {
        HOLDS(decoded->value_count == 0 && decoded->error[0] != '\0' && decoded->is_measurement);
        HOLDS(decoded->quality == WARD_INVALID && decoded->reasons == WARD_REASON_UNDECODABLE);
        return;
    }
    HOLDS(decoded->error[0] == '\0' && decoded->value_count <= WARD_READING_VALUES_MAX);
    HOLDS(decoded->is_measurement == (decoded->value_count > 0));
    HOLDS(decoded->has_status || decoded->statuses == 0);
    check_quality(decoded);
}

static inline void notify(struct ward_vendor_stream *stream, struct ward_vendor_chunk chunk,
                          struct told *told)
{
    struct ward_vendor_frame frame;

    while (ward_vendor_next(stream, &chunk, &frame)) {
        HOLDS(frame.length > 0 && frame.length <= WARD_VENDOR_FRAME_MAX && frame.octets == stream->octets);
        HOLDS(stream->told_octets > 0 && stream->told_octets <= stream->length);
        check_decoded(stream->driver, &frame.decoded);
        told->frames++;
        told->octets += stream->told_octets;
        for (size_t i = 0; i < frame.length; i++)
            told->sum = told->sum * 31 + frame.octets[i] + frame.decoded.outcome;
    }
    HOLDS(chunk.length == 0 && stream->length <= WARD_VENDOR_FRAME_MAX);
    HOLDS(!stream->driver->is_datagram || stream->length == 0);
}

/*
 * All of data, in notifications of `cut` octets. Each lies at the end of one allocation, so that a read past it is seen
 * by the sanitizer.
 */
static inline struct told hear(const struct ward_vendor_driver *driver, const uint8_t *data, size_t size,
                               size_t cut)
{
    const size_t longest = size < cut ? size : cut;
    uint8_t *allocation = malloc(longest);
    struct ward_vendor_stream stream;
    struct told told = {0};

    ward_vendor_init(&stream, driver);
    for (size_t at = 0; at < size; at += cut) {
        const size_t length = size - at < cut ? size - at : cut;
        uint8_t *octets = allocation + (longest - length);

        memcpy(octets, data + at, length);
        notify(&stream, (struct ward_vendor_chunk){octets, length}, &told);
    }
    free(allocation);
    if (driver->repeats == 0)
        HOLDS(told.octets + stream.skipped_octets + stream.length == size);
    return told;
}

static inline void check_streams(const struct ward_vendor_driver *driver, const uint8_t *data, size_t size,
                                 size_t cut)
{
    const struct told whole = hear(driver, data, size, size + 1);
    const struct told parts = hear(driver, data, size, cut);

    if (!driver->is_datagram)
        HOLDS(whole.frames == parts.frames && whole.octets == parts.octets && whole.sum == parts.sum);
}

static inline int check_vendor(const struct ward_vendor_driver *driver, const uint8_t *data, size_t size)
{
    struct ward_decoded decoded;
    struct ward_decoded cut;

    HOLDS(ward_decode_is_known(driver->number) && ward_decode_is_measurement(driver->number));
    ward_decode(driver->number, data, size, &decoded);
    check_decoded(driver, &decoded);
    check_json(&decoded);
    if (decoded.outcome == WARD_DECODE_OK) {
        const size_t needed = size - decoded.trailing_octets;

        HOLDS(decoded.trailing_octets <= size && needed <= WARD_VENDOR_FRAME_MAX);
        ward_vendor_decode(driver, data, needed, &cut);
        HOLDS(cut.outcome == WARD_DECODE_OK && cut.trailing_octets == 0);
        ward_vendor_decode(driver, data, needed - 1, &cut);
        HOLDS(cut.outcome == WARD_DECODE_TRUNCATED);
    }
    check_streams(driver, data, size, 1);
    return 0;
}

/* The corpus of a driver's own target is its frames, without a name before them. */
#define FUZZ_VENDOR(name)                                                                                    \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                                            \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                             \
    {                                                                                                        \
        return size > 2 * WARD_VENDOR_FRAME_MAX ? -1 : check_vendor(ward_vendor_by_name(name), data, size);  \
    }

#endif
