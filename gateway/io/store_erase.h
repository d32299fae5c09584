/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erasing an episode. Private to the store.
 *
 *   1. its records, a slice a transaction    what is left of each is its number and its chain, without which the next
 *                                            record could not be held against anything (docs/records.md)
 *   2. its rows in all other tables, records of epochs that ended, what is known of devices that are not enrolled
 *   3. names that nothing refers to any more
 *   4. files that were set aside, and copies in an earlier format
 *   5. the log is moved into the file, flushed, and cut to nothing
 *
 * That no octet stays behind rests on two things that hold always: SQLite overwrites what it deletes (secure_delete), and
 * what it leaves between cells when it moves them is cleared when the page goes into the file (store_pages.c). What the
 * medium keeps of blocks that were overwritten is beyond a program.
 *
 * Each step may be the last before a power cut: doing it all again erases what is left.
 */
#ifndef WARD_IO_STORE_ERASE_H
#define WARD_IO_STORE_ERASE_H

#include "io/store_queue.h"
#include "io/store_write.h"

/* One step of a WARD_REQUEST_ERASE. Returns whether it is answered, with request->error. */
bool ward_erase_step(struct ward_database *database, struct ward_request *request,
                     const struct ward_head *head);

#endif
