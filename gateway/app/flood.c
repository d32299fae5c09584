/* SPDX-License-Identifier: Apache-2.0 */
#include "app/flood.h"

bool ward_flood_tell(struct ward_flood *flood, uint64_t now_us)
{
    flood->refused++;
    if (flood->since_us == 0)
        flood->since_us = now_us;
    if (flood->told < WARD_FLOOD_REFUSALS) {
        flood->told++;
        return true;
    }
    flood->untold++;
    return false;
}

uint32_t ward_flood_over(struct ward_flood *flood, uint64_t now_us, uint64_t *ret_due_us)
{
    const uint64_t end_us = flood->since_us + WARD_FLOOD_WINDOW_US;
    const uint32_t untold = flood->untold;

    *ret_due_us = UINT64_MAX;
    if (flood->since_us == 0)
        return 0;
    if (now_us < end_us) {
        *ret_due_us = end_us;
        return 0;
    }
    flood->since_us = 0;
    flood->told = flood->untold = 0;
    return untold;
}
