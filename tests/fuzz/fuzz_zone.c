/* SPDX-License-Identifier: Apache-2.0 */
/* Time zone files: a zone that was taken answers for any moment, and there and back is the same moment or its twin. */
#include <stdlib.h>

#include "core/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    static const int64_t moments_s[] = {-5000000000, 0, 1774746000, 1792890000, 4102444800, 253402300799};
    struct ward_zone zone;

    if (!ward_zone_parse(octets, length, &zone)) {
        return 0;
    }
    if (zone.count > WARD_ZONE_TRANSITIONS_MAX) {
        abort();
    }
    for (size_t i = 0; i < sizeof(moments_s) / sizeof(moments_s[0]); i++) {
        int64_t local_s = moments_s[i] + ward_zone_offset_s(&zone, moments_s[i]);

        (void)ward_zone_to_utc_s(&zone, local_s);
    }
    return 0;
}
