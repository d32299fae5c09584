/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store thread.
 *
 *   idle      waits until an urgent group, the end of the commit window or of the mark window, a request, or stop;
 *             while none of these is there, it makes room (store_purge.h) and salvages (store_salvage.h), a step at a
 *             time
 *   commit    takes all that waits into the batch, writes it as one transaction, tells
 *   trouble   a write failed: after a pause, again (store_trouble.c)
 */
#include "io/store_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "io/store_kept.h"
#include "io/store_read.h"

uint64_t ward_store_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void ward_store_post(struct ward_store *store, struct ward_item *item)
{
    pthread_mutex_lock(&store->lock);
    ward_queue_push(&store->results, item);
    pthread_mutex_unlock(&store->lock);
    eventfd_write(store->descriptor, 1);
}

/* --- telling ------------------------------------------------------------------------------------------------ */

static void post_committed(struct ward_store *store)
{
    uint64_t records = 0;
    struct ward_purged purged = {0};

    for (const struct ward_item *item = store->batch.groups.first; item; item = item->next) {
        const struct ward_group *group = (const struct ward_group *)item;

        records += group->record_count;
        purged.records += group->purged.records;
        purged.undelivered += group->purged.undelivered;
    }
    pthread_mutex_lock(&store->lock);
    store->counters.commits++;
    store->counters.records += records;
    store->counters.purged_records += purged.records;
    store->counters.given_up_records += purged.undelivered;
    ward_queue_append(&store->results, &store->batch.groups);
    pthread_mutex_unlock(&store->lock);
    eventfd_write(store->descriptor, 1);
    ward_marks_done(&store->batch.marks);
}

/* --- the work ----------------------------------------------------------------------------------------------- */

/*
 * What a full queue made go, or no memory kept from it, becomes a record in front of what stayed. Without memory it is told by a
 * later batch.
 */
static void add_gap(struct ward_store *store, const struct ward_lost *lost)
{
    struct ward_record record = {
        .reading = {.kind = WARD_RECORD_GAP,
                    .boot = lost->boot,
                    .mono_us = lost->now.boot_us,
                    .received_at_ms = lost->now.utc_ms,
                    .measured_at_ms = WARD_UTC_UNKNOWN,
                    .clock = lost->now.clock,
                    .security = WARD_LINK_NONE},
        .note = {.reason = {"queue-full"},
                 .subject = lost->count,
                 .from_ms = lost->from_ms,
                 .to_ms = lost->to_ms},
    };
    struct ward_store_group group = {
        .boot = lost->boot, .now = lost->now, .records = &record, .record_count = 1};
    struct ward_group *copy;

    if (ward_group_new(&group, &copy) == 0) {
        ward_queue_push(&store->batch.groups, &copy->item);
        store->lost = (struct ward_lost){0};
    }
}

/* Under lock. What is held stays where it is, also when an attempt after trouble would take it. */
static void take_all(struct ward_store *store)
{
    if (store->held && !store->stop) {
        return;
    }
    if (store->lost.count > 0) {
        struct ward_lost lost = store->lost;

        add_gap(store, &lost);
    }
    ward_queue_append(&store->batch.groups, &store->waiting);
    store->waiting_records = 0;
    store->first_waiting_us = 0;
    store->urgent = false;
    if (ward_marks_merge(&store->batch.marks, &store->marks) == 0) {
        ward_marks_done(&store->marks);
        store->marks_since_us = 0;
    }
}

static void remove_kept(struct ward_store *store)
{
    struct ward_kept_removed removed;

    while (ward_kept_remove_one(&store->database, store->purge.quota_octets, &removed) > 0) {
        struct ward_notice *notice = calloc(1, sizeof(*notice));

        if (notice) {
            notice->item.kind = WARD_ITEM_NOTICE;
            notice->removed = removed;
            ward_store_post(store, &notice->item);
        }
    }
}

/* Between transactions: the room that is used and left, for whoever asks and for what is done about it. */
static void look_at_room(struct ward_store *store)
{
    struct ward_purge *purge = &store->purge;
    int error = ward_purge_look(&store->database, purge);

    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    ward_purge_keep_ballast(store->path, purge);
    remove_kept(store);
    pthread_mutex_lock(&store->lock);
    store->counters.used_octets = purge->used_octets;
    store->counters.quota_octets = purge->quota_octets;
    store->counters.ballast = purge->ballast;
    store->purging = purge->purging;
    pthread_mutex_unlock(&store->lock);
}

/* The log becomes part of the file, which is when it may have grown. */
static void checkpoint(struct ward_store *store)
{
    int error = ward_database_checkpoint(&store->database, false);

    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    look_at_room(store);
}

