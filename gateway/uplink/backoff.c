/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/backoff.h"

uint64_t ward_backoff_next(struct ward_backoff *backoff, uint64_t cap_us, uint64_t random)
{
    uint64_t ceiling_us = backoff->base_us;

    for (unsigned i = 0; i < backoff->failures && ceiling_us < cap_us; i++)
        ceiling_us *= 2;
    if (ceiling_us >= cap_us)
        ceiling_us = cap_us;
    else
        backoff->failures++;
    return random % (ceiling_us + 1);
}

void ward_backoff_reset(struct ward_backoff *backoff)
{
    backoff->failures = 0;
}
