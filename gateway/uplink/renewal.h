/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a certificate is renewed: in the last third of its life, or the last 30 days if that is less, at a random moment
 * of the first eighth of that, so that a ward's hubs do not all come at once. After an attempt the next
 * one waits for a 120th of it, 10 s to 6 h, give or take a half. Where that does not succeed for half of it, and where
 * nothing renews the certificate by itself, people are told.
 */
#ifndef WARD_UPLINK_RENEWAL_H
#define WARD_UPLINK_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/* UTC milliseconds, for a certificate that is good from from_ms until until_ms. random: any number */
int64_t ward_renewal_due_ms(int64_t from_ms, int64_t until_ms, uint64_t random);

/* Milliseconds to wait after an attempt. */
int64_t ward_renewal_retry_ms(int64_t from_ms, int64_t until_ms, uint64_t random);

/* From when on people are told that it ends. by_itself: it is renewed as above. */
int64_t ward_renewal_tell_ms(int64_t from_ms, int64_t until_ms, bool by_itself);

#endif
