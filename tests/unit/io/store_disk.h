/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VFS that stands before SQLite's own and counts, and, when told to, blocks or fails flushes: a slow and a broken
 * disk, without a line for it in the product.
 */
#ifndef WARD_TEST_STORE_DISK_H
#define WARD_TEST_STORE_DISK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

struct disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool blocked, waiting;
    int failing_syncs; /* that many flushes fail */
    int write_result;  /* what every write gives instead of being done; SQLITE_OK: it is done */
    uint64_t syncs, octets;
    sqlite3_vfs *real;
};

extern struct disk disk;

/* A cmocka group set-up: makes it the default. */
int install_disk(void **state);

/* From now on a flush does not return, until told otherwise. */
void block_disk(bool blocked);

/* Returns when a flush is being held. */
void wait_until_disk_is_waited_for(void);

/* The next flushes fail, that many; every write gives write_result. */
void set_disk(int failing_syncs, int write_result);

#endif
