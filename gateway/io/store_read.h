/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read back: the snapshot when the file is opened, and requests. Private to the store.
 */
#ifndef WARD_IO_STORE_READ_H
#define WARD_IO_STORE_READ_H

#include "io/store_queue.h"
#include "io/store_write.h"

/* Rows that one step of a query looks at, so that a commit never waits long for it. */
#define WARD_READ_STEP_ROWS 4096

/* Works on a request. Returns true when it is answered (request->error says how), false when it wants another step. */
bool ward_request_step(struct ward_database *database, struct ward_request *request,
                       const struct ward_head *head);

/* store_history.c: the same of a WARD_REQUEST_HISTORY. */
bool ward_history_step(struct ward_database *database, struct ward_request *request);

/* Nothing is left of the records up to that one; 0 when all are, or it cannot be said now. */
uint64_t ward_dropped_through(struct ward_database *database);

/* Room for one more answer of the given size; NULL without memory. */
void *ward_request_grow(void *rows, struct ward_request *request, size_t size);

/* How many are asked for at most, and up to when. */
size_t ward_filter_limit(const struct ward_store_filter *filter);
int64_t ward_filter_until(const struct ward_store_filter *filter);

/* Reads all that the snapshot holds. Returns 0 or negative errno with database->text. */
int ward_snapshot_read(struct ward_database *database, struct ward_store_snapshot *snapshot);

/* The same, as far as it can be read: *ret, which is NULL without memory for it. Returns 0 or the first error but damage. */
int ward_snapshot_salvage(struct ward_database *database, struct ward_store_snapshot **ret);

/* Of it, only the marks and the moment of the last commit. */
int ward_mark_read(struct ward_database *database, struct ward_store_snapshot *snapshot);

/* store_row.c. The record of that number: 1 when it is there, 0 or negative errno. */
int ward_record_read(struct ward_database *database, uint64_t seq, struct ward_record *ret);

/* A record from the row that statement stands on (RECORD_COLUMNS of store_schema.c). */
int ward_record_from_row(struct ward_database *database, sqlite3_stmt *statement, struct ward_record *ret);

/* An event from the row that statement stands on (EVENT_COLUMNS); its payload is allocated. */
int ward_event_from_row(struct ward_database *database, sqlite3_stmt *statement,
                        struct ward_store_event *ret);

#endif
