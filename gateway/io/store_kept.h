/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is kept beside the database: files that were set aside (PATH.aside-N, with their logs) and files as they were before
 * a newer format (PATH.format-N). Private to the store.
 *
 * They are for whoever wants to look, and they must not fill the disk: at most WARD_KEPT_MAX of them stay, and half a
 * quota of octets. The oldest go first. The newest stays in any case, and so does one out of which the ward may still
 * have to get records.
 */
#ifndef WARD_IO_STORE_KEPT_H
#define WARD_IO_STORE_KEPT_H

#include "io/store_database.h"

#define WARD_KEPT_MAX 8

struct ward_kept_removed {
    char path[WARD_STORE_TEXT_MAX];
    uint64_t octets;
};

/*
 * Removes the oldest that may go, if there are too many, or too large ones. quota_octets 0: only their number counts.
 * Returns 1 with *ret filled, 0 when nothing is to be removed, or negative errno of reading the database; what cannot be
 * looked at or removed on the disk is left for another time.
 */
int ward_kept_remove_one(struct ward_database *database, uint64_t quota_octets,
                         struct ward_kept_removed *ret);

/*
 * Removes all of them, the newest too, since what they hold is to be erased. Returns 0 with their number added to
 * *ret_count; -EBUSY, with the others removed, when the ward may still have to get records out of one; or negative errno.
 */
int ward_kept_remove_all(struct ward_database *database, uint64_t *ret_count);

#endif
