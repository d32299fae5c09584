/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store itself, and its thread. Private to the store.
 *
 * What is under lock is shared; database, batch, head and the trouble fields belong to the thread, and to the loop
 * only before it starts and after it has ended.
 */
#ifndef WARD_IO_STORE_THREAD_H
#define WARD_IO_STORE_THREAD_H

#include <pthread.h>

#include "io/store_purge.h"
#include "io/store_queue.h"
#include "io/store_salvage.h"
#include "io/store_write.h"

#define WARD_STORE_REQUESTS_MAX   64
#define WARD_STORE_SPARE_TEXTS    2
#define WARD_STORE_MARK_WINDOW_US (60 * UINT64_C(1000000))
#define WARD_STORE_RETRY_MAX_MS   30000
/* After so many errors of the disk in a row, about a minute, another file is tried. */
#define WARD_STORE_RENEW_AFTER 8
/* After so many, another minute on, what cannot be read of the one before is lost. It is so when a file that was put back could not
 * be replaced WARD_SALVAGE_TRIES times. */
#define WARD_STORE_GIVE_UP_AFTER 10

/* Routine records that a full queue made go, until a gap record tells of them. */
struct ward_lost {
    uint64_t count;
    int64_t from_ms, to_ms;
    struct ward_id boot;
    struct ward_time now; /* of the newest group lost */
};

struct ward_store {
    struct ward_store_listener listener;
    char *path;
    int descriptor; /* eventfd */
    size_t queue_records;
    uint32_t log_pages, retry_ms;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    uint64_t window_us;
    uint64_t first_waiting_us; /* when the oldest waiting group came; 0: none waits */
    uint64_t marks_since_us;   /* 0: no marks wait */
    bool urgent;               /* one of the waiting groups is */
    bool held;                 /* there is more to come that belongs together with them */
    struct ward_queue waiting; /* groups */
    size_t waiting_records;
    struct ward_marks marks;
    uint64_t common;        /* up to here the ward's records are known to be ours, or were before this run */
    uint32_t untold_epochs; /* that the loop has not been told of: what it says is of the one before */
    bool purging;           /* there is to be made room */
    bool salvaging;         /* there may be something to salvage */
    bool put_back;          /* the ward has others; it has the common ones up to put_back_through */
    uint64_t put_back_through;
    struct ward_lost lost;
    struct ward_queue requests;
    size_t request_count; /* also those that the thread works on */
    struct ward_queue results;
    /* Room for texts from one request to the next: pages that come and go take longer than reading what is in them. */
    struct ward_text_run *spare_texts[WARD_STORE_SPARE_TEXTS];
    struct ward_store_counters counters;

    struct ward_database database;
    struct ward_batch batch;
    struct ward_head head;
    struct ward_id epoch; /* that head is of; the database forgets it when it cannot be opened */
    bool found;           /* what the file holds was read: epoch and head are its */
    struct ward_purge purge;
    struct ward_salvage salvage;
    bool damaged;         /* the last failure was damage in the file: it is set aside, not tried again */
    uint32_t renewed_at;  /* so many attempts had been made when the file was replaced last */
    uint32_t attempts;    /* failed, in a row */
    uint64_t retry_at_us; /* while attempts > 0 */
    /* So often a file that was put back could not be replaced; meanwhile it takes what comes. */
    uint32_t again_failed;
    uint64_t again_at_us;   /* not before then */
    uint64_t salvage_at_us; /* not before then, since what is salvaged could not be read */
};

/* The thread's function; context is the store. */
void *ward_store_thread(void *context);

/* --- store_find.c ------------------------------------------------------------------------------------------- */

/* Whether the error of opening is one of a disk, which may be over by and by. */
bool ward_store_may_pass(int error);
/* Opens or makes the file and reads what it holds, from which the store goes on. Returns 0 or negative errno. */
int ward_store_find(struct ward_store *store, struct ward_store_snapshot **ret_snapshot);
/* Reads it without opening it for good, and without writing anything. NULL when that cannot be done either. */
struct ward_store_snapshot *ward_store_read_only(struct ward_store *store);
/* ward_store_find, when the store was opened without; what it holds is told. */
int ward_store_find_late(struct ward_store *store);

/* --- store_trouble.c ---------------------------------------------------------------------------------------- */

/* A write failed, with database->text saying why: closes the file and tells; retry_at_us is when to reopen. */
void ward_store_begin_trouble(struct ward_store *store, int error);
/* A write succeeded. Nothing is told while a file that was put back cannot be replaced: that trouble goes on. */
void ward_store_end_trouble(struct ward_store *store);

/* Whether the file is open, but not what lies at its path: it must not be closed (store_place.c). */
bool ward_store_is_open_elsewhere(struct ward_store *store);

/* After so many failures in a row. */
uint64_t ward_store_pause_us(const struct ward_store *store, uint32_t failures);

/* Whether what could not be read of a file that is to be replaced has been tried often enough. */
bool ward_store_gives_up(const struct ward_store *store);

/* Opens the file again, or another. Sets *ret_committed when it turns out that the batch is in it already. */
int ward_store_reopen(struct ward_store *store, bool *ret_committed);

/* Replaces a file that was put back. When that fails the file is opened again, and again_at_us is when it is tried anew. */
void ward_store_begin_again(struct ward_store *store);

/* --- store_thread.c ----------------------------------------------------------------------------------------- */

/* CLOCK_MONOTONIC, on which the thread waits. */
uint64_t ward_store_clock_us(void);

/* Puts a result where dispatch finds it and wakes the loop. Takes the lock. */
void ward_store_post(struct ward_store *store, struct ward_item *item);

#endif
