/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ward's receipts. What one says of records is believed only when the chain that it claims at `through` is ours
 * there; otherwise the database was put back (a copy of an hour ago, a cloned card), and a new epoch begins:
 *
 *   through is our newest record    compared at once
 *   below it                        the chain there is looked up in the database, and the receipt waits for it
 *   below all that is left          what was there made room: there is nothing to compare, and it is taken over
 *   beyond our newest, or a range   the ward has records that this database never had
 *
 * One receipt waits at a time, and behind it the newest: each says all that those before it said of records. What waits
 * while the disk is in trouble is let go: its records go again, and so does their receipt.
 */
#ifndef WARD_APP_RECEIPT_H
#define WARD_APP_RECEIPT_H

#include <stdbool.h>

#include "core/jws.h"

struct ward_gateway;

struct ward_receipts {
    bool asked; /* the store was, for the chain that `waits` is compared with */
    bool has_newer;
    struct ward_receipt waits, newer;
};

bool ward_receipt_covers(const struct ward_receipt *receipt, uint64_t seq);

/* A receipt whose signature holds. What it says of alarm events and of epochs that ended counts at once. */
void ward_receipt_take(struct ward_gateway *gateway, const struct ward_receipt *receipt);

#endif
