/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/renewal.h"

#define WINDOW_MS    (INT64_C(30) * 24 * 3600 * 1000)
#define RETRY_MIN_MS INT64_C(10000)

/* How long before its end it is to be renewed. */
static int64_t window_of(int64_t from_ms, int64_t until_ms)
{
    const int64_t third_ms = until_ms > from_ms ? (until_ms - from_ms) / 3 : 0;

    return third_ms < WINDOW_MS ? third_ms : WINDOW_MS;
}

static int64_t below(int64_t limit, uint64_t random)
{
    return (int64_t)(random % ((uint64_t)limit + 1));
}

int64_t ward_renewal_due_ms(int64_t from_ms, int64_t until_ms, uint64_t random)
{
    const int64_t window_ms = window_of(from_ms, until_ms);

    return until_ms - window_ms + below(window_ms / 8, random);
}

int64_t ward_renewal_retry_ms(int64_t from_ms, int64_t until_ms, uint64_t random)
{
    int64_t wait_ms = window_of(from_ms, until_ms) / 120;

    if (wait_ms < RETRY_MIN_MS)
        wait_ms = RETRY_MIN_MS;
    return wait_ms / 2 + below(wait_ms, random);
}

int64_t ward_renewal_tell_ms(int64_t from_ms, int64_t until_ms, bool by_itself)
{
    return until_ms - window_of(from_ms, until_ms) / (by_itself ? 2 : 1);
}
