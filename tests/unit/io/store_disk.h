/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VFS that stands before SQLite's own and counts, and, when told to, blocks or fails: a slow and a broken disk,
 * without a line for it in the product.
 */
#ifndef WARD_TEST_STORE_DISK_H
#define WARD_TEST_STORE_DISK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

enum disk_call { DISK_OPEN, DISK_READ, DISK_WRITE, DISK_SYNC, DISK_TRUNCATE };

/* The count calls of one kind from number `from` on (1 is the next) fail. */
struct disk_fault {
    enum disk_call call;
    int result;       /* SQLite's, for the call; SQLITE_OK: no fault */
    int system_errno; /* what the kernel says. A file opened with EROFS is opened for reading if it can be */
    bool half;        /* a write: half of it is done */
    uint64_t from, count;
    const char *while_exists; /* not NULL: instead of those, all calls as long as there is that file */
    /* Not NULL: instead of those, all calls for the file of that name, until there is the other. */
    const char *file, *until_exists;
    uint64_t seen, hit; /* calls of that kind, and those that failed */
};

struct disk {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool blocked, waiting;
    bool flushes;      /* a flush is passed on; otherwise it takes no time, since no power is cut here */
    int failing_syncs; /* that many flushes fail */
    int write_result;  /* what every write gives instead of being done; SQLITE_OK: it is done */
    struct disk_fault fault;
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

/* Arms a fault (with seen and hit at 0), or disarms it (NULL). Returns how often the one before was hit. */
uint64_t set_fault(const struct disk_fault *fault);

#endif
