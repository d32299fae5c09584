/* SPDX-License-Identifier: Apache-2.0 */
/* Health observations, and those that come in segments: cut anywhere, they are put together again as they were. */
#include <string.h>

#include "core/segments.h"
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The body in pieces of `step` octets, each behind a header of its own. Returns whether the last one made it whole. */
static bool hear(struct ward_segments *segments, const uint8_t *body, size_t length, size_t step)
{
    const size_t count = length == 0 ? 1 : (length + step - 1) / step;
    bool whole = false;

    for (size_t i = 0; i < count; i++) {
        const size_t begin = i * step;
        const size_t taken = length - begin < step ? length - begin : step;
        uint8_t *segment = malloc(1 + taken);

        HOLDS(!whole);
        segment[0] = (uint8_t)((61 + i) % 64 << 2 | (i == 0 ? 1 : 0) | (i + 1 == count ? 2 : 0));
        memcpy(segment + 1, body + begin, taken);
        whole = ward_segments_add(segments, segment, 1 + taken);
        free(segment);
    }
    return whole;
}

static void check_segments(const uint8_t *frame, size_t length)
{
    struct ward_segments segments = {0};

    for (size_t step = 1; step <= 20; step += 19) {
        if (length > WARD_GATT_VALUE_MAX) {
            HOLDS(!hear(&segments, frame + 1, length - 1, step) && segments.lost > 0);
        } else {
            HOLDS(hear(&segments, frame + 1, length - 1, step) && segments.lost == 0);
            HOLDS(segments.length == length && memcmp(segments.octets + 1, frame + 1, length - 1) == 0);
        }
    }
    /* Whatever the headers are: nothing is read or written past an end, and what is told is whole. */
    for (size_t at = 0; at < length; at += 1 + frame[at] % 8u) {
        const size_t left = length - at;
        const size_t taken = left < frame[at] % 16u ? left : frame[at] % 16u;

        if (ward_segments_add(&segments, frame + at, taken))
            HOLDS(segments.length > 0 && (segments.octets[0] & 3) == 3);
        HOLDS(segments.length <= WARD_GATT_VALUE_MAX);
    }
}

/* More than a value can have. */
static void check_longest(void)
{
    struct ward_segments segments = {0};
    uint8_t *octets = calloc(1, WARD_GATT_VALUE_MAX + 1);

    HOLDS(!ward_segments_add(&segments, octets, WARD_GATT_VALUE_MAX + 1) && segments.lost == 1);
    free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t characteristics[] = {WARD_CHAR_LIVE_HEALTH_OBSERVATIONS};

    if (check_frame(data, size, characteristics, sizeof(characteristics) / sizeof(characteristics[0])) != 0)
        return -1;
    if (size > 2)
        check_segments(data + 2, size - 2);
    check_longest();
    return 0;
}
