/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much the file may hold, and what goes when it holds more. Private to the store.
 *
 * Of the quota a tenth is kept for undelivered alarm events. What is beyond the rest goes in this order, the oldest
 * first, a slice at a time, until a sixteenth is free again, so that it is not done for every commit:
 *
 *   1. readings that the ward has         2. alarm events that it has         3. readings that it does not have
 *
 * The third leaves a gap record and is told. Undelivered alarm events never go. The file does not get smaller: its free
 * pages are used again.
 *
 * The ballast is a file of octets that nobody needs. When the disk is full it is given up, so that there is room to
 * delete, and from then on the file makes do with what it has: of the first two classes. What the ward does not have
 * goes for the quota alone; on a full disk it waits in memory.
 */
#ifndef WARD_IO_STORE_PURGE_H
#define WARD_IO_STORE_PURGE_H

#include "io/store_write.h"

/* Records, or events, that one step deletes. */
#define WARD_PURGE_STEP 256

struct ward_purge {
    uint64_t quota_octets;   /* 0: none */
    uint64_t ballast_octets; /* 0: none */
    bool ballast;            /* it is there */
    uint64_t full_octets;    /* used when the disk was full last; 0: it was not */
    uint64_t used_octets;    /* as of the newest look */
    bool purging;
};

/* Nothing was looked at yet. Of a partition that is smaller than it should be, a quarter is left to others. */
struct ward_purge ward_purge_of(const char *path, uint64_t quota_octets, uint64_t ballast_octets);

/* Looks how much is used, and decides. Returns 0 or negative errno. */
int ward_purge_look(struct ward_database *database, struct ward_purge *purge);

/*
 * One transaction: the next slice; *ret_purged is what went. Ends purging when enough is free, or nothing may go. What the
 * ward does not have does not go yet: *ret_gap, when it is not NULL, is to be committed next, and alone. It tells of the
 * slice, which goes with it.
 */
int ward_purge_step(struct ward_database *database, struct ward_purge *purge, struct ward_purged *ret_purged,
                    struct ward_group **ret_gap);

/* Makes the ballast when there is room for it. A disk that has none is told of otherwise. */
void ward_purge_keep_ballast(const char *path, struct ward_purge *purge);

/* The disk is full: the ballast goes. */
void ward_purge_give_up_ballast(const char *path, struct ward_purge *purge);

#endif
