/* SPDX-License-Identifier: Apache-2.0 */
#include "core/segments.h"

#include <string.h>

enum {
    FIRST = 1 << 0,
    LAST = 1 << 1,
    COUNTER_SHIFT = 2,
    COUNTER_MASK = 0x3F,
};

static void lose(struct ward_segments *segments)
{
    segments->lost += segments->begun;
    segments->begun = 0;
    segments->length = 0;
}

static bool goes_on(const struct ward_segments *segments, const uint8_t *octets, size_t length)
{
    return segments->begun > 0 && octets[0] >> COUNTER_SHIFT == segments->next &&
           length - 1 <= sizeof(segments->octets) - segments->length;
}

bool ward_segments_add(struct ward_segments *segments, const uint8_t *octets, size_t length)
{
    if (length == 0 || length > sizeof(segments->octets)) {
        segments->lost++;
        lose(segments);
        return false;
    }
    if ((octets[0] & FIRST) != 0) {
        lose(segments);
        segments->octets[0] = octets[0] | LAST;
        segments->length = 1;
    } else if (!goes_on(segments, octets, length)) {
        segments->lost++;
        lose(segments);
        return false;
    }
    memcpy(segments->octets + segments->length, octets + 1, length - 1);
    segments->length += length - 1;
    segments->begun++;
    segments->next = (uint8_t)((octets[0] >> COUNTER_SHIFT) + 1) & COUNTER_MASK;
    if ((octets[0] & LAST) == 0)
        return false;
    segments->begun = 0;
    return true;
}