/* Before a commit, and before the file is closed for good. */
static int keep_in_place(struct ward_store *store)
{
    struct ward_set_aside aside;
    int done = ward_database_keep_in_place(&store->database, &aside);
    struct ward_notice *notice = done > 0 ? calloc(1, sizeof(*notice)) : NULL;

    if (notice) {
        notice->item.kind = WARD_ITEM_NOTICE;
        notice->in_place_again = true;
        notice->aside = aside;
        ward_store_post(store, &notice->item);
    }
    return done < 0 ? done : 0;
}

static void commit(struct ward_store *store)
{
    int error = keep_in_place(store);

    error = error ? error : ward_batch_write(&store->database, &store->batch, &store->head);
    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    bool over = store->attempts > 0;
    post_committed(store);
    ward_store_end_trouble(store);
    if (store->database.wal_pages >= (int)store->log_pages) {
        checkpoint(store);
    } else if (over) {
        look_at_room(store);
    }
}

/*
 * Works off what failed; what has come since follows it. While the disk takes nothing that waits where the queue has an
 * end: if each attempt took all of it into the batch, memory would have none.
 */
static void retry(struct ward_store *store)
{
    bool committed = false;
    int error = 0;

    if (!ward_store_is_open_elsewhere(store)) {
        ward_database_close(&store->database); /* one on a full disk was read on */
        error = store->found ? ward_store_reopen(store, &committed) : ward_store_find_late(store);
    }
    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    if (committed) {
        post_committed(store);
    }
    if (store->batch.groups.count == 0) {
        pthread_mutex_lock(&store->lock);
        take_all(store);
        pthread_mutex_unlock(&store->lock);
    }
    commit(store);
}

static struct ward_text_run *take_spare(struct ward_store *store)
{
    struct ward_text_run *spare = NULL;

    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < WARD_STORE_SPARE_TEXTS && !spare; i++) {
        spare = store->spare_texts[i];
        store->spare_texts[i] = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    return spare;
}

static void step_request(struct ward_store *store, struct ward_request *request)
{
    bool answered = true;

    if (request->kind == WARD_REQUEST_TEXTS) {
        request->texts = take_spare(store);
    }
    if (store->database.connection && request->kind == WARD_REQUEST_ERASE && !request->erasure.only_count) {
        request->error = keep_in_place(store); /* what lies there is erased, too: it is set aside before */
    }
    if (request->error) {
        ward_store_begin_trouble(store, request->error);
    } else if (store->database.connection) {
        answered = ward_request_step(&store->database, request, &store->head);
        if (answered && request->error == -EUCLEAN) {
            ward_store_begin_trouble(store, -EUCLEAN);
        }
    } else {
        request->error = -EIO;
    }
    if (answered) {
        ward_store_post(store, &request->item);
        return;
    }
    pthread_mutex_lock(&store->lock);
    ward_queue_push(&store->requests, &request->item);
    pthread_mutex_unlock(&store->lock);
}

/* A group of the store's own, to be committed next. Under lock. */
static void push_own(struct ward_store *store, struct ward_group *group)
{
    ward_queue_push(&store->waiting, &group->item);
    store->waiting_records += group->record_count;
    store->urgent = true;
}

/* What was salvaged so far is a little more. What could not be is told like a record that a full queue made go. */
static void salvage_some(struct ward_store *store)
{
    struct ward_group *gap;
    bool more;
    int error = ward_salvage_step(&store->database, &store->salvage, &more, &gap);

    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    const uint32_t failures = store->salvage.failures;
    const bool waits = failures > 0 && failures < WARD_SALVAGE_TRIES;
    store->salvage_at_us = waits ? ward_store_clock_us() + ward_store_pause_us(store, failures - 1) : 0;
    pthread_mutex_lock(&store->lock);
    store->salvaging = more;
    if (gap) {
        push_own(store, gap);
    }
    pthread_mutex_unlock(&store->lock);
}

/* A slice of what makes room. */
static void purge_some(struct ward_store *store)
{
    struct ward_purged purged;
    struct ward_group *gap;

    pthread_mutex_lock(&store->lock);
    bool marked = !ward_marks_empty(&store->marks);
    if (marked) {
        take_all(store);
    }
    pthread_mutex_unlock(&store->lock);
    if (marked) {
        commit(store); /* what the ward has by now must not be taken for what it does not have */
        return;
    }
    int error = ward_purge_step(&store->database, &store->purge, &purged, &gap);

    if (error) {
        ward_store_begin_trouble(store, error);
        return;
    }
    pthread_mutex_lock(&store->lock);
    store->counters.purged_records += purged.records;
    store->counters.used_octets = store->purge.used_octets;
    store->purging = store->purge.purging;
    pthread_mutex_unlock(&store->lock);
    if (gap) {
        ward_queue_push(&store->batch.groups, &gap->item);
        commit(store);
    } else if (store->database.wal_pages >= (int)store->log_pages) {
        checkpoint(store);
    }
}

