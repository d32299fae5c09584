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

/* What the chain is made of: the 32 octets of the one before, and the record's canonical text, terminated. */
struct ward_chain_text {
    uint8_t octets[32 + WARD_RECORD_TEXT_MAX];
    size_t length; /* of the text */
};

/*
 * Sets record's chain to that which follows previous; of ret_text, its text. Returns false, with the chain unchanged, for
 * a record without a canonical text; ward_record_pack lets none of those through.
 */
bool ward_store_chain_next(const uint8_t previous[static 32], const char *epoch, struct ward_record *record,
                           struct ward_chain_text *ret_text);

/* The text as it is published, with record's chain in it. NULL without memory. */
char *ward_store_chain_publish(const struct ward_chain_text *text, const struct ward_record *record);

#endif
