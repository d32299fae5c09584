/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One transaction for all that waits. Private to the store.
 */
#ifndef WARD_IO_STORE_WRITE_H
#define WARD_IO_STORE_WRITE_H

#include "io/store_queue.h"

struct ward_head {
    uint64_t seq;
    uint8_t chain[32];
};

struct ward_batch {
    struct ward_queue groups;
    struct ward_marks marks;
    struct ward_head
        reached;    /* the head when all of it is committed; valid once a write got as far as COMMIT */
    bool in_commit; /* the last write did: whether it was committed is known only after a look */
};

/*
 * Writes and commits. On success each group has its first_seq and chains, and *head is raised. On failure nothing is
 * committed (but see in_commit), *head is unchanged, and the batch can be written again.
 */
int ward_batch_write(struct ward_database *database, struct ward_batch *batch, struct ward_head *head);

/* One row. Part of a transaction that is open. */
int ward_change_write(struct ward_database *database, const struct ward_store_change *change);

#endif
