/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long to wait before the next attempt: exponential back-off with full jitter. Pure: the caller brings
 * the random number and owns the timer.
 */
#ifndef WARD_UPLINK_BACKOFF_H
#define WARD_UPLINK_BACKOFF_H

#include <stdint.h>

struct ward_backoff {
    uint64_t base_us; /* the first wait is at most this */
    unsigned failures;
};

/*
 * The next wait: uniform in [0, min(cap_us, base_us · 2^failures)], for random uniform over all uint64_t;
 * then counts one failure more. Full jitter, so that the gateways of a ward do not all come back to a
 * restarted broker at once.
 */
uint64_t ward_backoff_next(struct ward_backoff *backoff, uint64_t cap_us, uint64_t random);

/* The attempt succeeded: the next wait is short again. */
void ward_backoff_reset(struct ward_backoff *backoff);

#endif