/* When the next commit or retry is due; UINT64_MAX: nothing waits. Under lock. */
static uint64_t due_us(const struct ward_store *store)
{
    uint64_t due = UINT64_MAX;

    if (store->attempts > 0) {
        return store->retry_at_us;
    }
    if (store->held) {
        return UINT64_MAX;
    }
    if (store->urgent) {
        return 0;
    }
    if (store->first_waiting_us != 0) {
        due = store->first_waiting_us + store->window_us;
    }
    if (store->marks_since_us != 0 && store->marks_since_us + WARD_STORE_MARK_WINDOW_US < due) {
        due = store->marks_since_us + WARD_STORE_MARK_WINDOW_US;
    }
    return due;
}

/* Under lock. */
static bool may_begin_again(const struct ward_store *store)
{
    return store->put_back && ward_store_clock_us() >= store->again_at_us;
}

/* Under lock. */
static bool may_salvage(const struct ward_store *store)
{
    return store->salvaging && ward_store_clock_us() >= store->salvage_at_us;
}

/* While the disk takes nothing, or no commit, what spare work would have committed could not be. Under lock. */
static bool may_do_spare_work(const struct ward_store *store)
{
    return store->attempts == 0 && !store->held;
}

/* Work that nothing waits for. Under lock. */
static bool has_spare_work(const struct ward_store *store)
{
    return may_do_spare_work(store) && (may_salvage(store) || may_begin_again(store) || store->purging);
}

/* When the thread wakes by itself. Under lock. */
static uint64_t wakes_us(const struct ward_store *store)
{
    uint64_t wakes = due_us(store);

    if (may_do_spare_work(store) && store->put_back && store->again_at_us < wakes) {
        wakes = store->again_at_us;
    }
    if (may_do_spare_work(store) && store->salvaging && store->salvage_at_us < wakes) {
        wakes = store->salvage_at_us;
    }
    return wakes;
}

/* Waits for something to do. Under lock. */
static void wait_for_work(struct ward_store *store)
{
    for (;;) {
        uint64_t wakes = wakes_us(store);
        struct timespec until = {.tv_sec = (time_t)(wakes / 1000000),
                                 .tv_nsec = (long)(wakes % 1000000) * 1000};

        if (store->stop || store->requests.count > 0 || ward_store_clock_us() >= wakes ||
            has_spare_work(store)) {
            return;
        }
        if (wakes == UINT64_MAX) {
            pthread_cond_wait(&store->wake, &store->lock);
        } else {
            pthread_cond_timedwait(&store->wake, &store->lock, &until);
        }
    }
}

static bool anything_waits(const struct ward_store *store)
{
    return store->waiting.count > 0 || store->batch.groups.count > 0 || !ward_marks_empty(&store->marks) ||
           !ward_marks_empty(&store->batch.marks) || store->lost.count > 0;
}

static void do_spare_work(struct ward_store *store)
{
    pthread_mutex_lock(&store->lock);
    bool put_back = may_begin_again(store), salvaging = may_salvage(store), purging = store->purging;
    pthread_mutex_unlock(&store->lock);
    if (put_back) {
        int error = keep_in_place(store); /* the fresh file is made of what lies there */

        if (error) {
            ward_store_begin_trouble(store, error);
        } else {
            ward_store_begin_again(store);
        }
    } else if (purging) {
        purge_some(store);
    } else if (salvaging) {
        salvage_some(store);
    }
}

/* The last attempt may have ended trouble with what had waited for it; what came since has had none yet. */
static void commit_the_rest(struct ward_store *store)
{
    pthread_mutex_lock(&store->lock);
    bool waits = store->attempts == 0 && anything_waits(store);
    if (waits) {
        take_all(store);
    }
    pthread_mutex_unlock(&store->lock);
    if (waits) {
        commit(store);
    }
}

void *ward_store_thread(void *context)
{
    struct ward_store *store = context;
    bool stop = false;

    if (store->attempts == 0) {
        look_at_room(store);
    }
    while (!stop) {
        pthread_mutex_lock(&store->lock);
        wait_for_work(store);
        stop = store->stop;
        bool in_trouble = store->attempts > 0;
        bool due = ward_store_clock_us() >= due_us(store) || (stop && anything_waits(store));
        bool spare = !due && !stop && has_spare_work(store);
        struct ward_request *request = (struct ward_request *)ward_queue_pop(&store->requests);
        if (due && !in_trouble) {
            take_all(store);
        }
        pthread_mutex_unlock(&store->lock);
        if (due && in_trouble) {
            retry(store);
        } else if (due) {
            commit(store);
        } else if (spare) {
            do_spare_work(store);
        }
        if (request) {
            step_request(store, request);
        }
    }
    commit_the_rest(store);
    if (ward_store_is_open_elsewhere(store)) {
        (void)keep_in_place(store); /* who would be told has gone */
    }
    ward_salvage_done(&store->salvage);
    return NULL;
}
