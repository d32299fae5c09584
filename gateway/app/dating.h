/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boots whose clock became known only after records of theirs were committed: what their `clock` records said, so that
 * a record that went up without a time can go up again with one (core/fhir.h). Needed for `format = fhir` alone: who
 * takes up/readings does this sum himself.
 *
 * Kept as two settings: "undated-from" says from which record on those of this boot have no time, "dated-boots" how the
 * clocks of the newest such boots go.
 */
#ifndef WARD_APP_DATING_H
#define WARD_APP_DATING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/record.h"
#include "io/store_types.h"

#define WARD_DATED_BOOTS_MAX 16

struct ward_gateway;

struct ward_dated_boot {
    struct ward_id boot;
    int64_t offset_ms;
};

struct ward_dating {
    struct ward_dated_boot boots[WARD_DATED_BOOTS_MAX]; /* oldest first */
    size_t count;
    uint64_t from,
        sent; /* of this boot: the first record without a time, and the last that went up so; 0: none */
};

/* Room for the texts of the changes that belong into the transaction of a `clock` record. */
struct ward_dating_text {
    char boots[WARD_DATED_BOOTS_MAX * (WARD_ID_MAX + 24)];
};

/* Records of this boot are about to be committed without a time, from the next one on. */
void ward_dating_begin(struct ward_gateway *gateway);

/* One of them goes up as it is. */
void ward_dating_sent(struct ward_gateway *gateway, uint64_t seq);

/*
 * This `clock` record is about to be committed: from now on its boot is dated. Returns the change that belongs into the
 * same transaction, which borrows text; ret_range is what has to go up again, its first 0 for nothing.
 */
struct ward_store_change ward_dating_known(struct ward_gateway *gateway, const struct ward_record *clock,
                                           struct ward_dating_text *text, struct ward_seq_range *ret_range);

/* Returns false, with ret unchanged, for a boot that had its time from the start, or is not known any more. */
bool ward_dating_offset(const struct ward_dating *dating, const char *boot, int64_t *ret_offset_ms);

/* One row of the snapshot; others are ignored. */
void ward_dating_restore(struct ward_gateway *gateway, const struct ward_store_change *row);

/* The database was replaced: its numbers begin again. */
void ward_dating_new_epoch(struct ward_gateway *gateway);

#endif
