/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain over the records of an epoch: docs/records.md, "Chain". Private to the store.
 */
#ifndef WARD_IO_STORE_CHAIN_H
#define WARD_IO_STORE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"

/* chain(0) of an epoch. */
void ward_store_chain_begin(const char *epoch, uint8_t ret_chain[static 32]);

/*
 * Sets record's chain to that which follows previous. Returns false, with it unchanged, for a record without a
 * canonical text; ward_record_pack lets none of those through.
 */
bool ward_store_chain_next(const uint8_t previous[static 32], const char *epoch, struct ward_record *record);

#endif
