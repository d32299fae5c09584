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
        reached;     /* the head when all of it is committed; valid once a write got as far as COMMIT */
    uint64_t opened; /* the head when the file was opened: it may have been put back then */
    bool agreed;     /* the ward's chain was found to be ours since */
    bool in_commit;  /* the last write did: whether it was committed is known only after a look */
};

/*
 * Writes and commits. On success each group has its first_seq and what was committed, and *head is raised. On failure nothing is
 * committed (but see in_commit), *head is unchanged, and the batch can be written again.
 */
int ward_batch_write(struct ward_database *database, struct ward_batch *batch, struct ward_head *head);

/*
 * A gap record of the store's own, to be committed: so many records are lost, for that reason. Its boot and moment are those
 * of the last commit, which mark says: nothing better is known here. Returns 0 or negative errno.
 */
int ward_gap_new(const struct ward_store_snapshot *mark, const char *reason, uint64_t lost,
                 struct ward_group **ret);

/* Parts of a transaction that is open; a row each, but for the group, which raises *head. */
int ward_group_write(struct ward_database *database, struct ward_group *group, struct ward_head *head);
int ward_change_write(struct ward_database *database, const struct ward_store_change *change);
int ward_event_write(struct ward_database *database, const struct ward_store_event *event);
int ward_state_write(struct ward_database *database, const struct ward_store_alarm_state *state);

/* A part, too: all records up to last go, which count as delivered from now on. */
int ward_records_drop(struct ward_database *database, uint64_t last);

/* opened: the head when the file was opened, kept until the ward's chain was found to be ours; NULL: that it was. */
int ward_time_write(struct ward_database *database, const struct ward_id *boot, const struct ward_time *now,
                    const uint64_t *opened);

/* A row of records, with seq and chain as they are in record: binds the first eleven parameters of statement, runs it. */
int ward_record_row_write(struct ward_database *database, sqlite3_stmt *statement,
                          const struct ward_record *record, const uint8_t *body, size_t length);

#endif
